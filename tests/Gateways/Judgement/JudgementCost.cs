// What the judgement of one typical call costs: printed on demand, and bounded in memory in the ordinary suite.
using System.Diagnostics;
using System.Text;
using CabinCrew.Gateways.Mcp.Files;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Judging;

public sealed class JudgementCost
{
    private const string Rego = """
        package cabincrew.mcp

        deny contains "not here" if {
        	input.kind == "request"
        	input.file.action in {"write", "append", "edit"}
        	some target in input.file.targets
        	startswith(target.path, "infra/")
        }

        require_approval contains {"msg": "ask", "role": "security"} if {
        	input.kind == "request"
        	"intern" in input.caller.roles
        	input.file.action == "write"
        }

        warn contains "long" if input.arguments_size > 100000
        """;

    private static readonly System.Text.Json.JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const int BytesMax = 24_000;

    private static readonly byte[] Arguments = Encoding.UTF8.GetBytes("""{"path":"src/Gateways/Mcp/Session.cs","content":"first line of a file\nsecond line of a file\nthird line of a file\n"}""");

    private static void Judge(MessagePolicySet set, FileRecognizer files, TextDetection detection, MessageSubject call)
    {
        var found = detection.Detect(call.Frame, TextOrigin.Caller);
        var judged = set.JudgeAsync(call with { File = files.Recognize(call.Method, call.Name, call.Arguments), Findings = found.Count == 0 ? [] : throw new InvalidOperationException() }, "approver", CancellationToken.None);
        if (!judged.IsCompletedSuccessfully || judged.Result.Decision != Decision.Allow) throw new InvalidOperationException("not allowed");
    }

    private static (MessagePolicySet, FileRecognizer, TextDetection, MessageSubject) Set(Place place)
    {
        place.Write("p.rego", Rego).Write("work/src/Gateways/Mcp/Session.cs", "x");
        var redactor = new Redactor();
        redactor.Learn("TOKEN", "correct horse battery staple");
        var set = MessagePolicySet.LoadAsync([new("builtin", "mcp-defaults"), new("rego", "p.rego")], new(place.Directory, redactor), AggregationMethod.MostRestrictive, TimeSpan.FromSeconds(2), TimeProvider.System, CancellationToken.None).GetAwaiter().GetResult().Value;
        var files = FileRecognizer.Of([], FileRoots.Of([Path.Combine(place.Directory, "work")], null, isLocal: true).Value).Value;
        return (set, files, TextDetection.Standard(redactor), Messages.Call("write_file", Encoding.UTF8.GetString(Arguments)));
    }

    [Fact]
    public void A_typical_call_takes_little_memory()
    {
        using var place = new Place();
        var (set, files, detection, call) = Set(place);
        for (var i = 0; i < 200; i++) Judge(set, files, detection, call);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 200; i++) Judge(set, files, detection, call);
        var each = (GC.GetAllocatedBytesForCurrentThread() - before) / 200;
        Assert.True(each < BytesMax, $"{each} bytes a call");
    }

    [Fact(Explicit = true)]
    public void Figures()
    {
        using var place = new Place();
        var (set, files, detection, call) = Set(place);
        Measure("all: recognise, detect, judge by defaults and Rego", () => Judge(set, files, detection, call));
        var judged = call with { File = files.Recognize(call.Method, call.Name, call.Arguments) };
        Measure("recognise the file operation, links on the disk", () => files.Recognize(call.Method, call.Name, call.Arguments));
        Measure("detect in the frame", () => detection.Detect(call.Frame, TextOrigin.Caller));
        Measure("judge by defaults and Rego", () => set.Judge(judged));
        var defaults = Messages.Load("/", new PolicyRef("builtin", "mcp-defaults"));
        Measure("judge by defaults", () => defaults.Judge(judged));
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "CabinCrew.slnx"))) root = root.Parent!;
        var source = string.Concat(Directory.EnumerateFiles(Path.Combine(root.FullName, "src/Rego"), "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(File.ReadAllText));
        var response = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new { result = new { content = new[] { new { type = "text", text = source[..Math.Min(source.Length, 490_000)] } } } }, Relaxed);
        var copy = new byte[response.Length];
        Measure($"copy a response of {response.Length} bytes", () => response.CopyTo(copy, 0), 2000);
        Measure("detect in it", () => detection.Detect(response, TextOrigin.Server), 2000);
        var web = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new { result = new { content = new[] { new { type = "text", text = source[..Math.Min(source.Length, 490_000)] } } } });
        Measure($"detect where quotes are spelled by number, {web.Length} bytes", () => detection.Detect(web, TextOrigin.Server), 300);
    }

    private static void Measure(string what, Action run, int count = 30_000)
    {
        for (var i = 0; i < count / 3; i++) run();
        var process = Process.GetCurrentProcess();
        process.Refresh();
        var (cpu, bytes) = (process.TotalProcessorTime, GC.GetAllocatedBytesForCurrentThread());
        for (var i = 0; i < count; i++) run();
        bytes = (GC.GetAllocatedBytesForCurrentThread() - bytes) / count;
        process.Refresh();
        Console.Error.WriteLine($"{(process.TotalProcessorTime - cpu).TotalMicroseconds / count,9:0.00} us CPU {bytes,8} bytes  {what}");
    }
}
