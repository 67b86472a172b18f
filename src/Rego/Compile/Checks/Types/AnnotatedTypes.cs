// From `schemas` annotations to types: each schema is read once, however many rules it reaches. Source: OPA's schema annotations.
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Types;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile.Checks.Types;

/// <summary><paramref name="set"/>: what names stand for; null where nothing was given, then names do not count.</summary>
internal sealed class AnnotatedTypes(TypeScope everywhere, AnnotationSet annotations, RegoSchemaSet? set, CompileBudget budget)
{
    private readonly Dictionary<ObjectValue, (RegoType Type, string? Problem)> definitions = new(ReferenceEqualityComparer.Instance);

    // Most rules have the same annotations as the one before.
    private List<SchemaAnnotation> last = [];
    private TypeScope? lastScope;

    /// <summary>What is known in a rule's body. What is wrong with its annotations is an error at the rule.</summary>
    public TypeScope ScopeOf(PlacedRule rule, List<RegoError> errors)
    {
        List<SchemaAnnotation> inReach = [.. annotations.SchemasOf(rule.Module, rule.Rule)];
        if (inReach.Count == 0)
            return everywhere;
        if (lastScope is not null && inReach.SequenceEqual(last, ReferenceEqualityComparer.Instance))
            return lastScope;

        var (scope, before) = (everywhere, errors.Count);
        foreach (var annotation in inReach)
        {
            budget.Charge(1 + annotation.Path.Count);
            if (TypeOf(annotation, rule, errors) is { } type)
                scope = scope.With(annotation.Path, type);
        }

        if (errors.Count == before)
            (last, lastScope) = (inReach, scope);
        return scope;
    }

    private RegoType? TypeOf(SchemaAnnotation annotation, PlacedRule rule, List<RegoError> errors)
    {
        if (annotation.Name is { } name)
        {
            if (set is null)
                return null;
            if (set.Find(name) is { } known)
                return known;
            errors.Add(rule.Rule.Span.Error(ModuleChecks.TypeError, $"undefined schema: {string.Join('.', name.Items.ToArray().Select(part => part is StringValue text ? text.Text : part.ToString()))}"));
            return null;
        }

        if (annotation.Definition is not { } definition)
            return null;
        if (!definitions.TryGetValue(definition, out var read))
        {
            var reader = new SchemaReader(definition, budget);
            definitions[definition] = read = (reader.Read(definition), reader.Problem);
        }

        if (read.Problem is not { } problem)
            return read.Type;
        errors.Add(rule.Rule.Span.Error(ModuleChecks.TypeError, problem));
        return null;
    }
}
