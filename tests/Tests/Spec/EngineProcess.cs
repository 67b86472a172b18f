// Runs a built-in engine as the process it is, as the protocol says (ENG-02, ENG-03), without a sandbox: what it does to files is seen plainly.
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Schemas;
using CabinCrew.Protocol.Wire;
using Xunit;

namespace CabinCrew.Tests.Spec;

internal sealed record EngineAnswer(int ExitCode, EngineOutput Receipt, byte[] Output, string Log, string Artifacts)
{
    public byte[] Body(string artifact) => File.ReadAllBytes(Path.Combine(Artifacts, artifact, "body.data"));

    public JsonElement Metadata(string artifact) => ArtifactDocuments.Read(File.ReadAllBytes(Path.Combine(Artifacts, artifact, "artifact.json"))).Value.Metadata!.Value;

    /// <summary>Every file of the artifacts directory with its bytes' digest.</summary>
    public string Digests => EngineProcess.Tree(Artifacts);
}

internal sealed class EngineProcess : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("cc-engine-").FullName;
    private int runs;

    public EngineProcess() => Directory.CreateDirectory(Workspace);

    public string Root => root;

    public string Workspace => Path.Combine(root, "ws");

    public void Dispose() => Directory.Delete(root, true);

    public EngineProcess With(string path, string text)
    {
        var full = Path.Combine(Workspace, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
        return this;
    }

    public string Text(string path) => File.ReadAllText(Path.Combine(Workspace, path));

    public EngineAnswer Plan(string engine, string config) => Run(engine, EngineMode.FlightPlan, config, Fresh("artifacts"));

    public EngineAnswer TakeOff(string engine, string config, EngineAnswer plan) => Run(engine, EngineMode.TakeOff, config, plan.Artifacts);

    /// <summary>Plans without touching the workspace, twice with equal bytes, then takes off. The clauses that hold for every engine are asserted here.</summary>
    public EngineAnswer Fly(string engine, string config)
    {
        var before = Tree(Workspace);
        var plan = Plan(engine, config);
        Assert.True(plan.ExitCode == 0, $"{plan.Receipt.Error}\n{plan.Log}");
        var again = Plan(engine, config);
        Assert.Equal(plan.Digests, again.Digests);
        Assert.Equal(Encoding.UTF8.GetString(plan.Output), Encoding.UTF8.GetString(again.Output));
        Assert.Equal(before, Tree(Workspace));
        var takeOff = TakeOff(engine, config, plan);
        Assert.True(takeOff.ExitCode == 0, $"{takeOff.Receipt.Error}\n{takeOff.Log}");
        Assert.Equal(again.Digests, plan.Digests);
        return plan;
    }

    public EngineAnswer Run(string engine, EngineMode mode, string config, string artifacts)
    {
        var input = new JsonObject
        {
            ["protocol_version"] = ProtocolWords.ProtocolVersion,
            ["mode"] = mode.Word(),
            ["meta"] = new JsonObject { ["workflow_id"] = "wf-1", ["step_id"] = "s" },
            ["config"] = JsonNode.Parse(config),
        };
        return Raw(engine, ["--mode", mode.Word()], mode.Word(), Encoding.UTF8.GetBytes(input.ToJsonString()), artifacts);
    }

    public EngineAnswer Raw(string engine, string[] arguments, string mode, byte[] input, string? artifacts = null)
    {
        artifacts ??= Fresh("artifacts");
        // A path is a program of its own; a name is a built-in engine beside the tests.
        var start = new ProcessStartInfo(engine.StartsWith('/') ? engine : "dotnet", engine.StartsWith('/') ? arguments : [Path.Combine(AppContext.BaseDirectory, engine.EndsWith(".dll", StringComparison.Ordinal) ? engine : $"cabincrew-engine-{engine}.dll"), .. arguments])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Workspace,
        };
        var host = Environment.GetEnvironmentVariable("DOTNET_ROOT");
        start.Environment.Clear();
        if (host is not null) start.Environment["DOTNET_ROOT"] = host;
        var temp = Fresh("temp");
        foreach (var (name, value) in new[] { ("PATH", Environment.GetEnvironmentVariable("PATH")!), ("HOME", temp), ("LANG", "C.UTF-8"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC"), ("SOURCE_DATE_EPOCH", "0"),
            ("CABINCREW_WORKSPACE", Workspace), ("CABINCREW_ARTIFACTS_DIR", artifacts), ("CABINCREW_TEMP_DIR", temp), ("CABINCREW_MODE", mode) })
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var log = process.StandardError.ReadToEndAsync();
        var output = new MemoryStream();
        var reading = process.StandardOutput.BaseStream.CopyToAsync(output);
        process.StandardInput.BaseStream.Write(input);
        process.StandardInput.Close();
        reading.Wait();
        process.WaitForExit();
        var receipt = SchemaCatalog.Read("engine-output", output.ToArray(), ProtocolJson.Default.EngineOutput);
        Assert.True(receipt.Ok, $"{receipt.Problem}\n{log.Result}");
        Assert.Equal(process.ExitCode == 0 ? "success" : "failure", receipt.Value.Status);
        return new(process.ExitCode, receipt.Value, output.ToArray(), log.Result, artifacts);
    }

    public string Fresh(string kind) => Directory.CreateDirectory(Path.Combine(root, $"{kind}-{runs++}")).FullName;

    public static string Tree(string directory) => string.Join('\n', Directory.EnumerateFileSystemEntries(directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        .Select(e => new FileInfo(e) switch
        {
            { LinkTarget: { } target } => $"{e[directory.Length..]} -> {target}",
            { Exists: true } file => $"{e[directory.Length..]} {file.UnixFileMode} {Digest.Of(File.ReadAllBytes(e))}",
            _ => $"{e[directory.Length..]}/",
        }));
}
