// Runs a template over its variables. Every node run and every character written is charged.
using System.Text;
using CabinCrew.Rego.Builtins.Strings;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Templates;

internal sealed class TemplateRunner
{
    public static Builtin[] Table =>
    [
        new("strings.render_template", "value: string, vars: object[string: any] -> result: string", Render),
    ];

    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    private readonly BuiltinContext context;
    private readonly StringBuilder text = new();
    private readonly List<(string Name, Value? Value)> variables = [];
    private int charged;

    private TemplateRunner(BuiltinContext context, Value root)
    {
        this.context = context;
        variables.Add(("$", root));
    }

    private static Value? Render(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var template) || !context.Object(args, 1, out var root)) return null;
        try
        {
            var nodes = context.Patterns.Get("template", template, TemplateParser.Parse);
            var runner = new TemplateRunner(context, root);
            runner.Run(nodes, root);
            return new StringValue(runner.text.Replace("<no value>", "<undefined>").ToString());
        }
        catch (FormatException refused)
        {
            return context.Fail($"template: {refused.Message}");
        }
    }

    private Flow Run(IReadOnlyList<TemplateNode> nodes, Value? dot)
    {
        var scope = variables.Count;
        foreach (var node in nodes)
        {
            context.Charge(1 + ((text.Length - charged) / StringFunctions.CharsPerElement));
            charged = text.Length;
            var flow = Flow.Next;
            switch (node)
            {
                case TextNode literal:
                    text.Append(literal.Text);
                    break;
                case ActionNode action:
                    var value = Eval(action.Pipeline, dot);
                    if (action.Pipeline.Variables.Count == 0) text.Append(TemplateFunctions.Print(value));
                    break;
                case BlockNode block:
                    flow = Run(block, dot);
                    break;
                case JumpNode jump:
                    flow = jump.IsBreak ? Flow.Break : Flow.Continue;
                    break;
            }

            if (flow == Flow.Next) continue;
            variables.RemoveRange(scope, variables.Count - scope);
            return flow;
        }

        variables.RemoveRange(scope, variables.Count - scope);
        return Flow.Next;
    }

    private Flow Run(BlockNode block, Value? dot)
    {
        var scope = variables.Count;
        var value = Eval(block.Pipeline, dot);
        Flow flow;
        if (block.Kind == BlockKind.Range) flow = Range(block, value, dot);
        else if (TemplateFunctions.IsTrue(value)) flow = Run(block.Body, block.Kind == BlockKind.With ? value : dot);
        else flow = Run(block.Else, dot);
        variables.RemoveRange(scope, variables.Count - scope);
        return flow;
    }

    // One variable is the element; of two the first is the index or key.
    private Flow Range(BlockNode block, Value? collection, Value? dot)
    {
        if (collection is not (null or NullValue or ArrayValue or ObjectValue or SetValue)) throw new FormatException($"range can't iterate over {TemplateFunctions.Print(collection)}");
        if (collection is null || collection.Count == 0) return Run(block.Else, dot);
        var names = block.Pipeline.Variables;
        for (var i = 0; i < collection.Count; i++)
        {
            var (key, item) = collection switch
            {
                ObjectValue map => (map.Keys[i], map.Values[i]),
                SetValue set => (NumberValue.Of(i), set[i]),
                _ => (NumberValue.Of(i), ((ArrayValue)collection)[i]),
            };
            var scope = variables.Count;
            if (names.Count > 0) variables.Add((names[^1], item));
            if (names.Count > 1) variables.Add((names[0], key));
            var flow = Run(block.Body, item);
            variables.RemoveRange(scope, variables.Count - scope);
            if (flow == Flow.Break) break;
        }

        return Flow.Next;
    }

    private Value? Eval(Pipeline pipeline, Value? dot)
    {
        Value? value = null;
        for (var i = 0; i < pipeline.Commands.Count; i++) value = Command(pipeline.Commands[i], dot, i > 0, value);
        foreach (var name in pipeline.Variables)
        {
            if (pipeline.Declares) variables.Add((name, value));
            else variables[Find(name)] = (name, value);
        }

        return value;
    }

    private Value? Command(IReadOnlyList<Operand> operands, Value? dot, bool piped, Value? last)
    {
        if (operands[0] is not FunctionOperand function)
        {
            if (operands.Count > 1 || piped) throw new FormatException("can't give argument to non-function");
            return Operand(operands[0], dot);
        }

        var args = new List<Value?>();
        for (var i = 1; i < operands.Count; i++) args.Add(Operand(operands[i], dot));
        if (piped) args.Add(last);
        return TemplateFunctions.Call(context, function.Name, args.ToArray());
    }

    private Value? Operand(Operand operand, Value? dot)
    {
        if (operand is ConstantOperand constant) return constant.Value;
        if (operand is FunctionOperand function) return TemplateFunctions.Call(context, function.Name, []);
        var field = (FieldOperand)operand;
        var value = field.Inner is { } inner ? Eval(inner, dot) : field.Variable is { } name ? variables[Find(name)].Value : dot;
        foreach (var step in field.Fields)
        {
            if (value is not (null or NullValue or ObjectValue)) throw new FormatException($"can't evaluate field {step} in {TypeNames.Of(value)}");
            value = (value as ObjectValue)?.Get(step);
        }

        return value;
    }

    private int Find(string name)
    {
        var at = variables.FindLastIndex(variable => variable.Name == name);
        return at >= 0 ? at : throw new FormatException($"undefined variable {GoText.Quote(name)}");
    }
}
