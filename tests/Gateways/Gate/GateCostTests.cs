// What a call costs at the gate, records and all, with judges that cost nothing: figures for people, run by hand (-explicit only).
using System.Diagnostics;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Mcp.Configuration;
using CabinCrew.Gateways.Mcp;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Gateways.Tests.Gate;

public sealed class GateCostTests(ITestOutputHelper output)
{
    private const int Warm = 2_000, Calls = 8_000;

    [Fact(Explicit = true)]
    public async Task A_call_and_its_answer()
    {
        await using var house = await GateHouse.OpenAsync(new() { Audit = new() });
        house.Judge.Keep = false;
        var report = new ScanReport([], [], ["secrets"]);
        house.Scan = (_, _) => new(report);
        var say = SetJudge.Say(Decision.Allow);
        house.Judge.Judges = _ => say;
        var session = house.Session();
        var line = new SilentLine();
        var call = Frames.Call("read_file", """{"path":"src/Some/Where/File.cs","limit":200}""");
        var answer = Frames.Result($$"""{"content":[{"type":"text","text":"{{new string('x', 2000)}}"}]}""");
        await RunAsync(Warm);
        await house.Audit.FlushAsync();
        var (cpu, allocated, wall) = (Process.GetCurrentProcess().TotalProcessorTime, GC.GetTotalAllocatedBytes(precise: true), Stopwatch.StartNew());
        await RunAsync(Calls);
        await house.Audit.FlushAsync();
        var used = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        output.WriteLine($"{used.TotalMicroseconds / Calls:0.0} us CPU, {wall.Elapsed.TotalMicroseconds / Calls:0.0} us wall, {(GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)Calls:0} bytes a call with its answer (two events)");

        async Task RunAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var asked = await house.Gate.PassAsync(new(session, "files", MessageDirection.ToServer, call, null), line, default);
                var answered = await house.Gate.PassAsync(new(session, "files", MessageDirection.ToCaller, answer, call), line, default);
                if (asked.Refused is not null || answered.Refused is not null) throw new InvalidOperationException($"{asked.Refused ?? answered.Refused}");
            }
        }
    }

    [Fact(Explicit = true)]
    public async Task What_keeping_costs()
    {
        foreach (var scope in (KeepScope[])[KeepScope.None, KeepScope.Calls, KeepScope.Messages, KeepScope.None, KeepScope.Calls, KeepScope.Messages])
        {
            await using var house = await GateHouse.OpenAsync(new() { Audit = new() });
            var definition = new GatewayDefinition { BaseDirectory = "/", Servers = [new() { Name = "files", Kind = ServerKind.Command, Command = ["x"] }], Roots = ["/tmp"], Limits = new(), Record = new() { Scope = scope } };
            await using var built = (await GateAssembly.BuildAsync(definition, house.Ledger, house.Book, null, null, default)).Value;
            var (session, line) = (house.Session(), new SilentLine());
            var call = Frames.Call("read_file", """{"path":"src/Some/Where/File.cs","limit":200}""");
            var answer = Frames.Result($$"""{"content":[{"type":"text","text":"{{new string('x', 2000)}}"}]}""");
            await RunAsync(Warm);
            var (cpu, allocated) = (Process.GetCurrentProcess().TotalProcessorTime, GC.GetTotalAllocatedBytes(precise: true));
            await RunAsync(Calls);
            await built.Audit.FlushAsync();
            // What waits for its second to be over is part of the price.
            await Task.Delay(1500);
            var used = Process.GetCurrentProcess().TotalProcessorTime - cpu;
            var kept = Directory.Exists(Path.Combine(house.Directory, "frames")) ? Directory.EnumerateFiles(Path.Combine(house.Directory, "frames"), "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length) : 0;
            output.WriteLine($"{scope,-8}  {used.TotalMicroseconds / Calls:0.0} us CPU, {(GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)Calls:0} bytes a call with its answer; {kept} bytes kept of {Warm + Calls} calls");

            async Task RunAsync(int count)
            {
                for (var i = 0; i < count; i++)
                {
                    var asked = await built.Gate.PassAsync(new(session, "files", MessageDirection.ToServer, call, null), line, default);
                    var answered = await built.Gate.PassAsync(new(session, "files", MessageDirection.ToCaller, answer, call), line, default);
                    if (asked.Refused is not null || answered.Refused is not null) throw new InvalidOperationException($"{asked.Refused ?? answered.Refused}");
                }
            }
        }
    }

    [Fact(Explicit = true)]
    public async Task Parts_of_it()
    {
        await using var house = await GateHouse.OpenAsync();
        var call = Frames.Call("read_file", """{"path":"src/Some/Where/File.cs","limit":200}""");
        var message = new InterceptedFrame(house.Session(), "files", MessageDirection.ToServer, call, null);
        var digest = Digest.Of(call.Bytes.Span);
        MessageRecord Record() => new()
        {
            EventId = house.Ledger.Ids.Next("evt"), At = house.Clock.GetUtcNow(), Bytes = call.Bytes.Length, Subject = Gateways.Mcp.Calls.Facts.Of(message, new(), house.Clock.GetUtcNow()), Frame = digest, Policy = digest, Id = call.Id, Decision = Decision.Allow,
            Judgement = SetJudge.Say(Decision.Allow), Scan = new([], [], ["secrets"]),
        };
        var told = Record().ToEvent();
        Measure("digest of the frame", () => Digest.Of(call.Bytes.Span));
        Measure("id", () => house.Ledger.Ids.Next("evt"));
        Measure("facts", () => Gateways.Mcp.Calls.Facts.Of(message, new(), house.Clock.GetUtcNow()));
        Measure("event", () => Record().ToEvent());
        Measure("draft", () => Ledger.Streams.AuditEventText.Draft(told, house.Ledger.Redactor));
        Measure("serializer and canonical form, as before", () => Ledger.Streams.AuditDraft.Of(System.Text.Json.JsonSerializer.SerializeToElement(told, ProtocolJson.Default.AuditEvent)));
        Measure("seal", () => Ledger.Streams.AuditEventText.Draft(told, house.Ledger.Redactor).Seal("local", 1, Ledger.Streams.AuditChain.Genesis, null));
        Measure("append of 200", () => house.Ledger.Store.AppendAuditAsync(TenantId.Local, [.. Enumerable.Repeat(told, 200)], default).Result, 30, 200);
    }

    private void Measure<T>(string what, Func<T> body, int times = 10_000, int per = 1)
    {
        for (var i = 0; i < Math.Min(times, 3_000); i++) body();
        var (cpu, allocated) = (Process.GetCurrentProcess().TotalProcessorTime, GC.GetTotalAllocatedBytes(precise: true));
        for (var i = 0; i < times; i++) body();
        var used = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        output.WriteLine($"{used.TotalMicroseconds / times / per,8:0.00} us  {(GC.GetTotalAllocatedBytes(precise: true) - allocated) / times / per,6} bytes  {what}");
    }
}
