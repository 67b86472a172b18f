// A compiled regular expression: linear in the text whatever the pattern. Whether it matches is told by an automaton of ours, or by looking for a plain text;
// where and what it matches by .NET's engine, which is slow to start.
using System.Text;
using System.Text.RegularExpressions;

namespace CabinCrew.Rego.Builtins.Patterns;

internal sealed class Pattern
{
    private readonly string text;
    private readonly PatternNode root;
    private readonly string? literal;
    private readonly bool fromStart;
    private readonly bool toEnd;
    private PatternAutomaton? automaton;
    private Regex? narrow;
    private Regex? wide;

    private Pattern(string text, PatternNode root, IReadOnlyList<string?> names)
    {
        this.text = text;
        this.root = root;
        Names = names;
        (literal, fromStart, toEnd) = AsLiteral(root);
    }

    /// <summary>Group names by number; the first is the whole match.</summary>
    public IReadOnlyList<string?> Names { get; }

    /// <summary>Throws <see cref="PatternException"/> with Go's message.</summary>
    public static Pattern Compile(string text)
    {
        var (root, names) = PatternParser.Parse(text);
        return new Pattern(text, root, names);
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
    public IEnumerable<Match> Matches(string text)
    {
        var regex = For(text);
        var previousEnd = -1;
        for (var at = 0; at <= text.Length;)
        {
            var match = regex.Match(text, at);
            if (!match.Success) yield break;
            var end = match.Index + match.Length;
            var accepted = end != at || match.Index != previousEnd;
            at = end > at ? end : at < text.Length ? GoText.NextRune(text, at) : at + 1;
            previousEnd = end;
            if (accepted) yield return match;
        }
    }

    // Two threads may both make it; they make the same.
    private PatternAutomaton Automaton() => automaton ??= PatternAutomaton.Of(root) ?? throw TooLarge(text);

    private Regex For(string text) => GoText.HasSurrogates(text)
        ? wide ??= Make(PatternWriter.Write(root, wide: true))
        : narrow ??= Make(PatternWriter.Write(root, wide: false));

    private static Regex Make(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (NotSupportedException)
        {
            throw TooLarge(pattern);
        }
    }

    private static PatternException TooLarge(string pattern) => new("expression too large", pattern.Length > 100 ? pattern[..100] : pattern);

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
