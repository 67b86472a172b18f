// Runs engines that are delegates, for tests that are about the orchestrator's order and not about isolation. Views and artifacts are real.
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Tests.Hangar;

internal sealed class StagedRunner : IEngineRunner
{
    public string Tier => "staged";

    /// <summary>Step and mode of each run that was begun, in order.</summary>
    public List<string> Runs { get; } = [];

    /// <summary>By default every step sets the file that is called like it (STEP.txt) to what it is told in config.text, or to "new".</summary>
    public Func<StagedRun, Task> Plan { get; set; } = static run =>
    {
        run.Propose($"{run.Step}.txt", run.Text);
        return Task.CompletedTask;
    };

    public Func<StagedRun, Task> TakeOff { get; set; } = static run =>
    {
        run.InView($"printf '%s\\n' '{run.Text}' > {run.Step}.txt");
        return Task.CompletedTask;
    };

    /// <summary>What every run says on standard error.</summary>
    public ReadOnlyMemory<byte> Log { get; set; }

    public async Task<(EngineResult? Result, EngineFailure? Failure)> RunAsync(EngineRun run, CancellationToken ct)
    {
        if (!(await run.Clearance()).Try(out var input, out var refused)) return (null, Failed(refused));
        var staged = new StagedRun(run, input, ct);
        lock (Runs) Runs.Add($"{staged.Step} {run.Mode.Word()}");
        if (!run.StillOurs()) return (null, Failed(new(ProblemCode.StoreFenced, "no longer ours")));
        try
        {
            await (run.Mode == EngineMode.FlightPlan ? Plan : TakeOff)(staged);
        }
        catch (OperationCanceledException)
        {
            staged.Remove();
            return (null, Failed(new(ProblemCode.Cancelled, "the run was cancelled")));
        }
        catch (StagedFailure failure)
        {
            staged.Remove();
            return (null, Failed(new(failure.Code, "the engine failed")));
        }
        var receipt = new EngineOutput
        {
            ProtocolVersion = ProtocolWords.ProtocolVersion, EngineId = "staged", Mode = run.Mode, ReceiptId = "r-1", Status = EngineOutput.Success, Artifacts = staged.Listed,
        };
        return (new(receipt, JsonSerializer.SerializeToUtf8Bytes(receipt, ProtocolJson.Default.EngineOutput), 0, Log,
            run.Mode == EngineMode.FlightPlan ? DirectoryHandle.Open(staged.Artifacts) : null, new(default, default, 0, 1), Tier) { Cleanup = staged.Remove }, null);
    }

    private static EngineFailure Failed(Problem problem) => new(problem, default, new(default, default, 0, 0));
}

internal sealed class StagedFailure(ProblemCode code) : Exception
{
    public ProblemCode Code => code;
}

internal sealed class StagedRun(EngineRun run, ReadOnlyMemory<byte> bytes, CancellationToken ct)
{
    private readonly JsonElement input = JsonElement.Parse(Encoding.UTF8.GetString(bytes.Span));

    public EngineRun Run => run;

    public CancellationToken Ct => ct;

    public string Step => input.GetProperty("meta").GetProperty("step_id").GetString()!;

    public int RunIndex => input.GetProperty("orchestrator").GetProperty("run_index").GetInt32();

    public string Text => input.GetProperty("config").TryGetProperty("text", out var text) ? text.GetString()! : "new";

    public JsonElement Input => input;

    public string Artifacts { get; } = Directory.CreateTempSubdirectory("cabincrew-staged-").FullName;

    public List<EngineArtifact> Listed { get; } = [];

    public void Propose(string path, string text)
    {
        var file = Path.Combine(run.Workspace, path);
        var old = File.Exists(file) ? File.ReadAllText(file).TrimEnd('\n') : null;
        if (old == text) return;
        Emit("change", "evidence", "file_patch", old is null
            ? $"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+{text}\n"
            : $"--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-{old}\n+{text}\n");
    }

    public void Emit(string name, string role, string type, string body)
    {
        var directory = Directory.CreateDirectory(Path.Combine(Artifacts, name)).FullName;
        var document = $$"""{"type":"{{type}}","action":"update","role":"{{role}}","body_file":"body.data","integrity":"{{Digest.Of(Encoding.UTF8.GetBytes(body))}}"}""";
        File.WriteAllText(Path.Combine(directory, "artifact.json"), document);
        File.WriteAllText(Path.Combine(directory, "body.data"), body);
        Listed.Add(new(name, role, $"{name}/artifact.json", Digest.Of(Encoding.UTF8.GetBytes(document)).ToString(), document.Length + Encoding.UTF8.GetByteCount(body)));
    }

    /// <summary>A shell in the view, where only the launcher sees it.</summary>
    public void InView(string script)
    {
        string[] command = [.. run.LaunchPrefix, "/bin/sh", "-c", $"cd '{run.Workspace}' && {script}"];
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]))!;
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"the staged take-off ended with {process.ExitCode}");
    }

    public void Remove() => Directory.Delete(Artifacts, recursive: true);
}
