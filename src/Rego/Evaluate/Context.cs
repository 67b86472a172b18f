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
        var value = rules.Compute(e);
        e.Leave();
        memo[rules.Number] = value ?? Undefined;
        return value;
    }
}

/// <summary>Answers of functions for arguments seen before.</summary>
internal sealed class CallMemo
{
    private struct Entry
    {
        public FunctionRules Function;
        public Value[] Arguments;
        public Value? Answer;
        public int Hash;
        public int Next;
    }

    private Entry[] entries = new Entry[16];
    private int[] buckets = new int[16];
    private int count;

    public static int HashOf(FunctionRules function, ReadOnlySpan<Value> arguments)
    {
        var hash = function.Number;
        foreach (var argument in arguments) hash = (hash * 31) ^ argument.GetHashCode();
        return hash;
    }

    public bool TryGet(FunctionRules function, ReadOnlySpan<Value> arguments, int hash, out Value? answer)
    {
        for (var i = buckets[hash & (buckets.Length - 1)] - 1; i >= 0; i = entries[i].Next)
        {
            ref var entry = ref entries[i];
            if (entry.Hash != hash || entry.Function != function || !arguments.SequenceEqual(entry.Arguments)) continue;
            answer = entry.Answer;
            return true;
        }

        answer = null;
        return false;
    }

    public void Add(FunctionRules function, ReadOnlySpan<Value> arguments, int hash, Value? answer)
    {
        if (count == entries.Length) Grow();
        ref var bucket = ref buckets[hash & (buckets.Length - 1)];
        entries[count] = new() { Function = function, Arguments = arguments.ToArray(), Answer = answer, Hash = hash, Next = bucket - 1 };
        bucket = ++count;
    }

    private void Grow()
    {
        Array.Resize(ref entries, count * 2);
        buckets = new int[count * 2];
        for (var i = 0; i < count; i++)
        {
            ref var bucket = ref buckets[entries[i].Hash & (buckets.Length - 1)];
            entries[i].Next = bucket - 1;
            bucket = i + 1;
        }
    }
}
