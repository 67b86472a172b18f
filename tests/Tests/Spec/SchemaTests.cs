// Our JSON schemas and their validator: what fits, what does not, and that the message helps to mend it.
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Schemas;
using CabinCrew.Protocol.Wire;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class SchemaTests
{
    private static JsonElement Json(string text) => StrictJson.Parse(Encoding.UTF8.GetBytes(text)).Value;

    private static Problem Refused(string schema, string json)
    {
        var outcome = SchemaCatalog.Validate(schema, Json(json));
        Assert.False(outcome.Ok, "it was accepted");
        return outcome.Problem;
    }

    [Fact]
    public void Every_schema_compiles_and_says_what_it_is()
    {
        Assert.NotEmpty(SchemaCatalog.Names);
        foreach (var name in SchemaCatalog.Names)
        {
            var text = SchemaCatalog.Text(name).Value;
            var schema = Json(text);
            Assert.Equal("https://json-schema.org/draft/2020-12/schema", schema.GetProperty("$schema").GetString());
            Assert.Equal($"https://cabincrew.dev/schemas/{name}.json", schema.GetProperty("$id").GetString());
            Assert.False(string.IsNullOrWhiteSpace(schema.GetProperty("description").GetString()));
            SchemaCatalog.Validate(name, Json("{}")); // an unsupported keyword would throw
        }
    }

    [Fact]
    public void Every_pattern_is_built_and_needs_no_backtracking()
    {
        var patterns = SchemaCatalog.Names.SelectMany(n => Patterns(Json(SchemaCatalog.Text(n).Value))).Distinct(StringComparer.Ordinal).ToArray();
        Assert.Contains("^sha256:[0-9a-f]{64}$", patterns);
        foreach (var pattern in patterns) Assert.NotNull(new Regex(pattern, RegexOptions.NonBacktracking));
    }

    private static IEnumerable<string> Patterns(JsonElement e) => e.ValueKind switch
    {
        JsonValueKind.Array => e.EnumerateArray().SelectMany(Patterns),
        JsonValueKind.Object => e.EnumerateObject().SelectMany(p =>
            p.Name == "pattern" && p.Value.ValueKind is JsonValueKind.String ? [p.Value.GetString()!]
            : p.Name == "patternProperties" ? p.Value.EnumerateObject().Select(k => k.Name).Concat(Patterns(p.Value))
            : Patterns(p.Value)),
        _ => [],
    };

    [Fact]
    public void An_unknown_schema_name_is_refused_with_a_near_match()
    {
        var problem = SchemaCatalog.Text("engine-inptu").Problem!;
        Assert.Equal(ProblemCode.NotFound, problem.Code);
        Assert.Contains("did you mean 'engine-input'?", problem.Message, StringComparison.Ordinal);
        Assert.False(SchemaCatalog.Text("../Protocol").Ok);
    }

    [Fact, Clause("ART-02"), Clause("ART-04")]
    public void A_mistyped_field_is_named_with_its_pointer_and_a_near_match()
    {
        var problem = Refused("artifact", """{"type":"script","action":"execute","metdata":{}}""");
        Assert.Equal("/metdata", problem.Where);
        Assert.Contains("did you mean 'metadata'?", problem.Message, StringComparison.Ordinal);
    }

    [Fact, Clause("ENG-04")]
    public void A_fault_deep_inside_is_found_by_its_pointer()
    {
        var problem = Refused("engine-output", """
            {"protocol_version":"draft-1","engine_id":"e","mode":"flight-plan","receipt_id":"r","status":"success",
             "artifacts":[{"name":"a","role":"evidence","path":"a/artifact.json","hash":"sha256:00","size":1}]}
            """);
        Assert.Equal("/artifacts/0/hash", problem.Where);
    }

    [Fact]
    public void Several_faults_are_told_at_once()
    {
        var problem = Refused("engine-input", """{"mode":"flightplan","meta":{"workflow_id":7}}""");
        Assert.Contains("'protocol_version' is missing", problem.Message, StringComparison.Ordinal);
        Assert.Contains("/mode: expected one of flight-plan, take-off; did you mean 'flight-plan'?", problem.Message, StringComparison.Ordinal);
        Assert.Contains("/meta: 'step_id' is missing", problem.Message, StringComparison.Ordinal);
        Assert.Contains("/meta/workflow_id: expected a string, found a number", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_message_quotes_a_value()
    {
        foreach (var json in new[] { """{"type":"hunter2","action":1,"role":"hunter2"}""", """{"type":"a","action":"b","integrity":"hunter2","body_file":"hunter2"}""" })
            Assert.DoesNotContain("hunter2", Refused("artifact", json).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_document_that_does_not_fit_is_never_mapped()
    {
        var read = SchemaCatalog.Read("engine-input", """{"protocol_version":"draft-1","mode":"take-off","meta":{"workflow_id":"w","step_id":"s"},"extra":1}"""u8.ToArray(),
            ProtocolJson.Default.EngineInput);
        Assert.Equal(ProblemCode.SchemaInvalid, read.Problem?.Code);
    }
}
