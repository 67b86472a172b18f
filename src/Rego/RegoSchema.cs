// The shape of a document, read from a JSON schema, for checking policies against it.
using CabinCrew.Rego.Compile;
using CabinCrew.Rego.Compile.Checks.Types;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Types;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego;

/// <summary>
/// A JSON schema as far as it says which keys exist and which types values have: <c>type</c>, <c>properties</c>, <c>additionalProperties</c>, <c>items</c>,
/// <c>prefixItems</c>, <c>enum</c>, <c>const</c>, <c>anyOf</c>, <c>oneOf</c>, <c>allOf</c>, <c>$ref</c> within the document. Other keywords do not narrow.
/// An object that names its properties has no others unless <c>additionalProperties</c> allows them.
/// </summary>
public sealed class RegoSchema
{
    private const long StepsMax = 20_000_000;

    private RegoSchema(RegoType type) => Type = type;

    internal RegoType Type { get; }

    /// <summary>Reads a schema. The one error says what is not JSON, or refers to what is not there.</summary>
    public static RegoResult<RegoSchema> Parse(string json)
    {
        Value document;
        try
        {
            document = Value.FromJson(json);
        }
        catch (System.Text.Json.JsonException e)
        {
            return RegoResult<RegoSchema>.Failed(new RegoError("rego_type_error", $"schema is not JSON: {e.Message}", default));
        }

        var reader = new SchemaReader(document, new(StepsMax, CancellationToken.None));
        RegoType type;
        try
        {
            type = reader.Read(document);
        }
        catch (CompileStopped stopped)
        {
            return RegoResult<RegoSchema>.Failed(new RegoError("rego_type_error", $"schema: {stopped.Error.Message}", default));
        }

        return reader.Problem is { } problem ? RegoResult<RegoSchema>.Failed(new RegoError("rego_type_error", problem, default)) : new RegoSchema(type);
    }

    /// <summary>The type in OPA's notation.</summary>
    public override string ToString() => Type.ToString();
}
