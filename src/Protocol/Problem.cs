// One refusal: what was refused, where, why, and what to do next. Never holds a secret.
using System.Collections.Immutable;

namespace CabinCrew.Protocol;

/// <param name="Code">The stable code (one line of <see cref="ProblemCodes"/>).</param>
/// <param name="Message">What was refused and why, one sentence, no secret.</param>
public sealed record Problem(ProblemCode Code, string Message)
{
    /// <summary>The place: a file with line and column, an artifact with field, a workflow and step.</summary>
    public string? Where { get; init; }

    /// <summary>What to do next. Falls back to the general advice of the code.</summary>
    public string? Remedy { get; init; }

    /// <summary>Machine-readable details: names, digests, limits and what was measured.</summary>
    public ImmutableSortedDictionary<string, string> Evidence { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    public Problem With(string key, string value) => this with { Evidence = Evidence.SetItem(key, value) };

    public Problem At(string where) => this with { Where = Where is null ? where : $"{where}: {Where}" };

    public static Problem Bug(string message) => new(ProblemCode.InternalBug, message);

    public override string ToString() => $"{Code.Id()}: {(Where is null ? "" : Where + ": ")}{Message}";
}
