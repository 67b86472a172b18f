// Rules may not ask for themselves, by any way: evaluation always ends.
using CabinCrew.Rego.Evaluate;

namespace CabinCrew.Rego.Compile.Checks;

internal static class Recursion
{
    private const int ErrorsMax = 10;

    public static IEnumerable<RegoError> Errors(RuleGraph graph, IEnumerable<RuleGroup> groups)
    {
        var told = 0;
        foreach (var rule in groups.Where(group => group.IsCyclic).SelectMany(group => group.Rules))
        {
            if (graph.CycleOf(rule) is not { } others)
                continue;
            var name = NameOf(rule);
            var way = string.Join(" -> ", [name, .. others.Select(NameOf), name]);
            yield return rule.Rule.Span.Error("rego_recursion_error", $"rule {name} is recursive: {way}");
            if (++told == ErrorsMax)
                yield break;
        }
    }

    public static string NameOf(PlacedRule placed) => "data." + placed.Module.PackageName + "." + placed.Rule.Head.Reference.Span.Text;
}
