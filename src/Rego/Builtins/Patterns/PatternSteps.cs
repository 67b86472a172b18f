// A regular expression as the steps of an automaton: each reads one character, splits, asks what stands around it, or is where a group begins or ends. Step 0 is the first.
namespace CabinCrew.Rego.Builtins.Patterns;

/// <summary>One of: reads a character of <see cref="Set"/>, passes where <see cref="Anchor"/> holds, goes both ways (<see cref="Other"/>), notes where it is (<see cref="GroupEnd"/>), or is the end.</summary>
/// <remarks>A class, as all that is kept in lists: lists of own structs are compiled anew at every start.</remarks>
internal sealed class PatternStep(CharClass? set = null, Anchor? anchor = null, bool isEnd = false, int groupEnd = -1)
{
    public CharClass? Set => set;

    public Anchor? Anchor => anchor;

    public bool IsEnd => isEnd;

    /// <summary>Twice the group's number where it begins, one more where it ends; -1: neither.</summary>
    public int GroupEnd => groupEnd;

    /// <summary>The way on that is preferred.</summary>
    public int Next { get; set; } = -1;

    public int Other { get; set; } = -1;
}

internal sealed class PatternSteps
{
    // Each has to fit a character, with room for what else a state's name holds.
    private const int CountMax = 60_000;

    private readonly List<PatternStep> all = [];
    private readonly bool groups;

    private PatternSteps(bool groups) => this.groups = groups;

    public int Count => all.Count;

    public PatternStep this[int index] => all[index];

    /// <summary>Whether a match can begin at the beginning of the text only.</summary>
    public bool IsFixed { get; private set; }

    /// <summary>Null where they are too many.</summary>
    /// <param name="groups">Where groups begin and end are steps as well.</param>
    public static PatternSteps? Of(PatternNode root, bool groups)
    {
        var steps = new PatternSteps(groups);
        if (!steps.Add(root)) return null;
        steps.Put(new(isEnd: true));
        steps.IsFixed = steps.BeginsWithText();
        return steps;
    }

    // Every piece begins where it is put and ends where the next step will be. False: too many.
    private bool Add(PatternNode node)
    {
        if (all.Count > CountMax) return false;
        switch (node)
        {
            case ClassNode set:
                Pass(Put(new(set.Set)));
                return true;
            case AnchorNode anchor:
                Pass(Put(new(anchor: anchor.Kind)));
                return true;
            case GroupNode group:
                if (!groups) return Add(group.Body);
                Pass(Put(new(groupEnd: 2 * group.Number)));
                if (!Add(group.Body)) return false;
                Pass(Put(new(groupEnd: (2 * group.Number) + 1)));
                return true;
            case SequenceNode sequence:
                foreach (var part in sequence.Parts)
                {
                    if (!Add(part)) return false;
                }

                return true;
            case ChoiceNode choice:
                return AddChoice(choice.Options);
            case RepeatNode repeat:
                return AddRepeat(repeat);
            default:
                throw new InvalidOperationException($"a pattern of an unknown kind: {node.GetType().Name}");
        }
    }

    private bool AddChoice(IReadOnlyList<PatternNode> options)
    {
        List<PatternStep> ends = [];
        for (var i = 0; i < options.Count; i++)
        {
            var split = Put(new());
            Pass(split);
            if (!Add(options[i])) return false;
            ends.Add(Put(new()));
            if (i < options.Count - 1) split.Other = all.Count;
        }

        foreach (var end in ends) Pass(end);
        return true;
    }

    private bool AddRepeat(RepeatNode repeat)
    {
        for (var i = repeat.Max < 0 ? 1 : 0; i < repeat.Min; i++)
        {
            if (!Add(repeat.Body)) return false;
        }

        if (repeat.Max < 0)
        {
            // Once and again, all of it perhaps not: what may be empty is then preferred in the order that Go has.
            var skip = repeat.Min == 0 ? Put(new()) : null;
            var body = all.Count;
            if (!Add(repeat.Body)) return false;
            var again = Put(new());
            Fork(again, body, all.Count, repeat.Greedy);
            if (skip is not null) Fork(skip, body, all.Count, repeat.Greedy);
            return true;
        }

        List<int> optional = [];
        for (var i = repeat.Min; i < repeat.Max; i++)
        {
            optional.Add(all.Count);
            Put(new());
            if (!Add(repeat.Body)) return false;
        }

        foreach (var split in optional) Fork(all[split], split + 1, all.Count, repeat.Greedy);
        return true;
    }

    private static void Fork(PatternStep split, int body, int behind, bool greedy) => (split.Next, split.Other) = greedy ? (body, behind) : (behind, body);

    private PatternStep Put(PatternStep step)
    {
        all.Add(step);
        return step;
    }

    private void Pass(PatternStep step) => step.Next = all.Count;

    private bool BeginsWithText()
    {
        var seen = new bool[all.Count];
        var open = new List<int> { 0 };
        while (open.Count > 0)
        {
            var at = open[^1];
            open.RemoveAt(open.Count - 1);
            if (seen[at]) continue;
            seen[at] = true;
            var step = all[at];
            if (step.IsEnd || step.Set is not null) return false;
            if (step.Anchor == Anchor.TextStart) continue;
            if (step.Other >= 0) open.Add(step.Other);
            open.Add(step.Next);
        }

        return true;
    }
}
