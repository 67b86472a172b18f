// A query ready to be asked. Immutable; each evaluation has a state of its own, so threads share it freely.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

/// <summary>One way in which a query holds. <see cref="Values"/> are those of its bare expressions, in the order written.</summary>
public sealed record RegoAnswer(ObjectValue Bindings, ArrayValue Values);

/// <summary>What an evaluation found: answers or an error, never both. No answers: the query is undefined.</summary>
public sealed class RegoAnswers
{
    internal RegoAnswers(IReadOnlyList<RegoAnswer> answers, RegoError? error, IReadOnlyList<RuleInfo> fired)
    {
        Answers = answers;
        Error = error;
        FiredRules = fired;
    }

    public IReadOnlyList<RegoAnswer> Answers { get; }

    /// <summary>Why there is no answer that could be trusted; null where all went well.</summary>
    public RegoError? Error { get; }

    /// <summary>The rule bodies that held on the documents as given (what held only under a <c>with</c> is left out), in the order of the program.</summary>
    public IReadOnlyList<RuleInfo> FiredRules { get; }

    /// <summary>The value of the query's first bare expression in its first answer; null where undefined.</summary>
    public Value? Value => Answers is [{ Values.Count: > 0 } first, ..] ? first.Values[0] : null;
}

public sealed class PreparedQuery
{
    private readonly Plan plan;
    private readonly Step entry;
    private readonly int frameSize;

    internal PreparedQuery(Plan plan, Step entry, int frameSize)
    {
        this.plan = plan;
        this.entry = entry;
        this.frameSize = frameSize;
    }

    /// <summary>Evaluates on documents. <paramref name="input"/> null: undefined. <paramref name="data"/> null: empty, beside what the rules define.</summary>
    public RegoAnswers Evaluate(Value? input, Value? data, EvaluationOptions? options = null, CancellationToken cancellationToken = default)
    {
        var e = new Evaluation(plan, input, data ?? ObjectValue.Empty, options ?? EvaluationOptions.Default, cancellationToken);
        try
        {
            var answers = new List<RegoAnswer>(1);
            e.Sink = answers;
            e.Base = e.Reserve(frameSize);
            entry.Run(e);
            return new(answers, null, e.Fired());
        }
        catch (EvaluationStopped stopped)
        {
            return new([], stopped.Error, e.Fired());
        }
        catch (InsufficientExecutionStackException)
        {
            return new([], new("eval_limit_depth", "evaluation nests too deeply", default), e.Fired());
        }
        finally
        {
            e.End();
        }
    }
}

/// <summary>The end of a query's chain.</summary>
internal sealed class QueryEndStep(Local[] variables, Operand[] values) : Step
{
    private readonly StringValue[] names = [.. variables.Select(v => new StringValue(v.Name))];

    public override bool Run(Evaluation e)
    {
        e.Charge(1);
        var bindings = ObjectValue.Empty;
        if (variables.Length > 0)
        {
            var builder = new ObjectValue.Builder(variables.Length);
            for (var i = 0; i < variables.Length; i++) builder.Set(names[i], e[variables[i].Slot]!);
            bindings = builder.Build();
        }

        var found = new Value[values.Length];
        for (var i = 0; i < found.Length; i++) found[i] = values[i].Eval(e)!;
        ((List<RegoAnswer>)e.Sink!).Add(new(bindings, ArrayValue.Own(found)));
        return false;
    }
}
