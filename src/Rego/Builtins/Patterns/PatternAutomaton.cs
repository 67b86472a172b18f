// Whether a regular expression matches anywhere in a text, told by an automaton: linear in the text whatever the pattern. Its states are made when a text
// first leads to them, so that a pattern costs little before it is used; what they take up is bounded, and when that is reached the states are made anew.
// Invariants: states are immutable but for the ways on, which all lead to equal states, so threads share them; half a surrogate pair reads as U+FFFD, as in Go.
using System.Text;

namespace CabinCrew.Rego.Builtins.Patterns;

internal sealed class PatternAutomaton
{
    /// <summary>What all states may take up together, in ways on and steps.</summary>
    private const int RoomMax = 1 << 17;

    private readonly PatternSteps steps;
    private readonly PatternSymbols symbols;
    private readonly Lock making = new();
    private readonly State matched = new("", 0), dead = new("", 0);
    private readonly int[] seen, path;
    private readonly char[] kernel;
    private Dictionary<string, State> known = new(StringComparer.Ordinal);
    private State start;
    private int room, round;

    public PatternAutomaton(PatternSteps steps, PatternSymbols symbols)
    {
        (this.steps, this.symbols) = (steps, symbols);
        seen = new int[steps.Count];
        path = new int[2 * steps.Count];
        kernel = new char[steps.Count + 1];
        start = First();
    }

    public bool IsMatch(ReadOnlySpan<char> text)
    {
        var state = Volatile.Read(ref start);
        for (var at = 0; at < text.Length; at++)
        {
            int symbol;
            if (text[at] < PatternSymbols.AsciiCount) symbol = symbols.OfAscii(text[at]);
            else
            {
                Rune.DecodeFromUtf16(text[at..], out var rune, out var length);
                at += length - 1;
                symbol = symbols.Of(rune.Value);
            }

            state = state.Next[symbol] ?? Make(state, symbol);
            if (state == matched) return true;
            if (state == dead) return false;
        }

        return (state.Next[symbols.End] ?? Make(state, symbols.End)) == matched;
    }

    // What a state is: where the pattern stands, anchors not yet decided, and what the character before was.
    private sealed class State(string key, int waysOn)
    {
        public string Key => key;

        public State?[] Next { get; } = waysOn == 0 ? [] : new State?[waysOn];
    }

    private State First()
    {
        kernel[0] = (char)CharKind.Edge;
        kernel[1] = (char)0;
        return Named(2);
    }

    private State Make(State from, int symbol)
    {
        lock (making) return from.Next[symbol] = Follow(from.Key, symbol);
    }

    private State Follow(string from, int symbol)
    {
        var (before, after) = ((CharKind)from[0], symbols.KindOf(symbol));
        Begin();
        int found = 0, length = 1;
        // The ends of anchors and splits stand behind the kernel in the same room: each step is entered once.
        for (var i = 1; i < from.Length; i++)
        {
            if (Enter(from[i], before, after, ref found)) return matched;
        }

        if (symbol == symbols.End) return dead;
        var character = symbols.SampleOf(symbol);
        Begin();
        foreach (var step in path.AsSpan(steps.Count, found))
        {
            var next = steps[step].Next;
            if (!steps[step].Set!.Contains(character) || seen[next] == round) continue;
            seen[next] = round;
            kernel[length++] = (char)next;
        }

        // A match may begin at every character, unless it can only begin with the text.
        if (!steps.IsFixed && seen[0] != round) kernel[length++] = (char)0;
        if (length == 1) return dead;
        kernel[0] = (char)after;
        return Named(length);
    }

    /// <summary>Follows splits and the anchors that hold; what reads goes behind the half of <see cref="path"/> that is the stack. True: the pattern's end was reached.</summary>
    private bool Enter(int first, CharKind before, CharKind after, ref int found)
    {
        var depth = 0;
        path[depth++] = first;
        while (depth > 0)
        {
            var at = path[--depth];
            while (seen[at] != round)
            {
                seen[at] = round;
                var step = steps[at];
                if (step.IsEnd) return true;
                if (step.Set is not null)
                {
                    path[steps.Count + found++] = at;
                    break;
                }

                if (step.Anchor is { } anchor && !PatternSymbols.Holds(anchor, before, after)) break;
                if (step.Other >= 0 && seen[step.Other] != round) path[depth++] = step.Other;
                at = step.Next;
            }
        }

        return false;
    }

    private State Named(int length)
    {
        var key = new string(kernel, 0, length);
        if (known.TryGetValue(key, out var state)) return state;
        var size = symbols.Count + length;
        if (room + size > RoomMax && known.Count > 0)
        {
            // Texts that lead to ever new states: those known are left to the matches that still stand in them.
            known = new(StringComparer.Ordinal);
            room = 0;
            var first = new State(start.Key, symbols.Count);
            Volatile.Write(ref start, first);
            known[first.Key] = first;
            if (key == first.Key) return first;
        }

        room += size;
        return known[key] = new(key, symbols.Count);
    }

    private void Begin()
    {
        if (++round != 0) return;
        Array.Clear(seen);
        round = 1;
    }
}
