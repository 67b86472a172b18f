// rego.parse_module and rego.metadata.*. The metadata functions are replaced by what they answer when a policy is compiled.
using CabinCrew.Rego.Builtins.Strings;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Language;

internal static class RegoFunctions
{
    private const string NotReplaced = "the calling rule is not known";

    public static Builtin[] Table =>
    [
        new("rego.parse_module", "filename: string, rego: string -> output: object[string: any]", ParseModule),
        new("rego.metadata.chain", "-> array[any]", static (context, _) => context.Fail(NotReplaced)),
        new("rego.metadata.rule", "-> any", static (context, _) => context.Fail(NotReplaced)),
    ];

    private static Value? ParseModule(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var name) || !context.Text(args, 1, out var text)) return null;
        context.Charge(text.Length / StringFunctions.CharsPerElement);
        var parsed = RegoModule.Parse(text, name);
        if (!parsed.Ok) return context.Fail(string.Join('\n', parsed.Errors));
        context.Charge(text.Length);
        return SyntaxTree.ToValue(parsed.Value);
    }
}
