// What is known of the documents in the body of one rule: the type of input for all rules, and what `schemas` annotations say there of input and data.
using System.Collections.Immutable;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Types;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile.Checks.Types;

/// <summary>A document below <c>data</c> and its type.</summary>
/// <remarks>A class, as all that is kept in lists: lists of structs, tuples too, are compiled anew at every start.</remarks>
internal sealed record TypedPlace(ArrayValue Path, RegoType Type);

/// <summary>Immutable. <paramref name="Data"/>: places below <c>data</c>, none of which lies within another.</summary>
internal sealed record TypeScope(RegoType Input, ImmutableArray<TypedPlace> Data)
{
    public static readonly TypeScope Unknown = new(RegoType.Any, []);

    /// <summary>The annotated place that a reference leads to or through, as the steps to it and its type; null where there is none.</summary>
    public (int Depth, RegoType Type)? DataAt(CoreTerm[] path)
    {
        foreach (var (place, type) in Data)
        {
            if (place.Count <= path.Length && Leads(path, place))
                return (place.Count, type);
        }

        return null;
    }

    private static bool Leads(CoreTerm[] path, ArrayValue place)
    {
        for (var i = 0; i < place.Count; i++)
        {
            if (path[i] is not CoreConst { Value: var key } || !key.Equals(place[i]))
                return false;
        }

        return true;
    }

    /// <summary>With a document that has a type, from here on.</summary>
    public TypeScope With(ArrayValue document, RegoType type)
    {
        var path = document.Slice(1, document.Count);
        if (document[0] is StringValue { Text: "input" })
            return this with { Input = Put(Input, path.Items, type) };
        if (document[0] is not StringValue { Text: "data" })
            return this;

        foreach (var known in Data)
        {
            if (known.Path.Count < path.Count && known.Path.Equals(path.Slice(0, known.Path.Count)))
                return this with { Data = Data.Replace(known, new(known.Path, Put(known.Type, path.Items[known.Path.Count..], type))) };
        }

        return this with { Data = [.. Data.Where(known => known.Path.Count < path.Count || !known.Path.Slice(0, path.Count).Equals(path)), new(path, type)] };
    }

    // What is known beside the place stays; where nothing was known, other keys may be there.
    private static RegoType Put(RegoType into, ReadOnlySpan<Value> path, RegoType type)
    {
        if (path.IsEmpty)
            return type;
        var (key, known, rest) = into is ObjectType items ? (path[0], items.Static, items.Dynamic) : (path[0], [], new DynamicProperty(RegoType.Any, RegoType.Any));
        var before = known.FirstOrDefault(property => property.Key.Equals(key)) ?? new(key, new ObjectType([], rest)) { IsOptional = true };
        return new ObjectType([.. known.Where(property => !property.Key.Equals(key)).Append(before with { Type = Put(before.Type, path[1..], type) }).OrderBy(property => property.Key)], rest);
    }
}
