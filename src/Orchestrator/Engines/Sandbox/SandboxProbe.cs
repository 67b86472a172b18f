// Whether this machine can isolate an engine, found out by isolating one, never by looking at versions (ENG-06).
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Sandbox;

/// <param name="Ok">False: engines cannot be isolated until that is mended.</param>
/// <param name="Remedy">What to type; null when there is nothing to mend.</param>
public sealed record ProbeFinding(string Name, bool Ok, string Detail, string? Remedy = null)
{
    /// <summary><c>note</c>: it works, and could be better.</summary>
    public string Level => !Ok ? "fail" : Remedy is null ? "ok" : "note";
}

public sealed record ProbeReport(IReadOnlyList<ProbeFinding> Findings)
{
    public bool Ok => Problem is null;
    public Problem? Problem { get; init; }
    internal string? Bubblewrap { get; init; }
    internal BubblewrapFeatures Features { get; init; } = new();
}

public static class SandboxProbe
{
    // The engine of the probe looks for the holes that a mere start would not show.
    private const string Question = """
        for p in /proc/sys/kernel/core_pattern /etc/passwd /usr/bin /workspace /dev; do [ -w "$p" ] && echo "can write $p"; done
        for p in /root /home /sys /etc/shadow; do [ -e "$p" ] && echo "can see $p"; done
        : > "$CABINCREW_ARTIFACTS_DIR/x" && : > "$CABINCREW_TEMP_DIR/x" || echo "cannot write its own directories"
        [ "$(cat /proc/sys/kernel/hostname)" = cabincrew ] || echo "has the host's name"
        grep -q '^Seccomp:.2' /proc/self/status || echo "has no system call filter"
        grep -q '^CapEff:.0*$' /proc/self/status || echo "has capabilities"
        [ "$(grep -c : /proc/net/dev)" -le 1 ] || echo "can see the network"
        echo answered
        """;

    private static readonly Lazy<Task<ProbeReport>> Known = new(() => FindOutAsync(Programs.Find("bwrap"), new()));

    /// <summary>Once per process: a machine does not change under a run, and each run checks its own set-up again.</summary>
    public static Task<ProbeReport> RunAsync(CancellationToken ct) => Known.Value.WaitAsync(ct);

    /// <param name="bubblewrap">The program; null where there is none.</param>
    internal static async Task<ProbeReport> FindOutAsync(string? bubblewrap, HostFacts facts)
    {
        if (bubblewrap is null) return Refused([Diagnosis.NoBubblewrap(facts)]);
        var found = Found(bubblewrap);
        var features = new BubblewrapFeatures();
        var (words, problem) = await AskAsync(bubblewrap, features);
        if (problem is not null && problem.Message.Contains("--disable-userns", StringComparison.Ordinal))
        {
            features = new(DisableUserNamespaces: false);
            (words, problem) = await AskAsync(bubblewrap, features);
        }
        // Where not even devices could be made, the launcher was not asked: what it says for itself tells more.
        if (problem is { Code: ProblemCode.IoFailed } && (await AskAsync(bubblewrap, features, ownDevices: false)).Problem is { } said) problem = said;
        if (problem is not null) return Refused([found, .. Diagnosis.Of(problem, facts)]);
        if (words is not ["answered"])
            return Refused([found, new("isolation", false, $"An engine in the sandbox {string.Join(", ", words.Where(w => w != "answered"))}.",
                "This machine's sandbox is not tight; run inside a virtual machine, or report it.")]);
        return new([found,
            new("isolation", true, "An engine ran in its own user, pid, network, mount, ipc and host-name namespaces, without capabilities, behind the system call filter."),
            features.DisableUserNamespaces
                ? new("user namespaces inside", true, "Disabled by bubblewrap and by the system call filter.")
                : new("user namespaces inside", true, "Disabled by the system call filter alone (bubblewrap is older than 0.8)."),
        ])
        { Bubblewrap = bubblewrap, Features = features };
    }

    private static ProbeFinding Found(string bubblewrap)
    {
        var setuid = !OperatingSystem.IsWindows() && File.GetUnixFileMode(bubblewrap).HasFlag(UnixFileMode.SetUser);
        return setuid
            ? new("bubblewrap", true, $"{bubblewrap}, which is setuid root: whoever finds a hole in it is root.", $"Where ordinary users may make user namespaces it need not be: `sudo chmod u-s {bubblewrap}`.")
            : new("bubblewrap", true, bubblewrap);
    }

    private static ProbeReport Refused(IReadOnlyList<ProbeFinding> findings)
    {
        var worst = findings.First(f => !f.Ok);
        return new(findings) { Problem = new(ProblemCode.SandboxUnavailable, $"This machine cannot isolate an engine: {worst.Detail}") { Remedy = worst.Remedy } };
    }

    private static async Task<(string[] Words, Problem? Problem)> AskAsync(string bubblewrap, BubblewrapFeatures features, bool ownDevices = true)
    {
        var workspace = Directory.CreateTempSubdirectory("cabincrew-probe-");
        try
        {
            var run = new EngineRun
            {
                Engine = new("probe", Digest.Of("probe"u8), ["/bin/sh", "-c", Question, "probe"], []),
                Mode = EngineMode.FlightPlan, Clearance = EngineRun.Cleared(default), Workspace = workspace.FullName, HiddenEntries = [],
                Limits = new() { WallClockSeconds = 20, TempBytes = 1 << 20, ArtifactBytes = 1 << 20 },
            };
            var raw = await new SandboxedRun(run, bubblewrap, features, CancellationToken.None, ownDevices).Start();
            raw.Artifacts?.Dispose();
            return (System.Text.Encoding.UTF8.GetString(raw.Output.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries), raw.Problem);
        }
        finally
        {
            workspace.Delete(recursive: true);
        }
    }
}
