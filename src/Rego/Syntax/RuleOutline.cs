// What a module declares, for tools that look at policies without evaluating them: tests, lint, documentation.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Syntax;

/// <summary>One rule as it is written.</summary>
/// <param name="Name">The first name of its head.</param>
/// <param name="Reference">The document that <paramref name="Name"/> is, as a query: <c>data["a"]["b"]["deny"]</c>.</param>
/// <param name="IsSet">Adds elements: <c>deny contains msg if ...</c>.</param>
/// <param name="IsKeyed">Its head goes on behind the name: <c>limits[name] := n</c>.</param>
/// <param name="Constant">The value of a rule whose head has a scalar; <c>true</c> where none is written. Null for all else.</param>
public sealed record RuleOutline(string Name, string Reference, bool IsSet, bool IsFunction, bool IsDefault, bool IsKeyed, Value? Constant, RegoLocation Location)
{
    /// <summary>The rules of a module in the order of the text; each <c>else</c> belongs to the rule that it follows.</summary>
    public static IReadOnlyList<RuleOutline> Of(RegoModule module) =>
    [
        .. module.Rules.Select(rule => new RuleOutline(
            rule.Head.Name, ReferenceOf(module, rule.Head.Name), rule.Head.Kind == RuleKind.MultiValue, rule.Head.IsFunction, rule.IsDefault, !rule.Head.Reference.Path.IsEmpty,
            rule.Head.Value is ScalarTerm scalar ? scalar.Value : null, rule.Span.ToLocation())),
    ];

    /// <summary>The document of a module's rules of a name, as a query.</summary>
    internal static string ReferenceOf(RegoModule module, string name) => "data" + string.Concat(module.Package.Path.Append(name).Select(p => $"[{new StringValue(p)}]"));
}
