// A place in `data` where packages and rules and the caller's data may all lie: the node of the rule tree, if any, and the caller's value, if any.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

internal readonly struct TreeCursor(RuleNode? node, Value? data)
{
    /// <summary>A place without rules at or below it has no node: <see cref="Data"/> is all there is.</summary>
    public RuleNode? Node => node;

    public Value? Data => data;

    public bool IsNothing => node is null && data is null;

    public static TreeCursor At(RuleNode node, Evaluation e)
    {
        Value? data = e.Context.Data;
        foreach (var key in node.PathValues)
        {
            data = data?.Get(key);
        }

        return e.Context.Blocked.Length > 0 && e.Context.IsBlocked(node) ? new(null, data) : new(node, data);
    }

    /// <summary>One step down. Where a rule stands there, its value takes the place of the data.</summary>
    public TreeCursor Step(Value key, Evaluation e)
    {
        var below = GivenData.Get(data, key);
        if (node is null) return new(null, below);
        var child = node.Child(key);
        if (child is null or { Plan: FunctionRules } || (e.Context.Blocked is { Length: > 0 } blocked && Array.IndexOf(blocked, child) >= 0)) return new(null, below);
        return child.Plan is { } rules ? new(null, rules.Eval(e) ?? below) : new(child, below);
    }

    /// <summary>The whole document here.</summary>
    public Value? Read(Evaluation e)
    {
        if (node is null) return data;
        e.Enter();
        var builder = new ObjectValue.Builder();
        if (data is ObjectValue given)
        {
            for (var i = 0; i < given.Count; i++) builder.Set(given.Keys[i], given.Values[i]);
        }

        foreach (var child in node.Children)
        {
            e.Tick();
            if (ReadChild(child, e) is { } value) builder.Set(child.NameValue, value);
        }

        e.Leave();
        return builder.Build();
    }

    // In a whole document the caller's data stand over the rules; only a reference to the rule itself gets its value.
    private Value? ReadChild(RuleNode child, Evaluation e)
    {
        var value = Step(child.NameValue, e).Read(e);
        return child.Plan is not null && data?.Get(child.NameValue) is { } given ? Merge(given, value) : value;
    }

    private static Value Merge(Value given, Value? ruled)
    {
        if (given is not ObjectValue upper || ruled is not ObjectValue lower) return given;
        var builder = new ObjectValue.Builder(upper.Count + lower.Count);
        for (var i = 0; i < lower.Count; i++) builder.Set(lower.Keys[i], lower.Values[i]);
        for (var i = 0; i < upper.Count; i++) builder.Set(upper.Keys[i], Merge(upper.Values[i], lower.Get(upper.Keys[i])));
        return builder.Build();
    }

    /// <summary>The keys one step down, each once, in order.</summary>
    public IReadOnlyList<Value> Keys()
    {
        if (data is not (ObjectValue { Count: > 0 } or ArrayValue { Count: > 0 })) return node!.DocumentKeys;
        var keys = new List<Value>();
        if (data is ObjectValue map) keys.AddRange(map.Keys);
        else if (data is ArrayValue array) keys.AddRange(Enumerable.Range(0, array.Count).Select(i => Value.From(i)));
        foreach (var child in node!.Children)
        {
            if (!child.IsFunction && (data as ObjectValue)?.ContainsKey(child.NameValue) != true) keys.Add(child.NameValue);
        }

        keys.Sort();
        return keys;
    }
}
