// From the core language, ordered for safety, to steps, operands and patterns. What is bound at each place is known here, once and for all.
using CabinCrew.Rego.Builtins;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile;

/// <summary>A local is needed where nothing has bound it: a fault that the safety check must have found before.</summary>
internal sealed class UnboundLocal(Local local) : Exception
{
    public Local Local => local;
}

internal sealed partial class Generator(Planner planner, Frame frame, LocalSet bound, Footprint footprint)
{
    private const int StepsPerStackCheck = 48;

    private readonly List<Step> steps = [];

    /// <summary>The chain searches, calls a function or reads another document: worth remembering its answer.</summary>
    public bool IsCostly { get; private set; }

    public bool IsBound(Local local) => bound.Contains(local);

    /// <summary>A chain for a body; the end may use everything that the body binds.</summary>
    public Step Chain(CoreBody body, Func<Generator, Step> end)
    {
        foreach (var expression in body.Expressions) Emit(expression);
        var last = end(this);
        for (var i = steps.Count - 1; i >= 0; i--)
        {
            steps[i].Next = last;
            last = i % StepsPerStackCheck == StepsPerStackCheck - 1 ? new StackStep { Next = steps[i] } : steps[i];
        }

        return last;
    }

    private Step Closure(CoreBody body, Func<Generator, Step> end)
    {
        var inner = new Generator(planner, frame, bound.Copy(), footprint);
        var chain = inner.Chain(body, end);
        IsCostly = true;
        return chain;
    }

    private void Emit(CoreExpr expression)
    {
        if (expression is CoreCall { Output: null, Callee.Builtin.Name: "equal", Arguments: [var left, var right] })
            expression = new CoreUnify(left, right, expression.Span) { Withs = expression.Withs, Negated = expression.Negated };
        var traced = planner.Instrumented && !expression.Generated;
        if (traced) steps.Add(planner.Trace(expression.Span, held: false));
        if (expression.Negated)
        {
            EmitNegated(expression);
        }
        else
        {
            if (expression.Withs.Length > 0) steps.Add(With(expression.Withs));
            EmitPlain(expression);
            if (expression.Withs.Length > 0) steps.Add(new WithEndStep());
        }

        if (traced) steps.Add(planner.Trace(expression.Span, held: true));
    }

    private void EmitNegated(CoreExpr expression)
    {
        var before = new List<CoreExpr>();
        var inside = new Negation(frame, before, expression.Withs).Rewrite(expression);
        foreach (var needed in before) Emit(needed);
        if (expression.Withs.Length > 0) steps.Add(With(expression.Withs));
        var inner = new Generator(planner, frame, bound.Copy(), footprint);
        inner.EmitPlain(inside);
        steps.Add(new NotStep(inner.Chain(new([]), _ => FoundStep.Instance)));
        IsCostly |= inner.IsCostly;
        if (expression.Withs.Length > 0) steps.Add(new WithEndStep());
    }

    private void EmitPlain(CoreExpr expression)
    {
        switch (expression)
        {
            case CoreTruth { Term: CoreConst constant }:
                if (!constant.Value.IsTruthy) steps.Add(new NeverStep());
                break;
            case CoreTruth { Term: CoreRef reference } when HasUnbound(reference):
                EmitRef(reference, () => TruePattern.Instance);
                break;
            case CoreTruth truth:
                steps.Add(new TruthStep(Operand(truth.Term)));
                break;
            case CoreUnify unify:
                Unify(unify.Left, unify.Right);
                break;
            case CoreCall call:
                EmitCall(call);
                break;
            case CoreEvery every:
                var domain = Operand(every.Domain);
                var inner = new Generator(planner, frame, bound.Copy(), footprint);
                var key = inner.Pattern(new CoreLocal(every.Key));
                var value = inner.Pattern(new CoreLocal(every.Value));
                steps.Add(new EveryStep(domain, key, value, inner.Chain(every.Body, _ => FoundStep.Instance)));
                IsCostly = true;
                break;
            case CoreNot not:
                steps.Add(new NotStep(Closure(not.Body, _ => FoundStep.Instance)));
                break;
            case CoreLogical logical:
                steps.Add(new LogicalStep(logical.IsOr, Closure(logical.Left, _ => FoundStep.Instance), Closure(logical.Right, _ => FoundStep.Instance)));
                break;
        }
    }

    private void EmitCall(CoreCall call)
    {
        if (call.Callee.Builtin is { Name: "print" })
        {
            footprint.Open();
            // What is undefined must not keep the rest from printing, nor may a search print many times.
            steps.Add(new PrintStep([.. call.Arguments.Select(a => HasUnbound(a) ? new ConstOperand(new StringValue("<many>")) : Operand(a))]));
            return;
        }

        var arguments = Operands(call.Arguments);
        if (call.Output is null && arguments.Length == 2 && ComparisonOf(call.Callee.Builtin) is { } comparison)
        {
            steps.Add(new CompareStep(comparison, arguments[0], arguments[1], call.Callee.Builtin!));
            return;
        }

        IsCostly |= call.Callee.Function is not null;
        if (call.Callee.Function is { } function) footprint.Asks.Add(function.Plan!);
        else if (call.Callee.Builtin!.IsNondeterministic) footprint.Open();
        var output = call.Output is null ? TruePattern.Instance : Pattern(call.Output);
        steps.Add(new CallStep(Planner.Target(call.Callee), arguments, output, call.Callee.Builtin?.IsRelation == true, call.Span));
    }

    private static Comparison? ComparisonOf(Builtin? builtin) => builtin?.Name switch
    {
        "neq" => Comparison.NotEqual,
        "lt" => Comparison.Less,
        "lte" => Comparison.LessOrEqual,
        "gt" => Comparison.Greater,
        "gte" => Comparison.GreaterOrEqual,
        _ => null,
    };

    private WithStep With(CoreWith[] withs)
    {
        IsCostly = true;
        footprint.Open();
        return new([.. withs.Select(With)]);
    }

    private Replacement With(CoreWith with)
    {
        var value = with.Value is null ? null : Operand(with.Value);
        if (with.Function is { } function)
            return new(RefRoot.Local, [], null, (object?)function.Builtin ?? function.Function, value, with.Replacement is null ? null : Planner.Target(with.Replacement));
        var document = with.Document!;
        var path = document.Path.Select(Operand).ToArray();
        var blocks = document.Root == RefRoot.Data ? planner.Root.Find(document.StaticPrefix()) : null;
        return new(document.Root, path, blocks, null, value, null);
    }
}
