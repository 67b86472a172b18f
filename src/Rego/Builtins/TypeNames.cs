// The names of kinds as OPA's messages and type_name say them.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins;

internal static class TypeNames
{
    public static string Of(Value value) => Of(value.Kind);

    public static string Of(ValueKind kind) => kind switch
    {
        ValueKind.Null => "null",
        ValueKind.Boolean => "boolean",
        ValueKind.Number => "number",
        ValueKind.String => "string",
        ValueKind.Array => "array",
        ValueKind.Object => "object",
        _ => "set",
    };
}
