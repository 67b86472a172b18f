// The seven kinds of value, numbered in OPA's total order: every null sorts before every boolean, and so on.
namespace CabinCrew.Rego.Values;

/// <summary>What a <see cref="Value"/> is. The numeric order is Rego's order between kinds.</summary>
public enum ValueKind : byte
{
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
    Set,
}
