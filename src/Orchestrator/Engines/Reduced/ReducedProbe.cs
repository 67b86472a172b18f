// Whether the reduced isolation works here: by the kernel's own word on Landlock, and then by a real run that tries what must not work (ENG-06).
using System.Globalization;
using System.Text;
using CabinCrew.Orchestrator.Engines.Sandbox;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Engines.Reduced;

public static class ReducedProbe
{
    // $1: a file outside, $2: a directory outside, $3: a process outside.
    private const string Question = """
        cat "$1" >/dev/null 2>&1 && echo "can read outside"
        (: >> file) 2>/dev/null && echo "can write the workspace"
        (: > "$2/made") 2>/dev/null && echo "can write outside"
        chmod 777 file 2>/dev/null && echo "can change modes in the workspace"
        chmod 777 "$2" 2>/dev/null && echo "can change modes outside"
        kill -0 "$3" 2>/dev/null && echo "can signal other processes"
        (: > "$CABINCREW_ARTIFACTS_DIR/x" && : > "$CABINCREW_TEMP_DIR/x" && chmod 600 "$CABINCREW_TEMP_DIR/x" && cat file > /dev/null) || echo "cannot use its own directories"
        grep -q '^Seccomp:.2' /proc/self/status || echo "has no system call filter"
        grep -q '^NoNewPrivs:.1' /proc/self/status || echo "can gain privileges"
        grep -q '^CapEff:.0*$' /proc/self/status || echo "has capabilities"
        echo answered
        """;

    private static readonly Lazy<Task<Problem?>> Known = new(FindOutAsync);

    /// <summary>Null: it works. Once per process.</summary>
    public static Task<Problem?> RunAsync(CancellationToken ct) => Known.Value.WaitAsync(ct);

    private static async Task<Problem?> FindOutAsync()
    {
        var abi = Landlock.Abi(out var why);
        if (abi < Landlock.AbiNeeded) return Refused(abi, why);
        var root = Directory.CreateTempSubdirectory("cabincrew-probe-");
        try
        {
            var workspace = root.CreateSubdirectory("workspace").FullName;
            var (secret, outside) = (Path.Join(root.FullName, "secret"), root.CreateSubdirectory("outside").FullName);
            foreach (var file in (string[])[secret, Path.Join(workspace, "file")]) await File.WriteAllTextAsync(file, "x").ConfigureAwait(false);
            var run = new EngineRun
            {
                Engine = new("probe", Digest.Of("probe"u8), ["/bin/sh", "-c", Question, "probe", secret, outside, Environment.ProcessId.ToString(CultureInfo.InvariantCulture)], []),
                Mode = EngineMode.FlightPlan, Clearance = EngineRun.Cleared(default), Workspace = workspace, HiddenEntries = [],
                Limits = new() { WallClockSeconds = 20, TempBytes = 1 << 20, ArtifactBytes = 1 << 20 },
            };
            var raw = await new ReducedRun(run, CancellationToken.None).Start().ConfigureAwait(false);
            raw.Artifacts?.Dispose();
            raw.Cleanup?.Invoke();
            if (raw.Problem is { } problem) return problem with { Code = ProblemCode.SandboxUnavailable };
            var words = Encoding.UTF8.GetString(raw.Output.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            return words is ["answered"] ? null : new(ProblemCode.SandboxUnavailable, $"An engine in the reduced isolation {(words.Length == 0 ? $"did not answer (exit code {raw.ExitCode}: {Encoding.UTF8.GetString(raw.Log.Span).Trim()})" : string.Join(", ", words.Where(w => w != "answered")))}.");
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    internal static Problem Refused(int abi, string? why) => abi == 0
        ? new(ProblemCode.SandboxUnavailable, $"The reduced isolation needs Landlock: {why}.")
        {
            Remedy = "Boot a kernel of Linux 6.12 or newer with `landlock` in its `lsm=` list.",
        }
        : new(ProblemCode.SandboxUnavailable, $"The reduced isolation needs Landlock ABI {Landlock.AbiNeeded} (Linux 6.12); this kernel has {abi}, which does not prevent {Landlock.LackOf(abi)}.")
        {
            Remedy = "Boot Linux 6.12 or newer.",
        };
}
