// An RE2 tree as an expression of .NET's engine, which is the oracle for what is found where. Two spellings: one for texts without surrogates, where a character is one UTF-16 unit,
// and one for the rest, where a class above U+FFFF is a pair.
using System.Globalization;
using System.Text;
using CabinCrew.Rego.Builtins.Patterns;

namespace CabinCrew.Rego.Tests.Builtins;

internal readonly struct PatternWriter(bool wide)
{
    private readonly StringBuilder text = new();

    public static string Write(PatternNode root, bool wide)
    {
        var writer = new PatternWriter(wide);
        writer.Append(root);
        return writer.text.ToString();
    }

    private void Append(PatternNode node)
    {
        switch (node)
        {
            case ClassNode set:
                AppendClass(set.Set);
                break;
            case AnchorNode anchor:
                text.Append(anchor.Kind switch
                {
                    Anchor.TextStart => "\\A",
                    Anchor.TextEnd => "\\z",
                    Anchor.LineStart => "(?m:^)",
                    Anchor.LineEnd => "(?m:$)",
                    Anchor.WordBoundary => "\\b",
                    _ => "\\B",
                });
                break;
            case GroupNode group:
                text.Append('(');
                Append(group.Body);
                text.Append(')');
                break;
            case SequenceNode sequence:
                foreach (var part in sequence.Parts) AppendEnclosed(part);
                break;
            case ChoiceNode choice:
                AppendChoice(choice);
                break;
            case RepeatNode repeat:
                AppendRepeat(repeat);
                break;
        }
    }

    private void AppendEnclosed(PatternNode node)
    {
        if (node is not (ChoiceNode or SequenceNode))
        {
            Append(node);
            return;
        }

        text.Append("(?:");
        Append(node);
        text.Append(')');
    }

    private void AppendChoice(ChoiceNode choice)
    {
        for (var i = 0; i < choice.Options.Count; i++)
        {
            if (i > 0) text.Append('|');
            Append(choice.Options[i]);
        }
    }

    private void AppendRepeat(RepeatNode repeat)
    {
        text.Append("(?:");
        Append(repeat.Body);
        text.Append(')');
        _ = (repeat.Min, repeat.Max) switch
        {
            (0, -1) => text.Append('*'),
            (1, -1) => text.Append('+'),
            (0, 1) => text.Append('?'),
            (var min, -1) => text.Append(CultureInfo.InvariantCulture, $"{{{min},}}"),
            var (min, max) => text.Append(CultureInfo.InvariantCulture, $"{{{min},{max}}}"),
        };
        if (!repeat.Greedy) text.Append('?');
    }

    private void AppendClass(CharClass set)
    {
        var narrow = new StringBuilder();
        var pairs = new StringBuilder();
        var above = new List<(int From, int To)>();
        foreach (var (from, to) in set.Ranges)
        {
            if (from <= 0xFFFF) AppendRange(narrow, from, Math.Min(to, 0xFFFF));
            if (wide && to > 0xFFFF) above.Add((Math.Max(from, 0x10000), to));
        }

        AppendPairs(pairs, above);

        // A class that nothing can be in.
        if (narrow.Length == 0 && pairs.Length == 0) text.Append("[^\\s\\S]");
        else if (pairs.Length == 0) text.Append('[').Append(narrow).Append(']');
        else if (narrow.Length == 0) text.Append("(?:").Append(pairs, 1, pairs.Length - 1).Append(')');
        else text.Append("(?:[").Append(narrow).Append(']').Append(pairs).Append(')');
    }

    // With pairs about, half a pair is never a character of its own.
    private void AppendRange(StringBuilder narrow, int from, int to)
    {
        if (wide && from <= 0xDFFF && to >= 0xD800)
        {
            if (from < 0xD800) AppendRange(narrow, from, 0xD7FF);
            if (to > 0xDFFF) AppendRange(narrow, 0xE000, to);
            return;
        }

        narrow.Append(CultureInfo.InvariantCulture, $"\\u{from:x4}");
        if (to > from) narrow.Append(CultureInfo.InvariantCulture, $"-\\u{to:x4}");
    }

    // Upper halves with the same lower halves stand together: a class of letters has hundreds of ranges but few forms.
    private static void AppendPairs(StringBuilder pairs, IEnumerable<(int From, int To)> ranges)
    {
        var lows = new SortedDictionary<int, StringBuilder>();
        foreach (var (from, to) in ranges)
        {
            var (firstHigh, firstLow) = Split(from);
            var (lastHigh, lastLow) = Split(to);
            for (var high = firstHigh; high <= lastHigh; high++)
            {
                if (!lows.TryGetValue(high, out var low)) lows[high] = low = new StringBuilder();
                low.Append(CultureInfo.InvariantCulture, $"\\u{(high == firstHigh ? firstLow : 0xDC00):x4}-\\u{(high == lastHigh ? lastLow : 0xDFFF):x4}");
            }
        }

        foreach (var alike in lows.GroupBy(pair => pair.Value.ToString(), pair => pair.Key))
        {
            pairs.Append("|[");
            foreach (var high in alike) pairs.Append(CultureInfo.InvariantCulture, $"\\u{high:x4}");
            pairs.Append("][").Append(alike.Key).Append(']');
        }
    }

    private static (int High, int Low) Split(int codePoint) => (0xD800 + ((codePoint - 0x10000) >> 10), 0xDC00 + ((codePoint - 0x10000) & 0x3FF));
}
