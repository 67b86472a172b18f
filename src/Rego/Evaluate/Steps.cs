// Steps: a body as a chain. Each step runs the rest of the chain once for every way in which it holds. True means: enough was found, stop.
// Invariant: a local is bound by exactly one step of a chain, so nothing has to be undone.
using CabinCrew.Rego.Builtins;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

internal abstract class Step
{
    public Step Next { get; set; } = null!;

    public abstract bool Run(Evaluation e);
}

/// <summary>The end of a chain that only asks whether it holds.</summary>
internal sealed class FoundStep : Step
{
    public static readonly FoundStep Instance = new();

    public override bool Run(Evaluation e) => true;
}

internal sealed class NeverStep : Step
{
    public override bool Run(Evaluation e) => false;
}

/// <summary>Stands in long chains, for each step of a chain is a frame on the thread's stack.</summary>
internal sealed class StackStep : Step
{
    public override bool Run(Evaluation e)
    {
        Evaluation.EnsureStack();
        return Next.Run(e);
    }
}

internal sealed class TruthStep(Operand operand) : Step
{
    public override bool Run(Evaluation e) => operand.Eval(e) is { IsTruthy: true } && Next.Run(e);
}

internal sealed class BindStep(int slot, Operand operand) : Step
{
    public override bool Run(Evaluation e)
    {
        var value = operand.Eval(e);
        if (value is null) return false;
        e[slot] = value;
        return Next.Run(e);
    }
}

internal sealed class MatchStep(Operand operand, Pattern pattern) : Step
{
    public override bool Run(Evaluation e) => operand.Eval(e) is { } value && pattern.Match(e, value) && Next.Run(e);
}

internal sealed class EqualStep(Operand left, Operand right) : Step
{
    public override bool Run(Evaluation e) => left.Eval(e) is { } a && right.Eval(e) is { } b && a.Equals(b) && Next.Run(e);
}

internal enum Comparison
{
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

internal sealed class CompareStep(Comparison comparison, Operand left, Operand right, Builtin builtin) : Step
{
    public override bool Run(Evaluation e)
    {
        if (left.Eval(e) is not { } a || right.Eval(e) is not { } b) return false;
        if (e.Context.Mocks is { } mocks && mocks.ContainsKey(builtin)) throw Evaluation.Stop("eval_internal_error", $"{builtin.Name} cannot be replaced");
        var holds = comparison switch
        {
            Comparison.NotEqual => !a.Equals(b),
            Comparison.Less => a.CompareTo(b) < 0,
            Comparison.LessOrEqual => a.CompareTo(b) <= 0,
            Comparison.Greater => a.CompareTo(b) > 0,
            _ => a.CompareTo(b) >= 0,
        };
        return holds && Next.Run(e);
    }
}

internal sealed class NotStep(Step body) : Step
{
    public override bool Run(Evaluation e)
    {
        e.Tick();
        return !body.Run(e) && Next.Run(e);
    }
}

internal sealed class LogicalStep(bool isOr, Step left, Step right) : Step
{
    public override bool Run(Evaluation e)
    {
        e.Tick();
        var holds = isOr ? left.Run(e) || right.Run(e) : left.Run(e) && right.Run(e);
        return holds && Next.Run(e);
    }
}

internal sealed class EveryStep(Operand domain, Pattern key, Pattern value, Step body) : Step
{
    public override bool Run(Evaluation e)
    {
        switch (domain.Eval(e))
        {
            case ArrayValue array:
                for (var i = 0; i < array.Count; i++)
                {
                    if (!Holds(e, key == AnyPattern.Instance ? NullValue.Instance : NumberValue.Of(i), array[i])) return false;
                }

                break;
            case SetValue set:
                for (var i = 0; i < set.Count; i++)
                {
                    if (!Holds(e, set[i], set[i])) return false;
                }

                break;
            case ObjectValue map:
                for (var i = 0; i < map.Count; i++)
                {
                    if (!Holds(e, map.Keys[i], map.Values[i])) return false;
                }

                break;
            default:
                return false;
        }

        return Next.Run(e);
    }

    private bool Holds(Evaluation e, Value k, Value v)
    {
        e.Tick();
        return key.Match(e, k) && value.Match(e, v) && body.Run(e);
    }
}

/// <summary>Tells the observer that an expression comes, or that it held.</summary>
internal sealed class TraceStep(SourceSpan span, bool held) : Step
{
    private readonly RegoLocation location = span.ToLocation();

    public override bool Run(Evaluation e)
    {
        if (held) e.Observer?.ExpressionHeld(location);
        else e.Observer?.ExpressionTried(location);
        return Next.Run(e);
    }
}
