// Names that OPA knows and that are not available here: a policy that calls one is refused when it is compiled.
namespace CabinCrew.Rego.Builtins;

internal static class RefusedBuiltins
{
    private const string Network = "not available here: policies have no network";
    private const string GraphQl = "not available here: GraphQL is not supported";

    public static Builtin[] Table =>
    [
        Builtin.Refused("http.send", "object[string: any] -> object[any: any]", Network),
        Builtin.Refused("net.lookup_ip_addr", "string -> set[string]", Network),
        Builtin.Refused("opa.runtime", "-> object[string: any]", "not available here: there is no OPA to describe"),
        Builtin.Refused("providers.aws.sign_req", "object[string: any], object[string: any], number -> object[any: any]", "not available here: AWS signing is not supported"),
        Builtin.Refused("graphql.parse", "any<string, object[any: any]>, any<string, object[any: any]> -> array<object[any: any], object[any: any]>", GraphQl),
        Builtin.Refused("graphql.parse_and_verify", "any<string, object[any: any]>, any<string, object[any: any]> -> array<boolean, object[any: any], object[any: any]>", GraphQl),
        Builtin.Refused("graphql.parse_query", "string -> object[any: any]", GraphQl),
        Builtin.Refused("graphql.parse_schema", "string -> object[any: any]", GraphQl),
        Builtin.Refused("graphql.is_valid", "any<string, object[any: any]>, any<string, object[any: any]> -> boolean", GraphQl),
        Builtin.Refused("graphql.schema_is_valid", "any<string, object[any: any]> -> boolean", GraphQl),
    ];
}
