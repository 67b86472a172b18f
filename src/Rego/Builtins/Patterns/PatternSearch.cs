// Where a regular expression matches first, and what its groups then hold. All ways on are followed side by side in the order of their preference, as RE2 and Go do (leftmost, then first),
// so that the time is at most the text's length times the pattern's steps, whatever they are. Half a surrogate pair reads as U+FFFD.
using System.Text;

namespace CabinCrew.Rego.Builtins.Patterns;

/// <summary>A match: offsets into the text, two for each group; -1 where a group took no part.</summary>
internal sealed class PatternMatch(string text, int[] ends)
{
    public int Start => ends[0];

    public int End => ends[1];

    /// <summary>What a group holds, by number; the whole match is 0. Empty where it took no part.</summary>
    public ReadOnlySpan<char> Group(int number) => ends[2 * number] < 0 ? [] : text.AsSpan(ends[2 * number], ends[(2 * number) + 1] - ends[2 * number]);
}

/// <summary>For one text and one thread at a time.</summary>
internal sealed class PatternSearch
{
    /// <summary>What the ends of groups may take up, over all steps: a pattern of many groups and many steps is refused.</summary>
    private const int RoomMax = 1 << 22;

    private const int WorkPerCharge = 256;

    private readonly PatternSteps steps;
    private readonly PatternSymbols symbols;
    private readonly string text;
    private readonly Action<long> charge;
    private readonly int[] ends;
    private readonly int[] stack;
    private Ways now, next;
    private int work;

    private PatternSearch(PatternSteps steps, PatternSymbols symbols, string text, int groups, Action<long> charge)
    {
        (this.steps, this.symbols, this.text, this.charge) = (steps, symbols, text, charge);
        ends = new int[2 * groups];
        stack = new int[(2 * steps.Count) + 2];
        (now, next) = (new(steps.Count, ends.Length), new(steps.Count, ends.Length));
    }

    /// <summary>Null where the pattern is too large to be searched for.</summary>
    /// <param name="charge">Told of the work as it is done, in elements of the budget.</param>
    public static PatternSearch? Of(PatternSteps steps, PatternSymbols symbols, string text, int groups, Action<long> charge) =>
        (long)steps.Count * groups * 2 > RoomMax ? null : new(steps, symbols, text, groups, charge);

    /// <summary>The first match that begins at an offset or behind it; null where there is none.</summary>
    public PatternMatch? From(int start)
    {
        int[]? found = null;
        now.Clear();
        var at = start;
        var before = KindBefore(start);
        var (symbol, width) = Read(at);
        while (now.Count > 0 || (found is null && (at == 0 || !steps.IsFixed)))
        {
            if (found is null && (at == 0 || !steps.IsFixed))
            {
                Array.Fill(ends, -1);
                ends[0] = at;
                Enter(now, 0, at, before, symbols.KindOf(symbol));
            }

            var (nextSymbol, nextWidth) = symbol == symbols.End ? (symbol, 0) : Read(at + width);
            next.Clear();
            found = Step(at, width, symbol, symbols.KindOf(nextSymbol)) ?? found;
            if (symbol == symbols.End) break;
            (now, next) = (next, now);
            before = symbols.KindOf(symbol);
            at += width;
            (symbol, width) = (nextSymbol, nextWidth);
        }

        charge(work / WorkPerCharge);
        work %= WorkPerCharge;
        return found is null ? null : new(text, found);
    }

    // Every way reads the character, or is at the end of the pattern: those behind it in the order are then worse, and given up.
    private int[]? Step(int at, int width, int symbol, CharKind after)
    {
        if ((work += 1 + now.Count) > WorkPerCharge * WorkPerCharge)
        {
            charge(work / WorkPerCharge);
            work = 0;
        }

        var kind = symbols.KindOf(symbol);
        for (var i = 0; i < now.Count; i++)
        {
            var step = steps[now[i]];
            if (step.IsEnd)
            {
                int[] found = [.. now.EndsOf(now[i])];
                found[1] = at;
                return found;
            }

            if (symbol == symbols.End || !step.Set!.Contains(symbols.SampleOf(symbol))) continue;
            now.EndsOf(now[i]).CopyTo(ends);
            Enter(next, step.Next, at + width, kind, after);
        }

        return null;
    }

    /// <summary>Follows splits, the ends of groups, and the anchors that hold, the preferred way first. <see cref="ends"/> is afterwards what it was.</summary>
    private void Enter(Ways into, int first, int at, CharKind before, CharKind after)
    {
        var depth = 0;
        stack[depth++] = first;
        while (depth > 0)
        {
            var here = stack[--depth];
            if (here < 0)
            {
                ends[~here] = stack[--depth];
                continue;
            }

            while (into.Visit(here))
            {
                work++;
                var step = steps[here];
                if (step.IsEnd || step.Set is not null)
                {
                    into.Add(here, ends);
                    break;
                }

                if (step.Anchor is { } anchor && !PatternSymbols.Holds(anchor, before, after)) break;
                if (step.GroupEnd >= 0)
                {
                    stack[depth++] = ends[step.GroupEnd];
                    stack[depth++] = ~step.GroupEnd;
                    ends[step.GroupEnd] = at;
                }

                if (step.Other >= 0) stack[depth++] = step.Other;
                here = step.Next;
            }
        }
    }

    private CharKind KindBefore(int at)
    {
        if (at == 0) return CharKind.Edge;
        Rune.DecodeLastFromUtf16(text.AsSpan(0, at), out var rune, out _);
        return symbols.KindOf(symbols.Of(rune.Value));
    }

    private (int Symbol, int Width) Read(int at)
    {
        if (at == text.Length) return (symbols.End, 0);
        if (text[at] < PatternSymbols.AsciiCount) return (symbols.OfAscii(text[at]), 1);
        Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var width);
        return (symbols.Of(rune.Value), width);
    }

    /// <summary>Steps in order of preference, each once, with the ends of the groups on the way to it.</summary>
    private sealed class Ways(int steps, int slots)
    {
        private readonly int[] order = new int[steps], seen = new int[steps], ends = new int[steps * slots];
        private int round = 1;

        public int Count { get; private set; }

        public int this[int index] => order[index];

        public Span<int> EndsOf(int step) => ends.AsSpan(step * slots, slots);

        public bool Visit(int step)
        {
            if (seen[step] == round) return false;
            seen[step] = round;
            return true;
        }

        public void Add(int step, int[] with)
        {
            order[Count++] = step;
            with.CopyTo(EndsOf(step));
        }

        public void Clear()
        {
            Count = 0;
            if (++round > 0) return;
            Array.Clear(seen);
            round = 1;
        }
    }
}
