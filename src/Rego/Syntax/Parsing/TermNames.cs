// What kinds of terms are called in messages.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Syntax.Parsing;

internal static class TermNames
{
    public static string Of(Term term) => term switch
    {
        ScalarTerm { Value: NullValue } => "null",
        ScalarTerm { Value: BooleanValue } => "boolean",
        ScalarTerm { Value: NumberValue } => "number",
        ScalarTerm => "string",
        VarTerm => "var",
        RefTerm => "ref",
        CallTerm => "call",
        ArrayTerm => "array",
        SetTerm => "set",
        ObjectTerm => "object",
        ArrayComprehension => "arraycomprehension",
        SetComprehension => "setcomprehension",
        ObjectComprehension => "objectcomprehension",
        TemplateTerm => "templatestring",
        _ => "term",
    };
}
