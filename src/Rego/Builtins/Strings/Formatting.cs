// sprintf, print and the template strings of the language.
using System.Text;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Strings;

internal static class Formatting
{
    public static Builtin[] Table =>
    [
        new("sprintf", "format: string, values: array[any] -> output: string", Sprintf),
        new("internal.template_string", "array[any] -> string", TemplateString),
        new("trace", "string -> boolean", Trace),
        new("print", "any... ->", Print),
        new("internal.print", "array[set[any]] ->", PrintAll),
        new("internal.test_case", "array[any] ->", TestCase),
    ];

    /// <summary>A value inside running text: strings bare, the rest as terms.</summary>
    public static string Plain(Value value) => value is StringValue word ? word.Text : value.ToString();

    private static Value? Sprintf(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var format) || !context.Array(args, 1, out var values)) return null;
        var text = GoFormat.Print(context, format, values.Items);
        return text is null ? null : new StringValue(text);
    }

    // Each part is a literal string, or a set that holds the one value of an expression, or is empty where that was undefined.
    private static Value? TemplateString(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Array(args, 0, out var parts)) return null;
        var text = new StringBuilder();
        foreach (var part in parts.Items)
        {
            if (part is SetValue { Count: > 1 }) return context.Fail("template-strings must not produce multiple outputs", "eval_conflict_error");
            text.Append(part switch { SetValue { Count: 0 } => "<undefined>", SetValue set => Plain(set[0]), _ => Plain(part) });
            context.Charge(1);
        }

        context.Charge(text.Length / StringFunctions.CharsPerElement);
        return new StringValue(text.ToString());
    }

    private static Value? Trace(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var note)) return null;
        context.Note(note);
        return BooleanValue.True;
    }

    private static BooleanValue Print(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        var line = new StringBuilder();
        for (var i = 0; i < args.Length; i++) line.Append(i > 0 ? " " : "").Append(Plain(args[i]));
        context.Print(line.ToString());
        return BooleanValue.True;
    }

    private static Value? TestCase(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Array(args, 0, out var name)) return null;
        context.TestCase(name);
        return BooleanValue.True;
    }

    // As for template strings, an empty set is an undefined operand; several members print the cross product, one line each.
    private static Value? PrintAll(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Array(args, 0, out var operands)) return null;
        var lines = new List<string> { "" };
        foreach (var operand in operands.Items)
        {
            string[] choices = operand is SetValue { Count: > 0 } set ? [.. set.Items.ToArray().Select(Plain)] : ["<undefined>"];
            context.Charge((long)lines.Count * choices.Length);
            lines = [.. lines.SelectMany(line => choices.Select(choice => line.Length == 0 ? choice : line + " " + choice))];
        }

        foreach (var line in lines) context.Print(line);
        return BooleanValue.True;
    }
}
