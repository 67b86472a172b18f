// Reads RE2's regular expressions (Go's regexp syntax, Perl flags) and nothing else: what RE2 refuses is refused in its words.
// Source: the RE2 syntax page and Go's package regexp/syntax. Depth, repeat counts and total size are bounded.
using System.Globalization;
using System.Text;

namespace CabinCrew.Rego.Builtins.Patterns;

/// <summary>A refused expression, in Go's words.</summary>
internal sealed class PatternException(string problem, string fragment) : Exception($"error parsing regexp: {problem}: `{fragment}`");

internal sealed class PatternParser
{
    private const int DepthMax = 250;
    private const int RepeatMax = 1_000;
    private const int SizeMax = 20_000;

    private readonly string text;
    private readonly List<string?> names = [null];
    private int at;
    private int depth;
    private bool fold;
    private bool multiline;
    private bool dotAll;
    private bool lazy;

    private PatternParser(string text) => this.text = text;

    /// <summary>The tree, and the name of each capturing group by number (null for unnamed ones and for the whole match).</summary>
    public static (PatternNode Root, IReadOnlyList<string?> Names) Parse(string text)
    {
        var parser = new PatternParser(text);
        var root = parser.Choice();
        if (parser.at < text.Length) throw new PatternException("unexpected )", text);
        if (Size(root) > SizeMax) throw new PatternException("expression nests too deeply", text);
        return (root, parser.names);
    }

    private PatternNode Choice()
    {
        if (++depth > DepthMax) throw new PatternException("expression nests too deeply", text);
        var options = new List<PatternNode> { Sequence() };
        while (at < text.Length && text[at] == '|')
        {
            at++;
            options.Add(Sequence());
        }

        depth--;
        return options.Count == 1 ? options[0] : new ChoiceNode(options);
    }

    private PatternNode Sequence()
    {
        var parts = new List<PatternNode>();
        while (at < text.Length && text[at] is not ('|' or ')'))
        {
            var start = at;
            if (Atom(parts) is { } atom) parts.Add(Repeats(atom, start));
        }

        return parts.Count == 1 ? parts[0] : new SequenceNode(parts);
    }

