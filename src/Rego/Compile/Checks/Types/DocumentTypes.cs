// The types of rules, by their place under data. A package is an object of its rules that may hold more (base documents are not known).
using System.Collections.Immutable;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Types;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile.Checks.Types;

/// <summary>A part of a rule's reference behind its place: a constant, or the type of what is not constant.</summary>
internal sealed record TailPart(Value? Key, RegoType? Type);

/// <summary>Filled rule by rule in the order of the graph, then read only.</summary>
internal sealed class DocumentTypes(RuleNode root, CompileBudget budget)
{
    private readonly TypeOperations types = new(budget);
    private readonly Dictionary<RuleNode, Document> documents = [];

    // What was asked for since anything at or below the place was added to.
    private readonly Dictionary<RuleNode, RegoType> extents = [];

    /// <summary>The document at a place: alternatives of its value, or an object put together from rules with longer references.</summary>
    private sealed class Document
    {
        public RegoType? Value { get; set; }

        public Dictionary<Value, Document> Known { get; } = [];

        public RegoType? Key { get; set; }

        public RegoType? Type { get; set; }

        public Document? Rest { get; set; }

        public RegoType? ToType(TypeOperations types)
        {
            if (Known.Count == 0 && Rest is null)
                return Value;
            if (Known.Count > TypeOperations.PropertiesMax)
                return RegoType.AnyObject;
            return types.Or(TypeOperations.Bounded(Rest is null ? Closed(types) : Open(Rest, types)), Value);
        }

        private ObjectType Closed(TypeOperations types)
        {
            List<StaticProperty> properties = [];
            foreach (var (key, document) in Known)
                properties.Add(new(key, document.ToType(types) ?? RegoType.Any));
            properties.Sort(static (a, b) => a.Key.CompareTo(b.Key));
            return new([.. properties], null);
        }

        // Where some keys are worked out, none of them is sure to be there: known ones count as some of the possible keys.
        private ObjectType Open(Document rest, TypeOperations types)
        {
            var (key, value) = (Key, rest.ToType(types));
            foreach (var (known, document) in Known)
                (key, value) = (types.Or(key, types.Of(known)), types.Or(value, document.ToType(types)));
            return new([], new(key ?? RegoType.Any, value ?? RegoType.Any));
        }
    }

    public RuleNode Root => root;

    /// <summary>Adds what a rule gives: a value or member at its place, behind <paramref name="tail"/> (constants, or the types of what is not constant).</summary>
    public void Add(RuleNode place, IReadOnlyList<TailPart> tail, RegoType? type)
    {
        if (!documents.TryGetValue(place, out var document))
            documents[place] = document = new();
        document.Type = null;
        ForgetExtents(place);
        foreach (var (key, keyType) in tail)
        {
            if (key is null)
            {
                document.Key = types.Or(document.Key, keyType ?? RegoType.Any);
                document = document.Rest ??= new();
            }
            else if (document.Known.TryGetValue(key, out var known))
                document = known;
            else
                document = document.Known[key] = new();
        }

        document.Value = document.Value is SetType one && type is SetType two ? new SetType(types.Or(one.Member, two.Member)!) : types.Or(document.Value, type);
    }

    /// <summary>The type of the rules at a place, or null for a mere package.</summary>
    public RegoType? RulesAt(RuleNode place)
    {
        if (place.Rules.Count == 0)
            return null;
        return documents.TryGetValue(place, out var document) ? document.Type ??= document.ToType(types) ?? RegoType.Any : RegoType.Any;
    }

    /// <summary>The type of everything at a place.</summary>
    public RegoType ExtentOf(RuleNode place)
    {
        budget.Charge(1);
        if (RulesAt(place) is { } type)
            return type;
        if (extents.TryGetValue(place, out var known))
            return known;
        budget.Charge(place.Children.Count);
        List<StaticProperty> properties = [];
        foreach (var child in place.Children)
        {
            if (RulesAt(child) is not FunctionType)
                properties.Add(new(child.NameValue, ExtentOf(child)));
        }

        properties.Sort(static (a, b) => a.Key.CompareTo(b.Key));
        return extents[place] = TypeOperations.Bounded(new ObjectType([.. properties], new(RegoType.String, RegoType.Any)));
    }

    private void ForgetExtents(RuleNode place)
    {
        for (var above = place.Parent; above is not null && extents.Count > 0; above = above.Parent)
        {
            budget.Charge(1);
            extents.Remove(above);
        }
    }
}
