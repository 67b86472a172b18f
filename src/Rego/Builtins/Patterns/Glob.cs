// A glob: "*" any run without a delimiter, "**" any run, "?" one character but a delimiter, "[a-z]" and "[!a-z]" one of a
// set, "{a,b}" alternatives, "\" takes the next character as it is. Matched as a small automaton: linear, no backtracking.
using System.Text;

namespace CabinCrew.Rego.Builtins.Patterns;

internal sealed class Glob
{
    private const int DepthMax = 50;

    private const int OnStackMax = 128;

    // A step reads one character out of a set and goes on, or splits without reading; the last step accepts.
    private sealed record Step(CharClass? Set, int Next, int Other, int Literal = -1)
    {
        public bool Reads(int rune) => Literal >= 0 ? Literal == rune : Set is not null && Set.Contains(rune);
    }

    private readonly List<Step> steps = [];
    private readonly string pattern;
    private readonly CharClass noDelimiter;
    // What every match begins and ends with: most texts are told by that alone.
    private string prefix = "", suffix = "";
    private int at;
    private int depth;

    private Glob(string pattern, string delimiters)
    {
        this.pattern = pattern;
        noDelimiter = CharClass.Of(delimiters).Negate();
    }

    /// <summary>Throws <see cref="FormatException"/> for an unclosed bracket or brace.</summary>
    public static Glob Compile(string pattern, string delimiters)
    {
        var glob = new Glob(pattern, delimiters);
        glob.Sequence();
        if (glob.at < pattern.Length) throw new FormatException($"unexpected end of list in glob {GoText.Quote(pattern)}");
        glob.steps.Add(new Step(null, -1, -1));
        glob.FindEnds();
        return glob;
    }

    public bool IsMatch(string text)
    {
        if (!text.StartsWith(prefix, StringComparison.Ordinal) || !text.EndsWith(suffix, StringComparison.Ordinal)) return false;
        var size = steps.Count;
        Span<int> room = size <= OnStackMax ? stackalloc int[3 * size] : new int[3 * size];
        room.Clear();
        var now = room[..size];
        var next = room[size..(2 * size)];
        var seen = room[(2 * size)..];
        int count = 0, round = 1;
        Enter(now, ref count, 0, seen, round);
        foreach (var rune in text.EnumerateRunes())
        {
            if (count == 0) return false;
            round++;
            var entered = 0;
            foreach (var step in now[..count])
            {
                if (steps[step].Reads(rune.Value)) Enter(next, ref entered, steps[step].Next, seen, round);
            }

            var emptied = now;
            now = next;
            next = emptied;
            count = entered;
        }

        return seen[^1] == round;
    }

    // Splits are followed at once; each step is entered once a character.
    private void Enter(Span<int> into, ref int count, int step, Span<int> seen, int round)
    {
        while (seen[step] != round)
        {
            seen[step] = round;
            if (steps[step].Set is not null) into[count++] = step;
            if (steps[step].Set is not null || steps[step].Next < 0) return;
            if (steps[step].Other >= 0) Enter(into, ref count, steps[step].Other, seen, round);
            step = steps[step].Next;
        }
    }

    // Literal characters in a row, from the first step on and up to the last: nothing jumps into the middle of such a row.
    private void FindEnds()
    {
        var text = new StringBuilder();
        for (var i = 0; IsPlain(steps[i]); i++) text.Append(new Rune(steps[i].Literal));
        prefix = text.ToString();
        text.Clear();
        for (var i = steps.Count - 2; i >= 0 && IsPlain(steps[i]); i--) text.Insert(0, new Rune(steps[i].Literal).ToString());
        suffix = text.ToString();

        // Half a surrogate pair reads as the replacement character and is no such thing in the text.
        static bool IsPlain(Step step) => step.Literal >= 0 && step.Literal != Rune.ReplacementChar.Value;
    }

    private void Sequence()
    {
        if (++depth > DepthMax) throw new FormatException("glob nests too deeply");
        while (at < pattern.Length && (depth == 1 || pattern[at] is not (',' or '}')))
        {
            switch (pattern[at])
            {
                case '*':
                    var run = at;
                    while (at < pattern.Length && pattern[at] == '*') at++;
                    Loop(at - run > 1 ? CharClass.Any : noDelimiter);
                    break;
                case '?':
                    at++;
                    Read(noDelimiter);
                    break;
                case '[':
                    Read(Set());
                    break;
                case '{':
                    Choice();
                    break;
                default:
                    if (pattern[at] == '\\' && at + 1 < pattern.Length) at++;
                    Rune.DecodeFromUtf16(pattern.AsSpan(at), out var rune, out var length);
                    at += length;
                    steps.Add(new Step(CharClass.Of(rune.Value), steps.Count + 1, -1, rune.Value));
                    break;
            }
        }

        depth--;
    }

    private void Read(CharClass set) => steps.Add(new Step(set, steps.Count + 1, -1));

    private void Loop(CharClass set)
    {
        steps.Add(new Step(null, steps.Count + 1, steps.Count + 2));
        steps.Add(new Step(set, steps.Count - 1, -1));
    }

    private void Choice()
    {
        at++;
        var ends = new List<int>();
        while (true)
        {
            var split = steps.Count;
            steps.Add(new Step(null, split + 1, -1));
            Sequence();
            if (at >= pattern.Length) throw new FormatException($"unexpected end of input: unclosed brace in glob {GoText.Quote(pattern)}");
            ends.Add(steps.Count);
            steps.Add(new Step(null, -1, -1));
            if (pattern[at++] == '}') break;
            steps[split] = steps[split] with { Other = steps.Count };
        }

        foreach (var end in ends) steps[end] = new Step(null, steps.Count, -1);
    }

    private CharClass Set()
    {
        at++;
        var negative = at < pattern.Length && pattern[at] is ('!' or '^');
        if (negative) at++;
        var ranges = new List<CharRange>();
        while (at < pattern.Length && (pattern[at] != ']' || ranges.Count == 0))
        {
            var low = Character();
            if (at + 1 < pattern.Length && pattern[at] == '-' && pattern[at + 1] != ']')
            {
                at++;
                var high = Character();
                if (high < low) throw new FormatException($"hi character '{new Rune(high)}' should be greater than lo '{new Rune(low)}'");
                ranges.Add(new(low, high));
            }
            else
            {
                ranges.Add(new(low, low));
            }
        }

        if (at >= pattern.Length) throw new FormatException($"unexpected end of input: unclosed bracket in glob {GoText.Quote(pattern)}");
        at++;
        var set = CharClass.From(ranges);
        return negative ? set.Negate() : set;
    }

    private int Character()
    {
        if (pattern[at] == '\\' && at + 1 < pattern.Length) at++;
        Rune.DecodeFromUtf16(pattern.AsSpan(at), out var rune, out var length);
        at += length;
        return rune.Value;
    }
}
