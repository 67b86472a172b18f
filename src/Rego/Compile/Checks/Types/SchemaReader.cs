// JSON schema to types. Bounded: recursive references and deep nesting become any; every subschema behind a reference is read once.
using System.Collections.Immutable;
using CabinCrew.Rego.Types;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile.Checks.Types;

internal sealed class SchemaReader(Value document, CompileBudget budget)
{
    // Types behind references count as often as they are referred to.
    private const int SizeMax = 1_000_000;

    // One schema has a dozen keywords to be looked for.
    private const int ReadCost = 25;

    private readonly TypeOperations types = new(budget);
    private const int DepthMax = 64;

    private readonly Dictionary<string, RegoType> references = new(StringComparer.Ordinal);
    private int depth;

    /// <summary>What kept the schema from being read, or null.</summary>
    public string? Problem { get; private set; }

    public RegoType Read(Value? schema)
    {
        if (schema is not ObjectValue keywords || depth >= DepthMax)
            return RegoType.Any;
        budget.Charge(ReadCost);
        depth++;
        var type = ReadKeywords(keywords);
        depth--;
        if (type.Size <= SizeMax)
            return type;
        Problem ??= $"the schema describes more than {SizeMax} values";
        return RegoType.Any;
    }

    private RegoType ReadKeywords(ObjectValue schema)
    {
        if (schema.Get("$ref") is StringValue reference)
            return ReadReference(reference.Text);
        if (schema.Get("const") is { } constant)
            return TypeOf(constant);
        if (schema.Get("enum") is ArrayValue choices)
            return Join(choices.Items.ToArray().Select(TypeOf));
        if ((schema.Get("anyOf") ?? schema.Get("oneOf")) is ArrayValue alternatives)
            return Join(alternatives.Items.ToArray().Select(alternative => Merge(WithoutAlternatives(schema), Read(alternative))));
        if (schema.Get("allOf") is ArrayValue parts)
            return parts.Items.ToArray().Select(Read).Aggregate(WithoutAlternatives(schema), Merge);

        return schema.Get("type") switch
        {
            StringValue name => OfName(name.Text, schema),
            ArrayValue names => Join(names.Items.ToArray().Select(name => OfName((name as StringValue)?.Text ?? "", schema))),
            _ when schema.Get("properties") is not null => ReadObject(schema),
            _ when schema.Get("items") is not null => ReadArray(schema),
            _ => RegoType.Any,
        };
    }

    // What stands beside anyOf holds for each alternative.
    private RegoType WithoutAlternatives(ObjectValue schema) =>
        schema.Get("properties") is null ? RegoType.Any : ReadObject(schema);

    private RegoType Join(IEnumerable<RegoType> alternatives) => alternatives.Aggregate((RegoType?)null, types.Or) ?? RegoType.Any;

    // A value of an enumeration is of its kind; that no other value is allowed the types cannot say.
    private RegoType TypeOf(Value value) => value is ArrayValue ? RegoType.AnyArray : value is ObjectValue ? RegoType.AnyObject : types.Of(value);

    private RegoType OfName(string name, ObjectValue schema) => name switch
    {
        "null" => RegoType.Null,
        "boolean" => RegoType.Boolean,
        "number" or "integer" => RegoType.Number,
        "string" => RegoType.String,
        "array" => ReadArray(schema),
        "object" => ReadObject(schema),
        _ => RegoType.Any,
    };

    private ArrayType ReadArray(ObjectValue schema)
    {
        var items = schema.Get("items");
        if ((schema.Get("prefixItems") ?? items) is not ArrayValue first)
            return new ArrayType([], Read(items));
        var rest = schema.Get("prefixItems") is null ? schema.Get("additionalItems") : items;
        return new ArrayType([.. first.Items.ToArray().Select(Read)], rest is BooleanValue { Flag: false } ? null : Read(rest));
    }

    private ObjectType ReadObject(ObjectValue schema)
    {
        var properties = ImmutableArray.CreateBuilder<StaticProperty>();
        var required = schema.Get("required") as ArrayValue ?? ArrayValue.Empty;
        if (schema.Get("properties") is ObjectValue known)
        {
            for (var i = 0; i < known.Count; i++)
                properties.Add(new(known.Keys[i], Read(known.Values[i])) { IsOptional = !required.Items.Contains(known.Keys[i]) });
        }

        var isOpen = schema.Get("additionalProperties") switch
        {
            BooleanValue flag => flag.Flag,
            null => properties.Count == 0,
            _ => true,
        };
        var other = schema.Get("additionalProperties") is ObjectValue shape ? Read(shape) : RegoType.Any;
        return new ObjectType(properties.DrainToImmutable(), isOpen ? new(RegoType.String, other) : null);
    }

    // Both hold: objects have the properties of both, for others the more exact one counts.
    private RegoType Merge(RegoType one, RegoType two)
    {
        budget.Charge((long)one.Size + two.Size);
        return Merged(one, two);
    }

    private RegoType Merged(RegoType one, RegoType two) => (one, two) switch
    {
        (AnyType, _) => two,
        (ObjectType a, ObjectType b) => new ObjectType(
            [.. a.Static.Concat(b.Static).GroupBy(property => property.Key).Select(group => new StaticProperty(group.Key, group.Select(p => p.Type).Aggregate(Merge)) { IsOptional = group.All(p => p.IsOptional) }).OrderBy(p => p.Key)],
            a.Dynamic ?? b.Dynamic),
        _ => one,
    };

    private RegoType ReadReference(string reference)
    {
        if (references.TryGetValue(reference, out var known))
            return known;
        references[reference] = RegoType.Any;
        return references[reference] = Find(reference) is { } target ? Read(target) : Fail(reference);
    }

    private AnyType Fail(string reference)
    {
        Problem ??= $"schema reference not found: {reference}";
        return RegoType.Any;
    }

    private Value? Find(string reference)
    {
        if (!reference.StartsWith('#'))
            return null;
        var at = (Value?)document;
        foreach (var part in reference[1..].Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var key = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            at = at is ArrayValue items && int.TryParse(key, out var index) ? (index >= 0 && index < items.Count ? items[index] : null) : at?.Get(new StringValue(key));
        }

        return at;
    }
}