    // Null where the text only changed flags or was a quoted run that is already in the parts.
    private PatternNode? Atom(List<PatternNode> parts)
    {
        var c = text[at];
        switch (c)
        {
            case '(':
                return Group();
            case '[':
                return new ClassNode(new ClassParser(text).Read(ref at, fold));
            case '.':
                at++;
                return new ClassNode(dotAll ? CharClass.Any : CharClass.NotNewline);
            case '^':
                at++;
                return new AnchorNode(multiline ? Anchor.LineStart : Anchor.TextStart);
            case '$':
                at++;
                return new AnchorNode(multiline ? Anchor.LineEnd : Anchor.TextEnd);
            case '*' or '+' or '?':
                throw new PatternException("missing argument to repetition operator", text[at..(at + 1)]);
            case '\\':
                return Escape(parts);
            default:
                Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var length);
                at += length;
                return Literal(rune.Value);
        }
    }

    private PatternNode Repeats(PatternNode atom, int start)
    {
        var last = -1;
        while (at < text.Length)
        {
            var operatorAt = at;
            if (Counts() is not var (min, max)) break;
            if (last >= 0) throw new PatternException("invalid nested repetition operator", text[last..at]);
            if (min > RepeatMax || max > RepeatMax || (max >= 0 && max < min)) throw new PatternException("invalid repeat count", text[operatorAt..at]);
            var greedy = !lazy;
            if (at < text.Length && text[at] == '?')
            {
                at++;
                greedy = lazy;
            }

            atom = new RepeatNode(atom, min, max, greedy);
            if (Size(atom) > SizeMax) throw new PatternException("invalid repeat count", text[start..at]);
            last = operatorAt;
        }

        return atom;
    }

    // A brace that is no repeat count is an ordinary character.
    private (int Min, int Max)? Counts()
    {
        switch (text[at])
        {
            case '*':
                at++;
                return (0, -1);
            case '+':
                at++;
                return (1, -1);
            case '?':
                at++;
                return (0, 1);
            case '{':
                var end = at + 1;
                if (Number(ref end) is not { } min) return null;
                var max = min;
                if (end < text.Length && text[end] == ',')
                {
                    end++;
                    max = end < text.Length && text[end] == '}' ? -1 : Number(ref end) ?? -2;
                }

                if (max == -2 || end >= text.Length || text[end] != '}') return null;
                at = end + 1;
                return (min, max);
            default:
                return null;
        }
    }

    private int? Number(ref int end)
    {
        var start = end;
        while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
        if (end == start || (end - start > 1 && text[start] == '0')) return null;
        return end - start > 6 ? RepeatMax + 1 : int.Parse(text.AsSpan(start, end - start), CultureInfo.InvariantCulture);
    }

    private ClassNode Literal(int codePoint) => new(fold ? CharClass.Of(codePoint).Fold() : CharClass.Of(codePoint));

    private PatternNode? Group()
    {
        var start = at;
        var (oldFold, oldMultiline, oldDotAll, oldLazy) = (fold, multiline, dotAll, lazy);
        at++;
        var captures = true;
        if (at < text.Length && text[at] == '?')
        {
            captures = Name(start);
            if (!captures && !Flags(start)) return null;
        }
        else
        {
            names.Add(null);
        }

        var number = names.Count - 1;
        var body = Choice();
        if (at >= text.Length) throw new PatternException("missing closing )", text);
        at++;
        (fold, multiline, dotAll, lazy) = (oldFold, oldMultiline, oldDotAll, oldLazy);
        return captures ? new GroupNode(body, number) : body is SequenceNode or ChoiceNode or RepeatNode ? new SequenceNode([body]) : body;
    }

    // "(?P<name>" and "(?<name>".
    private bool Name(int start)
    {
        var open = text.AsSpan(at).StartsWith("?P<", StringComparison.Ordinal) ? 3 : text.AsSpan(at).StartsWith("?<", StringComparison.Ordinal) ? 2 : 0;
        if (open == 0) return false;
        if (open == 2 && at + 2 < text.Length && text[at + 2] is '=' or '!') throw new PatternException("invalid or unsupported Perl syntax", text.Substring(start, 4));
        var close = text.IndexOf('>', at);
        if (close < 0) throw new PatternException("invalid named capture", text[start..]);
        var name = text[(at + open)..close];
        if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')) throw new PatternException("invalid named capture", text[start..(close + 1)]);
        if (names.Contains(name)) throw new PatternException("duplicate capture group name", name);
        names.Add(name);
        at = close + 1;
        return true;
    }

    // "(?i)" changes the rest of the group (false), "(?i:" opens one (true).
    private bool Flags(int start)
    {
        at++;
        var on = true;
        var some = false;
        for (; at < text.Length; at++)
        {
            switch (text[at])
            {
                case 'i': (fold, some) = (on, true); break;
                case 'm': (multiline, some) = (on, true); break;
                case 's': (dotAll, some) = (on, true); break;
                case 'U': (lazy, some) = (on, true); break;
                case '-' when on: (on, some) = (false, false); break;
                case ':' or ')' when on || some:
                    return text[at++] == ':';
                default:
                    throw new PatternException("invalid or unsupported Perl syntax", text[start..(at + 1)]);
            }
        }

        throw new PatternException("missing closing )", text);
    }

    private PatternNode? Escape(List<PatternNode> parts)
    {
        if (at + 1 >= text.Length) throw new PatternException("trailing backslash at end of expression", "");
        switch (text[at + 1])
        {
            case 'A':
                at += 2;
                return new AnchorNode(Anchor.TextStart);
            case 'z':
                at += 2;
                return new AnchorNode(Anchor.TextEnd);
            case 'b':
                at += 2;
                return new AnchorNode(Anchor.WordBoundary);
            case 'B':
                at += 2;
                return new AnchorNode(Anchor.NoWordBoundary);
            case 'Q':
                return Quoted(parts);
        }

        if (EscapeParser.Class(text, ref at, fold) is { } set) return new ClassNode(set);
        return Literal(EscapeParser.CodePoint(text, ref at));
    }

    // "\Q...\E": all but the last character go straight into the parts, so that a repeat binds to the last one.
    private PatternNode? Quoted(List<PatternNode> parts)
    {
        var start = at + 2;
        var end = text.IndexOf("\\E", start, StringComparison.Ordinal);
        var quoted = end < 0 ? text[start..] : text[start..end];
        at = end < 0 ? text.Length : end + 2;
        if (quoted.Length == 0) return null;
        parts.AddRange(quoted.EnumerateRunes().Select(rune => Literal(rune.Value)));
        var last = parts[^1];
        parts.RemoveAt(parts.Count - 1);
        return last;
    }

    private static long Size(IReadOnlyList<PatternNode> nodes)
    {
        long size = 0;
        foreach (var node in nodes) size += Size(node);
        return size;
    }

    private static long Size(PatternNode node) => node switch
    {
        SequenceNode sequence => 1 + Size(sequence.Parts),
        ChoiceNode choice => 1 + Size(choice.Options),
        GroupNode group => 1 + Size(group.Body),
        RepeatNode repeat => 1 + (Size(repeat.Body) * Math.Max(1, Math.Max(repeat.Min, repeat.Max))),
        _ => 1,
    };
}
