// A take-off's sandbox: scratch, the view of the workspace, and the engine's process that waits in it for the word. It can be set up ahead, while the plan is
// frozen and judged: setting up is waiting for the kernel, and costs a flight nothing when something else goes on meanwhile (ENG-08, ORC-08).
// Invariant: nothing is released but by a clearance, and before it only what nobody can change stands in it; unused, it goes as a whole: process, mounts, group, scratch.
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows.Stages;

internal sealed class TakeOffSandbox : IAsyncDisposable
{
    private static readonly Clearance Never = static () => Task.FromResult<Outcome<ReadOnlyMemory<byte>>>(new Problem(ProblemCode.Cancelled, "the take-off was not flown"));

    private readonly TaskCompletionSource<Clearance> word = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PrivateDirectory scratch;
    private readonly Shown shown;
    private readonly Task<(EngineResult? Result, EngineFailure? Failure)> run;

    private TakeOffSandbox(PrivateDirectory scratch, IWorkspaceView view, Shown shown, Func<TakeOffSandbox, Task<(EngineResult?, EngineFailure?)>> begin)
    {
        (this.scratch, this.shown, View) = (scratch, shown, view);
        run = begin(this);
    }

    public IWorkspaceView View { get; }

    // Filled when the word is given; empty until then, and never writable from inside.
    private string Artifacts => Path.Combine(scratch.Path, "artifacts");

    /// <summary>Begins to set it up.</summary>
    /// <param name="overlay">False: the workspace is copied.</param>
    public static Outcome<TakeOffSandbox> SetUp(StepContext c, ResolvedEngine engine, NetworkGrant? network, bool overlay, CancellationToken ct)
    {
        var scratch = PrivateDirectory.Create(c.Ledger.Ids, c.WorkflowDefinition.Workspace);
        return Begin(c, engine, network, scratch, () => WorkspaceViews.Create(c.WorkflowDefinition.Workspace, scratch.Path, overlay && scratch.Place.HoldsOverlay), ct);
    }

    /// <summary>The same while nobody knows yet whether it will be needed, and on what: an overlay, which shows the workspace as it will be. Null where there is none.</summary>
    public static TakeOffSandbox? SetUpAhead(StepContext c, ResolvedEngine engine, CancellationToken ct)
    {
        var scratch = PrivateDirectory.Create(c.Ledger.Ids, c.WorkflowDefinition.Workspace);
        var ahead = Begin(c, engine, null, scratch, () => scratch.Place.HoldsOverlay
            ? WorkspaceViews.Overlay(c.WorkflowDefinition.Workspace, scratch.Path)
            : new Problem(ProblemCode.SandboxUnavailable, "no overlay can lie there"), ct);
        return ahead.Try(out var sandbox, out _) ? sandbox : null;
    }

    private static Outcome<TakeOffSandbox> Begin(StepContext c, ResolvedEngine engine, NetworkGrant? network, PrivateDirectory scratch, Func<Outcome<IWorkspaceView>> viewed, CancellationToken ct)
    {
        var begun = false;
        try
        {
            // Looked at before anything of it is mounted: what is put in its place later, even for a moment, shows.
            var shown = Shown.Now(c, engine);
            if (!viewed().Try(out var view, out var problem)) return problem;
            Directory.CreateDirectory(Path.Combine(scratch.Path, "artifacts"));
            begun = true;
            return new TakeOffSandbox(scratch, view, shown, s => c.Runner.RunAsync(s.Run(c, engine, network), ct));
        }
        finally
        {
            if (!begun) scratch.Dispose();
        }
    }

    /// <summary>It shows what would be shown now: this engine, this workspace, nothing that has to be hidden.</summary>
    public bool IsUpToDate(StepContext c, ResolvedEngine engine) => shown.Equals(Shown.Now(c, engine));

    /// <summary>Lays out the frozen artifacts and lets the run ask for its clearance. Once.</summary>
    public Task<(EngineResult? Result, EngineFailure? Failure)> FlyAsync(FrozenBytes frozen, Clearance clearance)
    {
        FrozenDirectory.Write(Artifacts, frozen.Artifacts.Where(a => a.Role != ArtifactRole.Log).Select(a => (a.Name, a.Document, a.Body)));
        word.SetResult(clearance);
        return run;
    }

    /// <summary>Never throws, and may be called twice: whoever flew it has heard of what went wrong.</summary>
    public async ValueTask DisposeAsync()
    {
        word.TrySetResult(Never);
        await ((Task)run).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // The view goes with it.
        scratch.Dispose();
    }

    private EngineRun Run(StepContext c, ResolvedEngine engine, NetworkGrant? network) => new()
    {
        Engine = engine,
        Mode = EngineMode.TakeOff,
        Clearance = async () => await (await word.Task.ConfigureAwait(false))().ConfigureAwait(false),
        Limits = c.Definition.Limits,
        Workspace = View.Root,
        LaunchPrefix = View.LaunchPrefix,
        Written = View.Written,
        HiddenEntries = shown.Hidden,
        FrozenArtifacts = Artifacts,
        Outside = [.. c.Definition.Outside.Select(o => new Mount(o, o, Writable: true))],
        Network = c.Definition.UnrestrictedTakeOff,
        DeclaredNetwork = network,
        StillOurs = () => c.Journal.StillOurs,
    };

    /// <summary>What a sandbox shows, and which file or directory each of it was when it was looked at.</summary>
    private sealed record Shown(ResolvedEngine Engine, IReadOnlyList<string> Hidden, IReadOnlyList<FileMark?> Marks)
    {
        public static Shown Now(StepContext c, ResolvedEngine engine) => new(engine, StepRuns.Hidden(c), [.. engine.Mounts.Select(m => m.Source).Append(c.WorkflowDefinition.Workspace).Select(FileMark.Of)]);

        public bool Equals(Shown? other) => other is not null && Engine.Digest == other.Engine.Digest && Engine.Command.SequenceEqual(other.Engine.Command)
            && Engine.Mounts.SequenceEqual(other.Engine.Mounts) && Hidden.SequenceEqual(other.Hidden) && Marks.SequenceEqual(other.Marks) && !Marks.Contains(null);

        public override int GetHashCode() => Engine.Digest.GetHashCode();
    }
}
