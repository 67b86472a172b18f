// Schemas by name, for the `schemas` annotations of policies: what `schema.a.b` stands for.
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Types;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego;

/// <summary>Immutable. A name that annotations use and the set does not have is an error of compilation; without a set such annotations do not count.</summary>
public sealed class RegoSchemaSet
{
    private readonly Dictionary<string, RegoType> types = new(StringComparer.Ordinal);

    private RegoSchemaSet()
    {
    }

    /// <summary>How many schemas there are.</summary>
    public int Count => types.Count;

    /// <summary>Each schema with the names that follow <c>schema</c>: of <c>schemas/a/b.json</c> they are <c>a</c> and <c>b</c>. Errors have the last name as their file.</summary>
    public static RegoResult<RegoSchemaSet> Parse(IEnumerable<(IReadOnlyList<string> Name, string Json)> schemas)
    {
        var set = new RegoSchemaSet();
        var errors = new List<RegoError>();
        foreach (var (name, json) in schemas)
        {
            if (RegoSchema.Parse(json) is { Ok: true, Value: var schema }) set.types[KeyOf(name.Select(part => (Value)new StringValue(part)))] = schema.Type;
            else errors.AddRange(RegoSchema.Parse(json).Errors.Select(error => error with { Message = $"{string.Join('/', name)}: {error.Message}" }));
        }

        return errors.Count > 0 ? RegoResult<RegoSchemaSet>.Failed([.. errors]) : set;
    }

    /// <param name="path">With <c>schema</c> before the names.</param>
    internal RegoType? Find(ArrayValue path) => types.GetValueOrDefault(KeyOf(path.Items[1..].ToArray()));

    private static string KeyOf(IEnumerable<Value> names) => ArrayValue.Of([.. names]).ToString();
}
