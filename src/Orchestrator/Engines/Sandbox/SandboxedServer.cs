// A server inside bubblewrap (invariant 10): the isolation of an engine, with live streams, mounts as declared and no clock (MCP-01).
using System.Text;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Orchestrator.Engines.Servers;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Sandbox;

internal sealed class SandboxedServer : RunningServer
{
    private readonly ServerRun run;
    private readonly IReadOnlyList<CoveredPath> covered;
    private readonly BubblewrapFeatures features;
    private readonly EngineLimits limits;
    private readonly NetworkProxy? proxy;
    private readonly SandboxedProcess sandbox;

    /// <param name="covered">Entries that it must not see, among what its mounts show.</param>
    public SandboxedServer(ServerRun run, NetworkRules? network, IReadOnlyList<CoveredPath> covered, string bubblewrap, BubblewrapFeatures features)
    {
        (this.run, this.covered, this.features, limits) = (run, covered, features, run.Limits.AsEngine);
        // A server may do whatever HTTP can; it is held to the hosts, and what it says there is judged before, as its calls.
        proxy = network is null ? null : new(new(network, new Redactor(), TimeProvider.System) { Limits = NetworkLimits.OfServers }, EngineMode.TakeOff);
        sandbox = new(bubblewrap, limits, proxy);
    }

    public override string Tier => Tiers.Full;

    private protected override ChildProcess? Leader => sandbox.Leader;

    // Where the kernel counts, looking is for what it does not refuse by itself.
    private protected override int LookMilliseconds => sandbox.IsCounted ? 1000 : 200;

    private protected override Problem? Launch()
    {
        // Values may be secrets: on a command line everybody could read them.
        using var variables = MemoryFile.Sealed("environment", Encoding.UTF8.GetBytes(string.Concat(Bubblewrap.Environment(run).Select(v => $"--setenv\0{v.Name}\0{v.Value}\0"))));
        // A mount may hold a socket of the host's, and no mount is read-only to that.
        if (sandbox.Spawn(new(run.LaunchPrefix, UnixSockets: false, devices => Bubblewrap.Arguments(run, covered, HostLayout.OfThisMachine, features, devices),
            [.. Standard, (variables, Bubblewrap.EnvironmentFd)])) is { } failed) return failed;
        if (!sandbox.Hold(static _ => true)) return SetupFailed();
        if (!sandbox.Connect().Try(out var connected, out var unconnected)) return unconnected;
        if (!connected) return SetupFailed();
        if (sandbox.Limit(run.Limits.FileBytes, run.Limits.ProcessorPercent) is { } unlimited) return unlimited;
        sandbox.Release();
        return null;
    }

    private Problem SetupFailed()
    {
        Leader!.Kill();
        Leader.Wait();
        var words = LastWords();
        return new Problem(ProblemCode.SandboxFailed, $"The sandbox of server '{run.Name}' could not be set up: {(words.Length == 0 ? "bubblewrap ended without a word" : words)}.") { Where = run.Name };
    }

    private protected override Problem? Look()
    {
        if (RefusedByKernel() is { } refused) return refused;
        var (_, temp, shared) = sandbox.Files();
        if (Math.Max(temp, shared) > Bubblewrap.EntriesMax(limits)) return Exceeded(ProblemCode.LimitFiles, "temporary files", Bubblewrap.EntriesMax(limits), "entries");
        if (sandbox.IsCounted) return null;
        var use = sandbox.Measure();
        if (use.ResidentBytes > limits.MemoryBytes) return Exceeded(ProblemCode.LimitMemory, "memory", limits.MemoryBytes, "bytes");
        return use.Tasks > limits.Processes ? Exceeded(ProblemCode.LimitProcesses, "processes and threads", limits.Processes, "") : null;
    }

    private Problem? RefusedByKernel() => sandbox.Refused switch
    {
        null => null,
        ProblemCode.LimitMemory => Exceeded(ProblemCode.LimitMemory, "memory", limits.MemoryBytes, "bytes"),
        { } code => Exceeded(code, "processes and threads", limits.Processes, ""),
    };

    private Problem Exceeded(ProblemCode code, string what, long limit, string unit) =>
        new Problem(code, $"The server '{run.Name}' exceeded its limit of {limit} {unit}".TrimEnd() + $" for {what} and was ended.") { Where = run.Name }.With("limit", $"{limit}");

    private protected override bool End() => sandbox.End();

    // The one that was killed for it may have been the first.
    private protected override Outcome<int> ExitCode() => RefusedByKernel() is { } refused ? refused : sandbox.ExitCode() is { } code
        ? code
        : new Problem(ProblemCode.EngineKilled, $"The server '{run.Name}' could not be started in its sandbox, or the sandbox was ended from outside; its standard error says more.")
        {
            Where = run.Name, Remedy = "Of the host it sees /usr and what its mounts declare: declare what its program needs.",
        };

    private protected override void Release()
    {
        proxy?.Stop();
        proxy?.Dispose();
        sandbox.Dispose();
    }
}
