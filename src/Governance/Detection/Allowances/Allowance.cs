// What a person allows although a detector finds it: by rule, and by place or by the digest of what was found (never by the secret itself), with a reason and a last day. After that day an
// allowance allows nothing, and says so. Pure.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection.Allowances;

/// <param name="Rule">A rule's name, or <c>detector/rule</c>.</param>
/// <param name="Path">Where: a glob over paths with slashes (<c>**</c> for any depth). Null: anywhere.</param>
/// <param name="Found">What: SHA-256 of what was found, in UTF-8. Null: anything. One of the two is always there.</param>
/// <param name="Because">For those who read the file later.</param>
/// <param name="Until">The last day on which it holds, in UTC.</param>
/// <param name="Line">In its file, from 1.</param>
public sealed record Allowance(string Rule, string? Path, Digest? Found, string Because, DateOnly Until, int Line)
{
    internal IReadOnlyList<string> Segments { get; } = Path?.Split('/') ?? [];

    public bool IsExpired(DateTimeOffset now) => DateOnly.FromDateTime(now.UtcDateTime) > Until;

    /// <summary>Whether it speaks of a finding, whatever the day.</summary>
    /// <param name="rule">Of the finding.</param>
    /// <param name="detector">Of the finding.</param>
    /// <param name="path">With slashes, from the root that the file of allowances stands in.</param>
    /// <param name="found">SHA-256 of what was found, in UTF-8; null where only the place is known: an allowance that names a digest then does not speak of it.</param>
    public bool Covers(string detector, string rule, string path, Digest? found) =>
        (Rule == rule || Rule.Length == detector.Length + 1 + rule.Length && Rule.StartsWith(detector, StringComparison.Ordinal) && Rule[detector.Length] == '/' && Rule.EndsWith(rule, StringComparison.Ordinal))
        && (Found is null || Found == found) && (Path is null || PathPattern.IsMatch(Segments, path));
}

/// <summary>Those of one file, in its order. Immutable.</summary>
public sealed class AllowanceList(IReadOnlyList<Allowance> all)
{
    public static readonly AllowanceList Nothing = new([]);

    public IReadOnlyList<Allowance> All => all;

    /// <summary>The first that allows a finding today; null where none does.</summary>
    /// <inheritdoc cref="Allowance.Covers"/>
    public Allowance? Allows(string detector, string rule, string path, Digest? found, DateTimeOffset now)
    {
        foreach (var one in all)
            if (!one.IsExpired(now) && one.Covers(detector, rule, path, found)) return one;
        return null;
    }

    /// <summary>Why a finding that an allowance once covered is told again, or null: none did.</summary>
    public string? Expired(string detector, string rule, string path, Digest? found, DateTimeOffset now)
    {
        foreach (var one in all)
            if (one.IsExpired(now) && one.Covers(detector, rule, path, found)) return $"it was allowed until {one.Until:yyyy-MM-dd} (line {one.Line}: {one.Because})";
        return null;
    }

    /// <summary>A line for each that allows nothing any more.</summary>
    public IEnumerable<string> Notices(DateTimeOffset now) =>
        from one in all where one.IsExpired(now) select $"line {one.Line}: the allowance for '{one.Rule}' ended on {one.Until:yyyy-MM-dd} and allows nothing any more";
}
