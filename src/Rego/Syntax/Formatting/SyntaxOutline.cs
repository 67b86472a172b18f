// All of a module that has a meaning, as text: what formatting may not change. Places, spacing, comments and the order of imports are not in it.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Syntax.Formatting;

internal static class SyntaxOutline
{
    /// <summary>One line a node; modules with the same outline mean the same.</summary>
    public static string Of(RegoModule module)
    {
        List<string> lines = [string.Join('/', module.Package.Path), .. module.Imports.Select(LineOf).Order(StringComparer.Ordinal)];
        foreach (var rule in module.Rules)
            SyntaxWalk.Visit(rule, node => lines.Add(LineOf(node)));
        return string.Join('\n', lines);
    }

    private static string LineOf(Import import)
    {
        var path = string.Join('/', import.Path.Path.Select(step => ((StringValue)((ScalarTerm)step).Value).Text));
        return $"import {((VarTerm)import.Path.Head).Name}/{path} {import.Alias}";
    }

    private static string LineOf(Node node) => node switch
    {
        ScalarTerm scalar => scalar.Value.ToString(),
        VarTerm name => name.IsWildcard ? "_" : name.Name,
        CallTerm call => $"call {call.Symbol} {call.Arguments.Length}",
        Rule rule => $"rule {rule.IsDefault} {rule.HasGeneratedBody} {rule.Head.Kind} {rule.Head.HasGeneratedValue} {rule.Head.HasContains} {rule.Head.Arguments.Length} {rule.Else is null}",
        Body body => $"body {body.Expressions.Length}",
        NotExpr not => $"not {not.Form} {not.Withs.Length}",
        LogicalExpr logical => $"logic {logical.IsOr} {logical.Left.Form == OperandForm.Explicit} {logical.Right.Form == OperandForm.Explicit} {logical.Withs.Length}",
        Expr expression => $"{expression.GetType().Name} {expression.Withs.Length}",
        ArrayTerm array => $"array {array.Items.Length}",
        SetTerm set => $"set {set.Items.Length}",
        ObjectTerm items => $"object {items.Items.Length}",
        RefTerm reference => $"ref {reference.Path.Length}",
        TemplateTerm template => $"template {string.Concat(template.Parts.Select(part => part.Text ?? "{}"))}",
        _ => node.GetType().Name,
    };
}
