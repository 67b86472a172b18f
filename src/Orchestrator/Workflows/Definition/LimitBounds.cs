// What a workflow file may ask for, at least and at most (ENG-12). Beyond these a limit is no limit. Documented in docs/reference/limits.md.
using CabinCrew.Governance.Yaml;
namespace CabinCrew.Orchestrator.Workflows;

/// <param name="Unit">What the value is counted in: a duration, a size, or a plain number.</param>
internal sealed record LimitBound(string Key, LimitUnit Unit, long Minimum, long Maximum, Func<EngineLimits, long> Get, Func<EngineLimits, long, EngineLimits> Set)
{
    public string Write(long value) => Unit switch
    {
        LimitUnit.Duration => Quantities.Write(TimeSpan.FromSeconds(value)),
        LimitUnit.Size => Quantities.WriteSize(value),
        LimitUnit.Count => value.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };
}

internal enum LimitUnit { Duration, Size, Count }

internal static class LimitBounds
{
    private const long KiB = 1L << 10, MiB = 1L << 20, GiB = 1L << 30;

    public static readonly IReadOnlyList<LimitBound> All =
    [
        new("wall_clock", LimitUnit.Duration, 1, 86_400, l => l.WallClockSeconds, (l, v) => l with { WallClockSeconds = (int)v }),
        new("cpu", LimitUnit.Duration, 1, 86_400, l => l.CpuSeconds, (l, v) => l with { CpuSeconds = (int)v }),
        new("memory", LimitUnit.Size, 16 * MiB, 256 * GiB, l => l.MemoryBytes, (l, v) => l with { MemoryBytes = v }),
        new("processes", LimitUnit.Count, 1, 4096, l => l.Processes, (l, v) => l with { Processes = (int)v }),
        new("output", LimitUnit.Size, KiB, 256 * MiB, l => l.OutputBytes, (l, v) => l with { OutputBytes = v }),
        // Artifacts are read whole into memory when they are validated.
        new("artifacts", LimitUnit.Size, KiB, GiB, l => l.ArtifactBytes, (l, v) => l with { ArtifactBytes = v }),
        new("artifact_count", LimitUnit.Count, 1, 10_000, l => l.ArtifactCount, (l, v) => l with { ArtifactCount = (int)v }),
        new("temp", LimitUnit.Size, MiB, 64 * GiB, l => l.TempBytes, (l, v) => l with { TempBytes = v }),
    ];
}
