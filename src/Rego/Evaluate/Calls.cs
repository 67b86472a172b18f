// Calls of built-ins and of functions. Arguments lie in the slots reserved for the call.
using CabinCrew.Rego.Builtins;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

internal abstract class CallTarget
{
    /// <summary>What a <c>with</c> replaces this target by: a <see cref="Builtin"/> or a <see cref="RuleNode"/>.</summary>
    public abstract object Identity { get; }

    public abstract Value? Invoke(Evaluation e, int at, int count, SourceSpan span);
}

internal sealed class BuiltinTarget(Builtin builtin) : CallTarget
{
    // A refused one is reached only where a `with` somewhere replaces it, or puts it in the place of another.
    private readonly BuiltinFunction function = builtin.Refusal is not { } reason ? builtin.Function
        : builtin.Name == "opa.runtime" ? (_, _) => ObjectValue.Empty
        : (context, _) => context.Fail(reason);

    public override object Identity => builtin;

    public override Value? Invoke(Evaluation e, int at, int count, SourceSpan span)
    {
        var answer = function(e, e.Arguments(at, count));
        return answer is not null ? e.Weighed(answer) : e.Failed ? e.BuiltinFailed(builtin, span) : null;
    }
}

internal sealed class FunctionTarget(FunctionRules function) : CallTarget
{
    public override object Identity => function.Node;

    public override Value? Invoke(Evaluation e, int at, int count, SourceSpan span) => function.Call(e, at, count);
}

/// <summary>A call whose answer is held against a pattern (<see cref="TruePattern"/> where it is a condition).</summary>
internal sealed class CallStep(CallTarget target, Operand[] arguments, Pattern output, bool isRelation, SourceSpan span) : Step
{
    public override bool Run(Evaluation e)
    {
        e.Tick();
        var at = e.Reserve(arguments.Length);
        for (var i = 0; i < arguments.Length; i++)
        {
            if (arguments[i].Eval(e) is not { } argument)
            {
                e.Release(at);
                return false;
            }

            e.Pass(at + i, argument);
        }

        var answer = e.Context.Mocks is { } mocks && mocks.TryGetValue(target.Identity, out var mock)
            ? Mocked(e, mock, at)
            : target.Invoke(e, at, arguments.Length, span);
        e.Release(at);
        if (answer is null) return false;
        if (isRelation) return All(e, (ArrayValue)answer);
        return output.Match(e, answer) && Next.Run(e);
    }

    private bool All(Evaluation e, ArrayValue answers)
    {
        for (var i = 0; i < answers.Count; i++)
        {
            e.Tick();
            if (output.Match(e, answers[i]) && Next.Run(e)) return true;
        }

        return false;
    }

    private Value? Mocked(Evaluation e, Mock mock, int at)
    {
        if (mock.Target is null) return mock.Value;
        var context = e.Context;
        e.Context = context.WithoutMocks();
        var answer = mock.Target.Invoke(e, at, arguments.Length, span);
        e.Context = context;
        return answer;
    }
}

/// <summary><c>print(...)</c>: arguments that are undefined print as such. Nothing is worked out where nobody reads it.</summary>
internal sealed class PrintStep(Operand[] arguments) : Step
{
    public override bool Run(Evaluation e)
    {
        if (e.Observer is not null)
            e.Print(string.Join(' ', arguments.Select(a => a.Eval(e) switch { null => "<undefined>", StringValue text => text.Text, var value => value.ToString() })));
        return Next.Run(e);
    }
}
