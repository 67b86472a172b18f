// regex.globs_match: is there a text that both of two simple expressions match? Only ". * + [ - ] \" are special.
// Both become automata; the pairs of their states are walked.
using System.Text;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Patterns;

internal static class GlobIntersection
{
    private const int PiecesMax = 2_000;

    private enum Times
    {
        One,
        Any,
        Some,
    }

    private readonly record struct Piece(CharClass Set, Times Times);

    public static Value? Match(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var left) || !context.Text(args, 1, out var right)) return null;
        try
        {
            List<Piece> a = Parse(left), b = Parse(right);
            context.Charge((long)a.Count * b.Count / 8);
            return Value.From(Meet(a, b));
        }
        catch (FormatException refused)
        {
            return context.Fail(refused.Message);
        }
    }

    private static bool Meet(List<Piece> left, List<Piece> right)
    {
        // A state is a position in both; "inside" says that a "+" has had its first character.
        var seen = new HashSet<(int, bool, int, bool)>();
        var open = new Stack<(int L, bool InL, int R, bool InR)>();
        open.Push((0, false, 0, false));
        while (open.TryPop(out var state))
        {
            if (!seen.Add(state)) continue;
            var (l, inL, r, inR) = state;
            if (l == left.Count && r == right.Count) return true;
            if (l < left.Count && (left[l].Times == Times.Any || inL)) open.Push((l + 1, false, r, inR));
            if (r < right.Count && (right[r].Times == Times.Any || inR)) open.Push((l, inL, r + 1, false));
            if (l == left.Count || r == right.Count || !Overlap(left[l].Set, right[r].Set)) continue;
            foreach (var (nextL, insideL) in After(left, l))
            {
                foreach (var (nextR, insideR) in After(right, r)) open.Push((nextL, insideL, nextR, insideR));
            }
        }

        return false;
    }

    private static IEnumerable<(int, bool)> After(List<Piece> pieces, int at) => pieces[at].Times == Times.One ? [(at + 1, false)] : [(at, true)];

    private static bool Overlap(CharClass left, CharClass right)
    {
        int l = 0, r = 0;
        while (l < left.Ranges.Length && r < right.Ranges.Length)
        {
            if (left.Ranges[l].To < right.Ranges[r].From) l++;
            else if (right.Ranges[r].To < left.Ranges[l].From) r++;
            else return true;
        }

        return false;
    }

    private static List<Piece> Parse(string text)
    {
        var pieces = new List<Piece>();
        for (var at = 0; at < text.Length;)
        {
            var set = text[at] switch
            {
                '.' => CharClass.Any,
                '[' => Set(text, ref at),
                ']' => throw Refuse(text, at, "set-close ']' with no preceding '['"),
                '*' or '+' => throw Refuse(text, at, $"flag '{text[at]}' must be preceded by a non-flag"),
                _ => CharClass.Of(Literal(text, ref at)),
            };
            at++;
            var times = at >= text.Length ? Times.One : text[at] switch { '*' => Times.Any, '+' => Times.Some, _ => Times.One };
            if (times != Times.One) at++;
            pieces.Add(new Piece(set, times));
            if (pieces.Count > PiecesMax) throw Refuse(text[..20] + "...", at, "expression too long");
        }

        return pieces;
    }

    // Leaves "at" on the last unit of what it read.
    private static int Literal(string text, ref int at)
    {
        if (text[at] == '\\' && at + 1 < text.Length) at++;
        Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var length);
        at += length - 1;
        return rune.Value;
    }

    private static CharClass Set(string text, ref int at)
    {
        var start = at++;
        var ranges = new List<CharRange>();
        for (; at < text.Length && text[at] != ']'; at++)
        {
            var low = Literal(text, ref at);
            if (at + 2 < text.Length && text[at + 1] == '-' && text[at + 2] != ']')
            {
                at += 2;
                var high = Literal(text, ref at);
                if (high < low) throw Refuse(text, at, $"range is out of order: '{new Rune(low)}' comes before '{new Rune(high)}' in Unicode");
                ranges.Add(new(low, high));
            }
            else
            {
                ranges.Add(new(low, low));
            }
        }

        if (at >= text.Length) throw Refuse(text, start, "found [ without matching ]");
        return CharClass.From(ranges);
    }

    private static FormatException Refuse(string text, int at, string problem) =>
        new($"input:{text}, pos:{at + 1}, {problem}: the input provided is invalid");
}
