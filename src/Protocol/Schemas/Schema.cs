// A compiled JSON schema: the subset of draft 2020-12 that our own schemas use, each keyword one field. Immutable.
using System.Text.Json;
using System.Text.RegularExpressions;

namespace CabinCrew.Protocol.Schemas;

[Flags]
internal enum JsonTypes { Null = 1, Boolean = 2, Integer = 4, Number = 8, String = 16, Array = 32, Object = 64 }

/// <summary>Null in a field: the keyword is not there.</summary>
internal sealed class Schema
{
    public static readonly Schema Anything = new();
    public static readonly Schema Nothing = new() { Never = true };

    /// <summary>The boolean schema <c>false</c>.</summary>
    public bool Never { get; init; }
    /// <summary>Resolved after compilation, since definitions may refer to each other.</summary>
    public Schema? Ref { get; set; }
    public JsonTypes? Types { get; init; }
    public IReadOnlyList<JsonElement>? Enum { get; init; }
    public JsonElement? Const { get; init; }
    public IReadOnlyDictionary<string, Schema>? Properties { get; init; }
    public IReadOnlyList<(Lazy<Regex> Pattern, Schema Schema)>? PatternProperties { get; init; }
    public Schema? AdditionalProperties { get; init; }
    public Schema? PropertyNames { get; init; }
    public IReadOnlyList<string>? Required { get; init; }
    public IReadOnlyList<(string Name, IReadOnlyList<string> Needs)>? DependentRequired { get; init; }
    public int? MinProperties { get; init; }
    public int? MaxProperties { get; init; }
    public Schema? Items { get; init; }
    public int? MinItems { get; init; }
    public int? MaxItems { get; init; }
    public bool UniqueItems { get; init; }
    public Lazy<Regex>? Pattern { get; init; }
    public string? PatternText { get; init; }
    public bool IsDateTime { get; init; }
    public int? MinLength { get; init; }
    public int? MaxLength { get; init; }
    public double? Minimum { get; init; }
    public double? Maximum { get; init; }
    public double? ExclusiveMinimum { get; init; }
    public double? ExclusiveMaximum { get; init; }
    public IReadOnlyList<Schema>? AllOf { get; init; }
    public IReadOnlyList<Schema>? AnyOf { get; init; }
    public IReadOnlyList<Schema>? OneOf { get; init; }
    public Schema? Not { get; init; }
    public Schema? If { get; init; }
    public Schema? Then { get; init; }
    public Schema? Else { get; init; }
}
