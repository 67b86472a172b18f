// `with`: the steps up to the matching end see other documents or functions; what comes behind that end sees the old ones again.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

/// <summary>What a reference starts from.</summary>
internal enum RefRoot
{
    Local,
    Input,
    Data,
}

/// <summary>One replacement: of <c>input</c> or <c>data</c> at a path, or of a function (by its <see cref="Builtins.Builtin"/> or <see cref="RuleNode"/>).</summary>
internal sealed record Replacement(RefRoot Root, Operand[] Path, RuleNode? Blocks, object? Function, Operand? Value, CallTarget? Target);

internal sealed class WithStep(Replacement[] replacements) : Step
{
    public override bool Run(Evaluation e)
    {
        var outer = e.Context;
        var input = outer.Input;
        var data = outer.Data;
        var blocked = outer.Blocked;
        var mocks = outer.Mocks;
        foreach (var replacement in replacements)
        {
            Value? value = null;
            if (replacement.Value is not null)
            {
                value = replacement.Value.Eval(e);
                if (value is null) return false;
            }

            if (replacement.Function is not null)
            {
                mocks = mocks is null || mocks == outer.Mocks ? new(mocks ?? []) : mocks;
                mocks[replacement.Function] = new(replacement.Target, value);
                continue;
            }

            var path = new Value[replacement.Path.Length];
            for (var i = 0; i < path.Length; i++)
            {
                if (replacement.Path[i].Eval(e) is not { } key) return false;
                path[i] = key;
            }

            if (replacement.Root == RefRoot.Input) input = Put(input, path, 0, value!);
            else data = Put(data, path, 0, value!);
            if (replacement.Blocks is { } node) blocked = [.. blocked, node];
        }

        e.Enter();
        e.Context = new(outer, input, data, e.Plan.RuleSetCount) { Blocked = blocked, Mocks = mocks };
        var stop = Next.Run(e);
        e.Context = outer;
        e.Leave();
        return stop;
    }

    private static Value Put(Value? document, Value[] path, int at, Value value) =>
        at == path.Length ? value : (document as ObjectValue ?? ObjectValue.Empty).With(path[at], Put(document?.Get(path[at]), path, at + 1, value));
}

internal sealed class WithEndStep : Step
{
    public override bool Run(Evaluation e)
    {
        var inner = e.Context;
        e.Context = inner.Outer!;
        var stop = Next.Run(e);
        e.Context = inner;
        return stop;
    }
}
