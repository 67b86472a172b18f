// Built-ins that v1 no longer has.
using CabinCrew.Rego.Evaluate;

namespace CabinCrew.Rego.Compile.Checks;

internal static class Deprecation
{
    public static IEnumerable<RegoError> Errors(PlacedRule placed, CoreRule rule)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        if (placed.Module.IsStrict)
        {
            for (var one = rule; one is not null; one = one.Else)
            {
                CoreWalk.Visit(one, _ => { }, callee =>
                {
                    if (callee.Builtin is { IsDeprecated: true } builtin)
                        names.Add(builtin.Name);
                });
            }
        }

        return names.Select(name => rule.Rule.Span.Error(ModuleChecks.TypeError, $"deprecated built-in function calls in expression: {name}"));
    }
}
