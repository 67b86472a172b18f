// Our JSON schemas, embedded from /schemas, and their small validator. Every document is validated before it is mapped.
using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Protocol.Schemas;

public static partial class SchemaCatalog
{
    private const string Folder = "schemas/";
    private const string Ending = ".json";
    private const int FaultsShown = 4;

    private static readonly ConcurrentDictionary<string, Schema> Compiled = new(StringComparer.Ordinal);
    private static readonly Lazy<IReadOnlyList<string>> All = new(() =>
    [
        .. typeof(SchemaCatalog).Assembly.GetManifestResourceNames()
            .Where(r => r.StartsWith(Folder, StringComparison.Ordinal) && r.EndsWith(Ending, StringComparison.Ordinal))
            .Select(r => r[Folder.Length..^Ending.Length])
            .Order(StringComparer.Ordinal),
    ]);

    /// <summary>Names as `cabincrew schema NAME` takes them: engine-input, engine-output, artifact, plan-token, approval-request,
    /// approval-response, audit-event, wal-entry, workflow-state, preflight-input, preflight-output, policy-input, mcp-input, llm-input, workflow, gateway, llm-gateway, rules, message-rules, identities, audit-head, classifier.</summary>
    public static IReadOnlyList<string> Names => All.Value;

    /// <summary>The schema's text.</summary>
    public static Outcome<string> Text(string name) => Bytes(name).Map(Encoding.UTF8.GetString);

    /// <summary>Validates against a schema; the problem's <see cref="Problem.Where"/> is a JSON pointer ("document" for the whole).</summary>
    public static Outcome<Done> Validate(string name, JsonElement document)
    {
        if (!Compile(name).Try(out var schema, out var unknown)) return unknown;
        var faults = SchemaValidator.Validate(schema, document);
        return faults.Count == 0 ? Done.Ok : Refuse(name, faults);
    }

    /// <summary>The whole way in: strict parse, schema, mapping.</summary>
    public static Outcome<T> Read<T>(string schema, ReadOnlyMemory<byte> utf8, JsonTypeInfo<T> type, JsonLimits? limits = null) where T : class =>
        StrictJson.Parse(utf8, limits).Then(document => Read(schema, document, type));

    /// <summary>The way in for a document that is already parsed strictly: schema, mapping.</summary>
    public static Outcome<T> Read<T>(string schema, JsonElement document, JsonTypeInfo<T> type) where T : class =>
        Validate(schema, document).Then(_ => Map(schema, document, type));

    internal static Outcome<T> Map<T>(string schema, JsonElement document, JsonTypeInfo<T> type) where T : class
    {
        try
        {
            return document.Deserialize(type) is { } value
                ? value
                : new Problem(ProblemCode.SchemaInvalid, $"null is not a document of the schema '{schema}'").With("schema", schema);
        }
        catch (JsonException e)
        {
            // The exception's own text may quote the value; its path does not.
            return new Problem(ProblemCode.SchemaInvalid, $"the value at '{e.Path}' does not fit '{schema}'") { Where = e.Path }.With("schema", schema);
        }
    }

    private static Problem Refuse(string name, IReadOnlyList<SchemaFault> faults)
    {
        var first = faults[0];
        var more = string.Concat(faults.Skip(1).Take(FaultsShown - 1).Select(f => $"; {Pointer(f)}: {f.Message}"));
        var problem = new Problem(ProblemCode.SchemaInvalid, first.Message + more)
        {
            Where = Pointer(first),
            Remedy = $"Print the schema with `cabincrew schema {name}`.",
        };
        return problem.With("schema", name);
    }

    private static string Pointer(SchemaFault fault) => fault.Pointer.Length == 0 ? "document" : fault.Pointer;

    internal static Outcome<Schema> Compile(string name)
    {
        if (Compiled.TryGetValue(name, out var schema)) return schema;
        if (!Bytes(name).Try(out var bytes, out var unknown)) return unknown;
        return Compiled.GetOrAdd(name, SchemaCompiler.Compile(StrictJson.Parse(bytes).Value));
    }

    private static Outcome<byte[]> Bytes(string name)
    {
        using var stream = typeof(SchemaCatalog).Assembly.GetManifestResourceStream(Folder + name + Ending);
        if (stream is null)
            return new Problem(ProblemCode.NotFound, $"there is no schema '{Place.Segment(name)}'{NearMatch.Hint(name, Names)}")
            {
                Remedy = $"The schemas are: {string.Join(", ", Names)}.",
            };
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
