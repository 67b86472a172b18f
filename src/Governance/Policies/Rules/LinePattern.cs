// A condition on lines of text: how many of them match. Regular expressions run without backtracking, so no text can make them slow.
using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Rules;

/// <param name="Pattern">Null: every line counts.</param>
/// <param name="Min">How many lines must match.</param>
internal sealed class LinePattern(string? pattern, int min)
{
    public const int PatternCharsMax = 1000;

    private const int BuiltMax = 512;

    // The same rules are read again for each flight, and building an expression costs more than all else about reading them.
    private static readonly ConcurrentDictionary<string, Regex> Built = new(StringComparer.Ordinal);

    private Regex? regex;

    public int Min => min;

    public string? Pattern => pattern;

    /// <summary>The numbers of the lines that match, or null where they are too few.</summary>
    public IReadOnlyList<int>? Match(IReadOnlyList<NumberedLine> lines, CancellationToken ct)
    {
        if (lines.Count < min) return null;
        List<int> numbers = [];
        foreach (var line in lines)
        {
            if ((numbers.Count & 0xFF) == 0) ct.ThrowIfCancellationRequested();
            if (IsMatch(line.Text)) numbers.Add(line.Number);
        }

        return numbers.Count >= min ? numbers : null;
    }

    // Built on the first look: most plans never come to most rules.
    public bool IsMatch(string text) => IsMatch(text.AsSpan());

    public bool IsMatch(ReadOnlySpan<char> text) => pattern is null || (regex ??= Build(pattern)).IsMatch(text);

    /// <summary>What is wrong with a pattern, or null.</summary>
    public static string? Fault(string pattern)
    {
        if (pattern.Length is 0 or > PatternCharsMax) return $"a pattern has 1 to {PatternCharsMax} characters";
        try
        {
            Build(pattern);
            return null;
        }
        catch (NotSupportedException)
        {
            return "this pattern needs backtracking (look-around, back-references, atomic groups) or is too large; write it without";
        }
        catch (ArgumentException e)
        {
            return $"this is no regular expression: {e.Message.ReplaceLineEndings(" ")}";
        }
    }

    private static Regex Build(string pattern)
    {
        if (Built.TryGetValue(pattern, out var known)) return known;
        if (Built.Count >= BuiltMax) Built.Clear();
        return Built[pattern] = new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
    }
}
