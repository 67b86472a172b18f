// The documents that an evaluation sees and what it has worked out about them. A `with` makes a new one; nothing worked out is carried over.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

/// <summary>What takes the place of a function: another function or a value.</summary>
internal sealed record Mock(CallTarget? Target, Value? Value);

internal sealed class Context(Context? outer, Value? input, Value data, int ruleSets)
{
    private static readonly object Undefined = new();
    private static readonly object Working = new();

    private readonly object?[] memo = new object?[ruleSets];
    private CallMemo? calls;

    public Context? Outer => outer;

    public Value? Input => input;

    public Value Data => data;

    /// <summary>Nodes of the rule tree whose rules are replaced by what <see cref="Data"/> holds.</summary>
    public RuleNode[] Blocked { get; init; } = [];

    /// <summary>Replaced functions: by <see cref="Builtins.Builtin"/> or <see cref="RuleNode"/>.</summary>
    public Dictionary<object, Mock>? Mocks { get; init; }

    public CallMemo Calls => calls ??= new();

    public Context WithoutMocks() => new(Outer, Input, Data, memo.Length) { Blocked = Blocked };

    public bool IsBlocked(RuleNode node)
    {
        for (RuleNode? at = node; at is not null; at = at.Parent)
        {
            if (Array.IndexOf(Blocked, at) >= 0) return true;
        }

        return false;
    }

    public Value? Evaluate(RuleSet rules, Evaluation e)
    {
        var known = memo[rules.Number];
        if (known is Value value) return value;
        if (known is null) return Compute(rules, e);
        if (known == Working) throw Evaluation.Stop("eval_internal_error", $"{rules.Name} depends on itself");
        return null;
    }

    private Value? Compute(RuleSet rules, Evaluation e)
    {
        memo[rules.Number] = Working;
        e.Enter();
        var value = e.Document(rules);
        e.Leave();
        memo[rules.Number] = value ?? Undefined;
        return value;
    }
}

/// <summary>Answers of functions for arguments seen before.</summary>
internal sealed class CallMemo
{
    // Objects in chains: most evaluations remember few calls, and a growing table of them would be copied over and over.
    private sealed class Entry(FunctionRules function, Value first, Value[] others, Value? answer, int hash)
    {
        public Value? Answer => answer;

        public int Hash => hash;

        public Entry? Next { get; set; }

        public bool Holds(FunctionRules asked, ReadOnlySpan<Value> arguments) =>
            asked == function && arguments[0].Equals(first) && arguments[1..].SequenceEqual(others);
    }

    private Entry?[] buckets = new Entry?[32];
    private int count;

    public static int HashOf(FunctionRules function, ReadOnlySpan<Value> arguments)
    {
        var hash = function.Number;
        foreach (var argument in arguments) hash = (hash * 31) ^ argument.GetHashCode();
        return hash;
    }

    public bool TryGet(FunctionRules function, ReadOnlySpan<Value> arguments, int hash, out Value? answer)
    {
        for (var entry = buckets[hash & (buckets.Length - 1)]; entry is not null; entry = entry.Next)
        {
            if (entry.Hash != hash || !entry.Holds(function, arguments)) continue;
            answer = entry.Answer;
            return true;
        }

        answer = null;
        return false;
    }

    public void Add(FunctionRules function, ReadOnlySpan<Value> arguments, int hash, Value? answer)
    {
        if (count++ == buckets.Length * 2) Grow();
        Put(new(function, arguments[0], arguments[1..].ToArray(), answer, hash));
    }

    private void Put(Entry entry)
    {
        ref var bucket = ref buckets[entry.Hash & (buckets.Length - 1)];
        entry.Next = bucket;
        bucket = entry;
    }

    private void Grow()
    {
        var chains = buckets;
        buckets = new Entry?[chains.Length * 4];
        foreach (var first in chains)
        {
            for (var entry = first; entry is not null;)
            {
                var next = entry.Next;
                Put(entry);
                entry = next;
            }
        }
    }
}
