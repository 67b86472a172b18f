// Picks the rules that can hold from what the input has at one place, where many rules ask that place for a constant.
// Invariant: a rule that is left out has `input.a.b == constant` in its body with another constant, so it could not have held.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

/// <summary>A condition of a rule: the input at a path is a constant.</summary>
/// <remarks>A class, as all that is kept in lists: lists of own structs are compiled anew at every start.</remarks>
internal sealed class InputTest(Value[] path, Value constant)
{
    public ArrayValue Path { get; } = ArrayValue.Of(path);

    public Value Constant => constant;
}

internal sealed class RuleIndex
{
    private const int RulesMin = 6;
    private const int EntriesMax = 1_000_000;

    private readonly InputPathOperand place;
    private readonly Dictionary<Value, RuleBody[]> byConstant;
    private readonly RuleBody[] others;

    private RuleIndex(Value[] path, Dictionary<Value, RuleBody[]> byConstant, RuleBody[] others)
    {
        place = new(path);
        this.byConstant = byConstant;
        this.others = others;
    }

    /// <summary>An index on the place that most rules test; null where it would not pay.</summary>
    public static RuleIndex? Make(RuleBody[] bodies)
    {
        if (bodies.Length < RulesMin) return null;
        if (MostTested(bodies) is not { } path) return null;
        var groups = new Dictionary<Value, List<int>>();
        var others = new List<int>();
        for (var i = 0; i < bodies.Length; i++)
        {
            var wanted = bodies[i].Else is null ? bodies[i].Tests.FirstOrDefault(t => t.Path.Equals(path))?.Constant : null;
            if (wanted is null) others.Add(i);
            else if (groups.TryGetValue(wanted, out var group)) group.Add(i);
            else groups[wanted] = [i];
        }

        if ((long)groups.Count * others.Count > EntriesMax) return null;
        return new(path.Items.ToArray(),
            groups.ToDictionary(g => g.Key, g => g.Value.Concat(others).Order().Select(i => bodies[i]).ToArray()),
            [.. others.Select(i => bodies[i])]);
    }

    private static ArrayValue? MostTested(RuleBody[] bodies)
    {
        var counts = new Dictionary<Value, int>();
        ArrayValue? best = null;
        foreach (var body in bodies)
        {
            if (body.Else is not null) continue;
            foreach (var test in body.Tests)
            {
                counts[test.Path] = counts.TryGetValue(test.Path, out var before) ? before + 1 : 1;
                if (best is null || counts[test.Path] > counts[best]) best = test.Path;
            }
        }

        return best is not null && counts[best] >= RulesMin ? best : null;
    }

    public RuleBody[] Pick(Evaluation e) => place.Eval(e) is { } value && byConstant.TryGetValue(value, out var bodies) ? bodies : others;
}
