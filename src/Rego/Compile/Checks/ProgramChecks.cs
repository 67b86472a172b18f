// What can be said of rules once their names are resolved and their bodies ordered: recursion, types, calls of what is deprecated.
using CabinCrew.Rego.Compile.Checks.Types;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Types;

namespace CabinCrew.Rego.Compile.Checks;

/// <summary>What the checks found and learned. The types serve for checking queries later.</summary>
internal sealed class ProgramChecks
{
    private readonly TypeScope everywhere;
    private readonly DocumentTypes documents;

    /// <summary>Comparisons whose outcome the types decide.</summary>
    public List<RegoFinding> Notes { get; } = [];

    private ProgramChecks(RuleNode root, RegoType? input, CompileBudget budget)
    {
        everywhere = input is null ? TypeScope.Unknown : new(input, []);
        documents = new(root, budget);
    }

    /// <summary>Checks all rules by the schemas that were given and those in annotations. Errors are added by place.</summary>
    public static ProgramChecks Run(RuleNode root, IReadOnlyDictionary<PlacedRule, CoreRule> rules, AnnotationSet annotations, bool isDeprecatedFound, CompileOptions options, CompileBudget budget, List<RegoError> errors)
    {
        var checks = new ProgramChecks(root, options.InputSchema?.Type, budget);
        var graph = new RuleGraph(root, rules, budget);
        var groups = graph.Groups();
        var found = Recursion.Errors(graph, groups).ToList();
        if (found.Count == 0)
            found = checks.InferTypes(groups, rules, new(checks.everywhere, annotations, options.Schemas, budget), budget);
        if (found.Count == 0 && isDeprecatedFound)
            found = [.. rules.SelectMany(pair => Deprecation.Errors(pair.Key, pair.Value))];
        if (found.Count == 0)
            return checks;
        errors.AddRange(found.Distinct().OrderBy(error => error.Location.File, StringComparer.Ordinal).ThenBy(error => error.Location.Row).ThenBy(error => error.Location.Column));
        return checks;
    }

    /// <summary>The type errors of a query against the program.</summary>
    public List<RegoError> CheckQuery(CoreBody query, CompileBudget budget) => TypeChecker.Check(query, documents, everywhere, budget);

    private List<RegoError> InferTypes(List<RuleGroup> groups, IReadOnlyDictionary<PlacedRule, CoreRule> rules, AnnotatedTypes annotated, CompileBudget budget)
    {
        var errors = new List<RegoError>();
        foreach (var group in groups)
        {
            foreach (var placed in group.Rules)
            {
                var place = PlaceOf(placed);
                var scope = annotated.ScopeOf(placed, errors);
                for (var rule = rules[placed]; rule is not null; rule = rule.Else)
                    errors.AddRange(TypeChecker.Check(rule, place, documents, scope, Notes, budget));
            }
        }

        return errors;
    }

    private RuleNode PlaceOf(PlacedRule placed)
    {
        var place = documents.Root;
        foreach (var key in placed.Path)
        {
            if (place.Child(key) is not { } child)
                break;
            place = child;
        }

        return place;
    }
}
