// The annotations of all modules, by what they describe: answers rego.metadata.rule() and rego.metadata.chain() for a rule when it is compiled.
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile;

internal sealed class AnnotationSet
{
    private readonly Dictionary<Rule, List<Annotations>> byRule = [];
    private readonly Dictionary<string, Annotations> byDocument = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Annotations> byPackage = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Annotations> bySubpackages = new(StringComparer.Ordinal);

    private readonly bool hasSchemas;

    /// <summary>Gathers the annotations; a document or package that is described twice is an error.</summary>
    public AnnotationSet(IEnumerable<RegoModule> modules, List<RegoError> errors)
    {
        foreach (var module in modules)
        {
            foreach (var annotations in module.Annotations)
            {
                hasSchemas |= annotations.Schemas.Length > 0;
                if (annotations.Scope == AnnotationScope.Rule)
                {
                    var rule = (Rule)annotations.Target;
                    if (!byRule.TryGetValue(rule, out var list))
                        byRule[rule] = list = [];
                    list.Insert(0, annotations);
                    continue;
                }

                var (known, path) = annotations.Scope switch
                {
                    AnnotationScope.Document => (byDocument, PathOf(module, (Rule)annotations.Target)),
                    AnnotationScope.Package => (byPackage, PathOf(module)),
                    _ => (bySubpackages, PathOf(module)),
                };
                if (!known.TryAdd(path.ToString(), annotations))
                    errors.Add(annotations.Span.Error("rego_type_error", $"{annotations.Scope.ToString().ToLowerInvariant()} annotation redeclared: {known[path.ToString()].Span.ToLocation()}"));
            }
        }
    }

    private static ArrayValue PathOf(RegoModule module) => ArrayValue.Of([.. module.Package.Path.Select(name => new StringValue(name))]);

    private static ArrayValue PathOf(RegoModule module, Rule rule) => ArrayValue.Of(
        [.. PathOf(module).Items, new StringValue(rule.Head.Name), .. rule.Head.Reference.Path.TakeWhile(term => term is ScalarTerm).Select(term => ((ScalarTerm)term).Value)]);

    /// <summary>The annotations of a rule itself; an empty object where it has none.</summary>
    public ObjectValue OfRule(Rule rule) => byRule.TryGetValue(rule, out var own) ? own[0].Document : ObjectValue.Empty;

    /// <summary>From the rule outwards: its annotations, its document's, its package's, those of the packages above that reach down. The rule is always there.</summary>
    public ArrayValue ChainOf(RegoModule module, Rule rule)
    {
        var chain = new ArrayValue.Builder();
        var path = PathOf(module, rule);
        if (byRule.TryGetValue(rule, out var own))
        {
            foreach (var annotations in own)
                chain.Add(Link(path, annotations));
        }
        else
            chain.Add(Link(path, null));

        Add(byDocument, path);
        var package = PathOf(module);
        Add(byPackage, package);
        for (var length = package.Count; length > 0; length--)
            Add(bySubpackages, package.Slice(0, length));
        return chain.Build();

        void Add(Dictionary<string, Annotations> known, ArrayValue place)
        {
            if (known.TryGetValue(place.ToString(), out var annotations))
                chain.Add(Link(place, annotations));
        }
    }

    /// <summary>What is said of documents in reach of a rule, from its packages down to the rule itself: what comes later is more exact.</summary>
    public IEnumerable<SchemaAnnotation> SchemasOf(RegoModule module, Rule rule)
    {
        if (!hasSchemas)
            return [];
        var package = PathOf(module);
        IEnumerable<Annotations?> inReach =
        [
            .. Enumerable.Range(1, package.Count).Select(length => bySubpackages.GetValueOrDefault(package.Slice(0, length).ToString())),
            byPackage.GetValueOrDefault(package.ToString()),
            byDocument.GetValueOrDefault(PathOf(module, rule).ToString()),
            .. byRule.GetValueOrDefault(rule) ?? [],
        ];
        return inReach.SelectMany(annotations => annotations?.Schemas ?? []);
    }

    private static ObjectValue Link(ArrayValue path, Annotations? annotations) => annotations is null
        ? ObjectValue.Of((new StringValue("path"), path))
        : ObjectValue.Of((new StringValue("annotations"), annotations.Document), (new StringValue("path"), path));
}
