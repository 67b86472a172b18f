// A workflow as its file defines it, validated: nothing in here can be wrong in form. Paths are absolute and checked to exist where that matters.
using System.Text.Json;
using CabinCrew.Governance.Policies;
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Workflows;

public sealed record WorkflowDefinition
{
    public static readonly TimeSpan PolicyTimeLimitDefault = TimeSpan.FromSeconds(10);

    public required string Name { get; init; }
    /// <summary>The file, absolute; relative paths in it are relative to its directory.</summary>
    public required string File { get; init; }
    /// <summary>Absolute, canonical.</summary>
    public required string Workspace { get; init; }
    public required IReadOnlyList<StepDefinition> Steps { get; init; }
    public required IReadOnlyList<PolicyRef> Policies { get; init; }
    public AggregationMethod Aggregation { get; init; } = AggregationMethod.MostRestrictive;
    public DriftAnswer OnDrift { get; init; } = DriftAnswer.Fail;
    public TimeSpan? PlanExpires { get; init; }
    public TimeSpan ApprovalExpires { get; init; } = TimeSpan.FromHours(72);
    public TimeSpan PolicyTimeLimit { get; init; } = PolicyTimeLimitDefault;
    /// <summary>Where the full isolation cannot be had, the reduced one will do.</summary>
    public bool ReducedIsolation { get; init; }
}

public enum DriftAnswer { Fail, Replan }

public enum Determinism { Trust, Verify }

public sealed record StepDefinition
{
    public required StepId Id { get; init; }
    /// <summary>As written: a built-in name (patch, git, script) or a path.</summary>
    public required string Engine { get; init; }
    /// <summary>An object; empty when the file has none.</summary>
    public required JsonElement Config { get; init; }
    public required IReadOnlyDictionary<string, SecretSource> Secrets { get; init; }
    public required IReadOnlyList<StepId> Needs { get; init; }
    public required IReadOnlyDictionary<string, ContextSource> Context { get; init; }
    public EngineLimits Limits { get; init; } = EngineLimits.Default;
    public Determinism Determinism { get; init; } = Determinism.Trust;
    /// <summary>What the step changes, in the user's word for it (<c>production</c>), for policies. Null: nothing is said.</summary>
    public string? Environment { get; init; }
    /// <summary>Approvals that this step always needs, on top of what policies ask for.</summary>
    public IReadOnlyList<RoleNeed> Approvals { get; init; } = [];
    /// <summary>What may be reached, in which mode. Null: nothing.</summary>
    public NetworkRules? Network { get; init; }
    /// <summary>Take-off has the host's own network, whole and unrecorded. Never together with <see cref="Network"/>.</summary>
    public bool UnrestrictedTakeOff { get; init; }
    /// <summary>Directories outside the workspace (absolute) that flight-plan may read and take-off may write: effects outside the transaction.</summary>
    public IReadOnlyList<string> Outside { get; init; } = [];

    /// <summary>The list of what the step puts back, where it undoes a flight; its engine is shown the contents. Not to be had from a file.</summary>
    public Digest? Restores { get; init; }

    public bool HasOutsideEffects => UnrestrictedTakeOff || Network?.Reaches(EngineMode.TakeOff) == true || Outside.Count > 0;
}

/// <param name="Kind">env, file or command.</param>
/// <param name="Value">The variable's name, the absolute path, or empty for a command.</param>
public sealed record SecretSource(string Kind, string Value, IReadOnlyList<string> Command);

/// <summary>A value from an artifact of an earlier step: its metadata, a member of it (dotted path), or its text body.</summary>
/// <param name="Field"><c>metadata</c>, <c>metadata.a.b</c> or <c>body</c>.</param>
public sealed record ContextSource(StepId Step, ArtifactName Artifact, string Field);

/// <summary>ENG-12. Defaults are documented in docs/reference/limits.md.</summary>
public sealed record EngineLimits
{
    public static readonly EngineLimits Default = new();

    public int WallClockSeconds { get; init; } = 300;
    public int CpuSeconds { get; init; } = 300;
    public long MemoryBytes { get; init; } = 2L << 30;
    public int Processes { get; init; } = 256;
    /// <summary>Standard error; the receipt has its own limit of 4 MiB.</summary>
    public long OutputBytes { get; init; } = 16L << 20;
    public long ArtifactBytes { get; init; } = 256L << 20;
    public int ArtifactCount { get; init; } = 1000;
    public long TempBytes { get; init; } = 1L << 30;
}
