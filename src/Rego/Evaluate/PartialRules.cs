// Rules that each add to a document: sets, objects, and objects of objects and sets (references with variables in the head).
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

internal sealed class PartialSetRules(RuleNode node, int number) : RuleSet(node, number)
{
    public override Value? Compute(Evaluation e)
    {
        var outer = e.Sink;
        var sink = new SetValue.Builder();
        e.Sink = sink;
        foreach (var body in Candidates(e)) body.Run(e);
        e.Sink = outer;
        return e.Weighed(sink.Build());
    }

    public sealed class EndStep(RuleBody body, Operand item) : Step
    {
        public override bool Run(Evaluation e)
        {
            if (item.Eval(e) is not { } value) return false;
            e.Charge(1);
            ((SetValue.Builder)e.Sink!).Add(value);
            e.Fire(body.Info, value);
            return false;
        }
    }
}

internal sealed class PartialObjectRules(RuleNode node, int number) : RuleSet(node, number)
{
    private const string ConflictMessage = "object keys must be unique";

    public override Value? Compute(Evaluation e)
    {
        var outer = e.Sink;
        var sink = new PartialDocument();
        foreach (var body in Candidates(e))
        {
            e.Sink = sink;
            body.Run(e);
        }

        e.Sink = outer;
        return e.Weighed(sink.Build(e));
    }

    /// <summary>The end of a body that adds one value, or one member of a set, at a path.</summary>
    public sealed class EndStep(RuleBody body, Operand[] path, Operand item, bool isMember) : Step
    {
        public override bool Run(Evaluation e)
        {
            if (item.Eval(e) is not { } value) return false;
            e.Charge(1);
            var document = (PartialDocument)e.Sink!;
            foreach (var part in path)
            {
                if (part.Eval(e) is not { } key) return false;
                document = document.Below(key) ?? throw Evaluation.Conflict(ConflictMessage, body.Span);
            }

            if (!document.Add(value, isMember, e)) throw Evaluation.Conflict(ConflictMessage, body.Span);
            e.Fire(body.Info);
            return false;
        }
    }

    /// <summary>A rule with an <c>else</c> or a default among partial ones: its path is fixed, its value that of a complete rule.</summary>
    public sealed class CompletePart(RuleBody inner, Value[] path, bool onlyIfMissing) : Step
    {
        public override bool Run(Evaluation e)
        {
            var document = (PartialDocument)e.Sink!;
            if (inner.Evaluate(e, 0) is not { } value) return false;
            foreach (var key in path) document = document.Below(key) ?? throw Evaluation.Conflict(ConflictMessage, inner.Span);
            if (onlyIfMissing && !document.IsEmpty) return false;
            if (!document.Add(value, false, e)) throw Evaluation.Conflict(ConflictMessage, inner.Span);
            return false;
        }
    }
}

/// <summary>A document while rules add to it: a value, a set, or further documents by key. Nothing can be put inside of what a rule has given whole.</summary>
internal sealed class PartialDocument
{
    private Dictionary<Value, PartialDocument>? children;
    private SetValue.Builder? members;
    private Value? value;

    public bool IsEmpty => children is null && members is null && value is null;

    /// <summary>The document under a key; null where this one is a value or a set already.</summary>
    public PartialDocument? Below(Value key)
    {
        if (value is not null || members is not null) return null;
        children ??= [];
        if (!children.TryGetValue(key, out var child)) children[key] = child = new();
        return child;
    }

    /// <summary>False where something else is there already.</summary>
    public bool Add(Value item, bool isMember, Evaluation e)
    {
        if (isMember)
        {
            if (value is not null || children is not null) return false;
            (members ??= new()).Add(item);
            return true;
        }

        if (members is not null) return false;
        if (children is not null) return Build(e).Equals(item);
        value ??= item;
        return value.Equals(item);
    }

    public Value Build(Evaluation e)
    {
        if (members is not null) return members.Build();
        if (children is null) return value ?? ObjectValue.Empty;
        e.Enter();
        var builder = new ObjectValue.Builder(children.Count);
        foreach (var (key, child) in children)
        {
            // A path that was begun and not finished holds nothing.
            if (!child.IsEmpty) builder.Set(key, child.Build(e));
        }

        e.Leave();
        return builder.Build();
    }
}
