// A compiled regular expression: linear in the text whatever the pattern. Whether it matches is told by looking for a plain text or by an automaton, where and what it matches by a search.
// Not by .NET's engine: it has other ideas of what a word, a case and a character is, and is slow to start.
using System.Text;

namespace CabinCrew.Rego.Builtins.Patterns;

internal sealed class Pattern
{
    private readonly string text;
    private readonly PatternNode root;
    private readonly string? literal;
    private readonly bool fromStart;
    private readonly bool toEnd;
    private Parts? plain, grouped;
    private PatternAutomaton? automaton;

    private Pattern(string text, PatternNode root, IReadOnlyList<string?> names)
    {
        this.text = text;
        this.root = root;
        Names = names;
        (literal, fromStart, toEnd) = AsLiteral(root);
    }

    private sealed record Parts(PatternSteps Steps, PatternSymbols Symbols);

    /// <summary>Group names by number; the first is the whole match.</summary>
    public IReadOnlyList<string?> Names { get; }

    /// <summary>Throws <see cref="PatternException"/> with Go's message.</summary>
    public static Pattern Compile(string text)
    {
        var (root, names) = PatternParser.Parse(text);
        var pattern = new Pattern(text, root, names);
        if (pattern.literal is null) pattern.Plain();
        return pattern;
    }

    public bool IsMatch(string text)
    {
        if (literal is null) return Automaton().IsMatch(text);
        return (fromStart, toEnd) switch
        {
            (true, true) => text == literal,
            (true, false) => text.StartsWith(literal, StringComparison.Ordinal),
            (false, true) => text.EndsWith(literal, StringComparison.Ordinal),
            _ => text.Contains(literal, StringComparison.Ordinal),
        };
    }

    /// <summary>Successive matches as Go finds them: an empty one right behind a match does not count.</summary>
    /// <param name="withGroups">What the groups hold is wanted as well.</param>
    /// <param name="charge">Told of the work as it is done, in elements of the budget.</param>
    /// <exception cref="PatternException">The pattern has too many groups for its size.</exception>
    public IEnumerable<PatternMatch> Matches(string text, bool withGroups, Action<long> charge)
    {
        if (!IsMatch(text)) return [];
        withGroups &= Names.Count > 1;
        var (steps, symbols) = withGroups ? grouped ??= Make(groups: true) : Plain();
        return All(PatternSearch.Of(steps, symbols, text, withGroups ? Names.Count : 1, charge) ?? throw TooLarge(), text);
    }

    private static IEnumerable<PatternMatch> All(PatternSearch search, string text)
    {
        var previousEnd = -1;
        for (var at = 0; at <= text.Length;)
        {
            if (search.From(at) is not { } match) yield break;
            var accepted = match.End != at || match.Start != previousEnd;
            at = match.End > at ? match.End : at < text.Length ? GoText.NextRune(text, at) : at + 1;
            previousEnd = match.End;
            if (accepted) yield return match;
        }
    }

    // Two threads may both make one; they make the same.
    private PatternAutomaton Automaton() => automaton ??= new(Plain().Steps, Plain().Symbols);

    private Parts Plain() => plain ??= Make(groups: false);

    private Parts Make(bool groups) => PatternSteps.Of(root, groups) is { } steps ? new(steps, new(steps)) : throw TooLarge();

    private PatternException TooLarge() => new("expression too large", text.Length > 100 ? text[..100] : text);

    // Half a surrogate pair reads as the replacement character, and is no such thing in the text.
    private static (string? Literal, bool FromStart, bool ToEnd) AsLiteral(PatternNode root)
    {
        var parts = root is SequenceNode sequence ? sequence.Parts : [root];
        var text = new StringBuilder();
        bool start = false, end = false;
        for (var i = 0; i < parts.Count; i++)
        {
            switch (parts[i])
            {
                case AnchorNode { Kind: Anchor.TextStart } when i == 0: start = true; break;
                case AnchorNode { Kind: Anchor.TextEnd } when i == parts.Count - 1: end = true; break;
                case ClassNode { Set.Single: >= 0 and var c } when Rune.IsValid(c) && c != Rune.ReplacementChar.Value: text.Append(new Rune(c)); break;
                default: return (null, false, false);
            }
        }

        return (text.ToString(), start, end);
    }
}
