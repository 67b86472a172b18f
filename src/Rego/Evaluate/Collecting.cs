// Comprehensions, template strings and the ends of chains that put what was found into the sink.
using System.Text;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

internal abstract class CollectOperand(Step body) : Operand
{
    protected abstract object NewSink();

    protected abstract Value Build(object sink);

    public override Value? Eval(Evaluation e)
    {
        e.Enter();
        var outer = e.Sink;
        var sink = NewSink();
        e.Sink = sink;
        body.Run(e);
        e.Sink = outer;
        e.Leave();
        return e.Weighed(Build(sink));
    }
}

internal sealed class ArrayCollectOperand(Step body) : CollectOperand(body)
{
    protected override object NewSink() => new ArrayValue.Builder();

    protected override Value Build(object sink) => ((ArrayValue.Builder)sink).Build();
}

internal sealed class SetCollectOperand(Step body) : CollectOperand(body)
{
    protected override object NewSink() => new SetValue.Builder();

    protected override Value Build(object sink) => ((SetValue.Builder)sink).Build();
}

internal sealed class ObjectCollectOperand(Step body) : CollectOperand(body)
{
    protected override object NewSink() => new ObjectValue.Builder();

    protected override Value Build(object sink) => ((ObjectValue.Builder)sink).Build();
}

internal sealed class ArrayEmitStep(Operand item) : Step
{
    public override bool Run(Evaluation e)
    {
        if (item.Eval(e) is not { } value) return false;
        e.Charge(1);
        ((ArrayValue.Builder)e.Sink!).Add(value);
        return false;
    }
}

internal sealed class SetEmitStep(Operand item) : Step
{
    public override bool Run(Evaluation e)
    {
        if (item.Eval(e) is not { } value) return false;
        e.Charge(1);
        ((SetValue.Builder)e.Sink!).Add(value);
        return false;
    }
}

internal sealed class ObjectEmitStep(Operand key, Operand item, SourceSpan span) : Step
{
    public override bool Run(Evaluation e)
    {
        if (key.Eval(e) is not { } name || item.Eval(e) is not { } value) return false;
        e.Charge(1);
        if (((ObjectValue.Builder)e.Sink!).AddOrGet(name, value) is { } other && !other.Equals(value))
            throw Evaluation.Conflict("object keys must be unique", span);
        return false;
    }
}

/// <summary>The parts of a template string: text, or a chain that leaves its value in a slot.</summary>
internal readonly record struct TemplateSegment(string? Text, Step? Body);

internal sealed class TemplateOperand(TemplateSegment[] segments) : Operand
{
    public override Value? Eval(Evaluation e)
    {
        e.Enter();
        var text = new StringBuilder();
        foreach (var segment in segments)
        {
            if (segment.Text is not null)
            {
                text.Append(segment.Text);
                continue;
            }

            var outer = e.Result;
            e.Result = null;
            segment.Body!.Run(e);
            text.Append(e.Result switch { null => "<undefined>", StringValue plain => plain.Text, var value => value.ToString() });
            e.Result = outer;
        }

        e.Leave();
        e.Charge(text.Length / 16);
        return new StringValue(text.ToString());
    }

    /// <summary>The end of a part's chain: a part has one value.</summary>
    public sealed class EndStep(Operand value, SourceSpan span) : Step
    {
        public override bool Run(Evaluation e)
        {
            if (value.Eval(e) is not { } found) return false;
            if (e.Result is { } earlier && !earlier.Equals(found)) throw Evaluation.Conflict("template-strings must not produce multiple outputs", span);
            e.Result = found;
            return false;
        }
    }
}
