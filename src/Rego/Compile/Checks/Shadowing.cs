// Rules, arguments and variables may not take the names input and data in v1.
using System.Collections.Immutable;
using CabinCrew.Rego.Syntax;

namespace CabinCrew.Rego.Compile.Checks;

internal static class Shadowing
{
    public static void Check(RegoModule module, ImmutableArray<RegoError>.Builder errors)
    {
        foreach (var rule in module.Rules)
        {
            if (rule.Head.Name is "input" or "data")
                errors.Add(rule.Span.Error(ModuleChecks.CompileError, $"rules must not shadow {rule.Head.Name} (use a different rule name)"));
            foreach (var argument in rule.Head.Arguments)
            {
                if (RootName(argument) is { } root)
                    errors.Add(argument.Span.Error(ModuleChecks.CompileError, $"args must not shadow {root} (use a different variable name)"));
            }

            SyntaxWalk.Visit(rule, node =>
            {
                if (node is AssignExpr assign && RootName(assign.Left) is { } name)
                    errors.Add(assign.Span.Error(ModuleChecks.CompileError, $"variables must not shadow {name} (use a different variable name)"));
            });
        }
    }

    private static string? RootName(Term term) =>
        term is RefTerm { Head: VarTerm { Name: "input" or "data" } head, Path.IsEmpty: true } ? head.Name : null;
}
