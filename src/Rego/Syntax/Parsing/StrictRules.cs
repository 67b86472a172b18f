// What v1 asks of rules beyond the grammar: if before bodies, contains for sets, a value or a body.
using System.Collections.Immutable;

namespace CabinCrew.Rego.Syntax.Parsing;

internal static class StrictRules
{
    public static ImmutableArray<RegoError> Check(IEnumerable<Rule> rules)
    {
        var errors = ImmutableArray.CreateBuilder<RegoError>();
        foreach (var top in rules)
        {
            for (var rule = top; rule is not null; rule = rule.Else)
                Check(rule, errors);
        }

        return errors.DrainToImmutable();
    }

    private static void Check(Rule rule, ImmutableArray<RegoError>.Builder errors)
    {
        if (rule.IsDefault)
            return;
        var (head, what) = (rule.Head, rule.Head.IsFunction ? "function" : "rule");
        if (!rule.HasGeneratedBody && !head.HasIf)
            errors.Add(rule.Span.Error(Parser.ParseError, $"`if` keyword is required before {what} body"));
        if (head.Kind == RuleKind.MultiValue && !head.HasContains)
            errors.Add(rule.Span.Error(Parser.ParseError, "`contains` keyword is required for partial set rules"));
        else if (rule.HasGeneratedBody && head.HasGeneratedValue)
            errors.Add(rule.Span.Error(Parser.ParseError, $"{what} must have value assignment and/or body declaration"));
    }
}
