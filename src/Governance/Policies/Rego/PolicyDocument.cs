// The documents that Rego policies are asked about: which schema each has, and which package answers where a policy names none.
using CabinCrew.Protocol.Schemas;
using CabinCrew.Rego;

namespace CabinCrew.Governance.Policies.Rego;

/// <param name="Schema">Its name, as <c>cabincrew schema</c> takes it.</param>
/// <param name="Package">Without <c>data</c>.</param>
public sealed record PolicyDocument(string Schema, string Package)
{
    public static readonly PolicyDocument Plan = new(InputDocument.SchemaName, RegoPolicyOptions.DefaultPackage);
    public static readonly PolicyDocument Message = new("mcp-input", "cabincrew.mcp");

    public static readonly PolicyDocument Prompt = new("llm-input", "cabincrew.llm");

    public static IReadOnlyList<PolicyDocument> All { get; } = [Plan, Message, Prompt];

    private readonly Lazy<RegoSchema> schema = new(() => RegoSchema.Parse(SchemaCatalog.Text(Schema).Value).Value!);

    internal RegoSchema InputSchema => schema.Value;
}
