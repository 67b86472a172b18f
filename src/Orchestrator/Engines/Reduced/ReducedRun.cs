// A run in the reduced isolation, for machines where no namespaces are to be had and users who allow it: Landlock, a system call filter, no new privileges,
// no capabilities, limits, a control group where there is one. Everything stands at its own place; nothing is hidden but what may not be opened.
using System.Runtime.InteropServices;
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Orchestrator.Engines.Sandbox;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Reduced;

internal sealed class ReducedRun(EngineRun run, CancellationToken ct) : PlainRun(run, ct)
{
    private readonly ProcessBrand brand = ProcessBrand.Next();
    private FileAttributeCalls? attributes;
    private ControlGroup? group;
    private ProblemCode? refusedByKernel;
    private bool branded;

    private IReadOnlyList<string> Own => Run.FrozenArtifacts is null ? [Temp, ArtifactsPath] : [Temp];

    protected override IEnumerable<(string Name, string Value)> Variables() =>
        [.. Bubblewrap.Environment(Run.Mode, Run.Workspace, ArtifactsPath, Temp), ("TMPDIR", Temp)];

    protected override Outcome<ChildProcess> Begin(SpawnRequest request)
    {
        if (Run.LaunchPrefix.Count > 0) return new Problem(ProblemCode.SandboxFailed, "The reduced isolation has no mounts, so it cannot show a mounted view.");
        if (SeccompFilter.Assemble(RuntimeInformation.ProcessArchitecture, Run.Network, reduced: true) is not { } filter)
            return new Problem(ProblemCode.SandboxUnavailable, $"There is no system call filter for {RuntimeInformation.ProcessArchitecture} yet.");
        if (!ReducedRules.Of(Run, HostLayout.OfThisMachine, Own).Try(out var rules, out var problem)) return problem;
        group = ControlGroup.TryCreate(Run.Limits);
        try
        {
            using var ruleset = Landlock.Ruleset(rules, Run.Network);
            var confinement = new Confinement(ruleset, filter);
            var started = confinement.Spawn(request with { NewGroup = false, NewSession = true }, () => group?.EnterThread());
            if (confinement.TakeListener() is { } listener) attributes = new(listener, ReducedRules.Writable(Run, Own));
            return started;
        }
        catch (IOException e)
        {
            return new Problem(ProblemCode.SandboxFailed, $"The reduced isolation could not be set up: {e.Message}.");
        }
    }

    protected override Problem? Hold(ChildProcess child)
    {
        group?.Join(child.Pid);
        branded = brand.Put(child.Pid);
        return branded ? null : new(ProblemCode.SandboxUnavailable, "A run of the reduced isolation cannot be held inside of another one.");
    }

    protected override ProcessUse Measure() => ProcessTable.Sum(brand.Pids());

    protected override Problem? CheckFiles(bool final)
    {
        if ((refusedByKernel ?? group?.Breach()) is not { } code) return base.CheckFiles(final);
        return code == ProblemCode.LimitMemory ? Exceeded(code, "memory", Run.Limits.MemoryBytes, "bytes") : Exceeded(code, "processes and threads", Run.Limits.Processes, "");
    }

    protected override int KillOthers() => branded ? brand.Kill() : base.KillOthers();

    protected override bool End()
    {
        var ended = base.End();
        refusedByKernel = group?.Breach();
        group?.Dispose();
        return ended;
    }

    public override void Dispose()
    {
        attributes?.Dispose();
        group?.Dispose();
        base.Dispose();
    }
}
