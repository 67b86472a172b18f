// The operators that compare, membership, and what asks for a value's type.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Collections;

internal static class Comparison
{
    public static Builtin[] Table =>
    [
        new("eq", "any, any -> boolean", static (_, args) => Value.From(args[0].Equals(args[1]))),
        new("assign", "any, any -> boolean", static (_, args) => Value.From(args[0].Equals(args[1]))),
        new("equal", "x: any, y: any -> result: boolean", static (_, args) => Value.From(args[0].Equals(args[1]))),
        new("neq", "x: any, y: any -> result: boolean", static (_, args) => Value.From(!args[0].Equals(args[1]))),
        new("gt", "x: any, y: any -> result: boolean", static (_, args) => Value.From(args[0].CompareTo(args[1]) > 0)),
        new("gte", "x: any, y: any -> result: boolean", static (_, args) => Value.From(args[0].CompareTo(args[1]) >= 0)),
        new("lt", "x: any, y: any -> result: boolean", static (_, args) => Value.From(args[0].CompareTo(args[1]) < 0)),
        new("lte", "x: any, y: any -> result: boolean", static (_, args) => Value.From(args[0].CompareTo(args[1]) <= 0)),
        new("internal.member_2", "any, any -> boolean", static (_, args) => Value.From(IsMember(args[0], args[1]))),
        new("internal.member_3", "any, any, any -> boolean", static (_, args) => Value.From(args[2] is not SetValue ? args[2].Get(args[0])?.Equals(args[1]) == true : args[0].Equals(args[1]) && args[2].Get(args[0]) is not null)),
        new("is_number", "x: any -> result: boolean", static (_, args) => Value.From(args[0].Kind == ValueKind.Number)),
        new("is_string", "x: any -> result: boolean", static (_, args) => Value.From(args[0].Kind == ValueKind.String)),
        new("is_boolean", "x: any -> result: boolean", static (_, args) => Value.From(args[0].Kind == ValueKind.Boolean)),
        new("is_array", "x: any -> result: boolean", static (_, args) => Value.From(args[0].Kind == ValueKind.Array)),
        new("is_set", "x: any -> result: boolean", static (_, args) => Value.From(args[0].Kind == ValueKind.Set)),
        new("is_object", "x: any -> result: boolean", static (_, args) => Value.From(args[0].Kind == ValueKind.Object)),
        new("is_null", "x: any -> result: boolean", static (_, args) => Value.From(args[0].Kind == ValueKind.Null)),
        new("type_name", "x: any -> type: string", static (_, args) => new StringValue(TypeNames.Of(args[0]))),
    ];

    /// <summary>Among the elements of an array, the members of a set or the values of an object.</summary>
    public static bool IsMember(Value item, Value collection) => collection switch
    {
        SetValue set => set.Contains(item),
        ArrayValue array => array.Items.Contains(item),
        ObjectValue map => map.Values.Contains(item),
        _ => false,
    };
}
