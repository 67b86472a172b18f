// The rules that make one document or function. A document is worked out once in a context and remembered there.
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

/// <summary>One rule with its body as a chain; its <c>else</c> is tried where the body does not hold.</summary>
internal sealed class RuleBody
{
    public required RuleInfo Info { get; init; }

    public required SourceSpan Span { get; init; }

    public Pattern[] Parameters { get; set; } = [];

    public int FrameSize { get; set; }

    public Step Entry { get; set; } = null!;

    /// <summary>The one value this body can have, where that is known beforehand.</summary>
    public Value? Constant { get; set; }

    public RuleBody? Else { get; set; }

    /// <summary>Conditions on the input that must hold for the body to hold.</summary>
    public IReadOnlyList<InputTest> Tests { get; set; } = [];

    /// <summary>The value of a complete rule or function, arguments (if any) in the slots from <paramref name="arguments"/> on.</summary>
    public Value? Evaluate(Evaluation e, int arguments)
    {
        for (var body = this; body is not null; body = body.Else)
        {
            if (body.EvaluateOnce(e, arguments) is { } value) return value;
        }

        return null;
    }

    private Value? EvaluateOnce(Evaluation e, int arguments)
    {
        e.Tick();
        var (outerBase, outerResult) = (e.Base, e.Result);
        var at = e.Reserve(FrameSize);
        e.Base = at;
        e.Result = null;
        if (Bind(e, arguments)) Entry.Run(e);
        var value = e.Result;
        e.Release(at);
        e.Base = outerBase;
        e.Result = outerResult;
        return value;
    }

    /// <summary>Runs the chain for its effect on the sink.</summary>
    public void Run(Evaluation e)
    {
        e.Tick();
        var outerBase = e.Base;
        var at = e.Reserve(FrameSize);
        e.Base = at;
        Entry.Run(e);
        e.Release(at);
        e.Base = outerBase;
    }

    private bool Bind(Evaluation e, int arguments)
    {
        for (var i = 0; i < Parameters.Length; i++)
        {
            if (!Parameters[i].Match(e, e.Argument(arguments + i))) return false;
        }

        return true;
    }
}

/// <summary>The end of a body of a complete rule or function. Two values of one rule are a conflict.</summary>
internal sealed class CompleteEndStep(RuleBody body, Operand value, string conflict) : Step
{
    public override bool Run(Evaluation e)
    {
        if (value.Eval(e) is not { } found) return false;
        if (e.Result is not { } earlier)
        {
            e.Result = found;
            e.Fire(body.Info, found);
        }
        else if (!earlier.Equals(found))
        {
            throw Evaluation.Conflict(conflict, body.Span);
        }

        return body.Constant is not null;
    }
}

internal abstract class RuleSet(RuleNode node, int number)
{
    public RuleNode Node => node;

    /// <summary>Its place in the memo of a context.</summary>
    public int Number => number;

    public string Name => node.ToString();

    public RuleBody[] Bodies { get; set; } = [];

    public RuleIndex? Index { get; set; }

    /// <summary>What its value depends on.</summary>
    public Footprint Footprint { get; } = new();

    /// <summary>Its value follows from the program and the caller's data. Known once all bodies are made.</summary>
    public bool IsStanding { get; set; }

    /// <summary>The bodies that can hold.</summary>
    protected RuleBody[] Candidates(Evaluation e) => Index is null ? Bodies : Index.Pick(e);

    public RuleBody? Default { get; set; }

    public Value? Eval(Evaluation e)
    {
        if (e.Context.Blocked.Length > 0 && e.Context.IsBlocked(node)) return TreeCursor.At(node, e).Data;
        return e.Context.Evaluate(this, e);
    }

    public abstract Value? Compute(Evaluation e);

    protected Value? ComputeComplete(Evaluation e, int arguments, string conflict)
    {
        Value? result = null;
        foreach (var body in Candidates(e))
        {
            if (result is not null && body.Constant is { } constant && body.Else is null && constant.Equals(result)) continue;
            if (body.Evaluate(e, arguments) is not { } value) continue;
            if (result is not null && !result.Equals(value)) throw Evaluation.Conflict(conflict, body.Span);
            result = value;
        }

        return result ?? Default?.Evaluate(e, arguments);
    }
}

internal sealed class CompleteRules(RuleNode node, int number) : RuleSet(node, number)
{
    public const string ConflictMessage = "complete rules must not produce multiple outputs";

    public override Value? Compute(Evaluation e) => ComputeComplete(e, 0, ConflictMessage);
}

internal sealed class FunctionRules(RuleNode node, int number) : RuleSet(node, number)
{
    public const string ConflictMessage = "functions must not produce multiple outputs for same inputs";

    /// <summary>Its answers are worth remembering: a body searches or calls.</summary>
    public bool IsCostly { get; set; }

    public override Value? Compute(Evaluation e) => null;

    public Value? Call(Evaluation e, int at, int count)
    {
        if (!IsCostly) return Run(e, at);
        var hash = CallMemo.HashOf(this, e.Arguments(at, count));
        var calls = e.Context.Calls;
        if (calls.TryGet(this, e.Arguments(at, count), hash, out var known)) return known;
        var answer = Run(e, at);
        calls.Add(this, e.Arguments(at, count), hash, answer);
        return answer;
    }

    private Value? Run(Evaluation e, int at)
    {
        e.Enter();
        var answer = ComputeComplete(e, at, ConflictMessage);
        e.Leave();
        return answer;
    }
}
