// Names that OPA knows and that are not available here: a policy that calls one is refused when it is compiled.
namespace CabinCrew.Rego.Builtins;

internal static class RefusedBuiltins
{
    private const string Network = "not available here: policies have no network";
    private const string GraphQl = "not available here: GraphQL is not supported";

    public static Builtin[] Table =>
    [
        Builtin.Refused("http.send", "request: object[string: any] -> response: object[any: any]", Network),
        Builtin.Refused("net.lookup_ip_addr", "name: string -> addrs: set[string]", Network),
        Builtin.Refused("opa.runtime", " -> output: object[string: any]", "not available here: there is no OPA to describe"),
        Builtin.Refused("providers.aws.sign_req", "request: object[string: any], aws_config: object[string: any], time_ns: number -> signed_request: object[any: any]", "not available here: AWS signing is not supported"),
        Builtin.Refused("graphql.parse", "query: any<string, object[any: any]>, schema: any<string, object[any: any]> -> output: array<object[any: any], object[any: any]>", GraphQl),
        Builtin.Refused("graphql.parse_and_verify", "query: any<string, object[any: any]>, schema: any<string, object[any: any]> -> output: array<boolean, object[any: any], object[any: any]>", GraphQl),
        Builtin.Refused("graphql.parse_query", "query: string -> output: object[any: any]", GraphQl),
        Builtin.Refused("graphql.parse_schema", "schema: string -> output: object[any: any]", GraphQl),
        Builtin.Refused("graphql.is_valid", "query: any<string, object[any: any]>, schema: any<string, object[any: any]> -> output: boolean", GraphQl),
        Builtin.Refused("graphql.schema_is_valid", "schema: any<string, object[any: any]> -> output: boolean", GraphQl),
    ];
}
