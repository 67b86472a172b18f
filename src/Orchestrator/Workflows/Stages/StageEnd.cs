// How a stage ended: it moved the step on, it waits, it rests on purpose, or it was refused.
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows.Stages;

internal enum StageEndKind { Moved, Waiting, Resting, Refused, InDoubt }

/// <param name="Log">With Refused: the digest of what the engine said.</param>
internal sealed record StageEnd(StageEndKind Kind, Problem? Problem = null, Digest? Log = null)
{
    /// <summary>The step is in another state now; look again.</summary>
    public static readonly StageEnd Moved = new(StageEndKind.Moved);

    /// <summary>Only a person (or the holder of a lock) can move it on.</summary>
    public static StageEnd Waiting(Problem why) => new(StageEndKind.Waiting, why);

    public static readonly StageEnd Resting = new(StageEndKind.Resting);

    public static StageEnd InDoubt(Problem why) => new(StageEndKind.InDoubt, why);

    public static implicit operator StageEnd(Problem problem) => new(StageEndKind.Refused, problem);
}
