// Every document that crosses a process boundary: fits its schema, survives reading and writing, and without `extensions` fits the published draft.
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Schemas;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Tidy;

namespace CabinCrew.Tests.Spec;

public sealed class WireDocumentTests
{
    [Fact, Clause("ENG-03"), Clause("ENG-04"), Clause("APR-01"), Clause("APR-02"), Clause("AUD-02"), Clause("ORC-04"), Clause("PRE-03")]
    public void Every_sample_has_every_member_and_fits_its_schema()
    {
        foreach (var sample in WireSamples.All)
        {
            var outcome = SchemaCatalog.Validate(sample.Schema, sample.Document);
            Assert.True(outcome.Ok, $"{sample.Schema}: {outcome.Problem}");
        }
        // A full sample shows every member that its schema knows.
        foreach (var name in WireSamples.All.Select(s => s.Schema).Distinct())
            Assert.Equal(
                JsonElement.Parse(SchemaCatalog.Text(name).Value).GetProperty("properties").EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal),
                WireSamples.All.First(s => s.Schema == name).Document.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
    }

    [Fact, Clause("ENG-03"), Clause("ENG-04"), Clause("ORC-04")]
    public void Every_sample_survives_reading_and_writing()
    {
        foreach (var sample in WireSamples.All)
            Assert.Equal(CanonicalJson.Text(sample.Document), CanonicalJson.Text(sample.Again(sample.Document)));
    }

    [Fact, Clause("ENG-03"), Clause("ENG-04"), Clause("TOK-03"), Clause("APR-01"), Clause("AUD-02"), Clause("ORC-04")]
    public void Without_extensions_every_sample_fits_the_published_draft() =>
        Repository.None(WireSamples.All.SelectMany(s => DraftShapes.Departures(s.Draft, s.Document).Select(d => $"{s.Draft}{d}")), "Departures from the draft:");

    [Fact]
    public void No_member_can_be_removed_that_the_schema_requires_and_none_can_be_added()
    {
        foreach (var sample in WireSamples.All)
        {
            var required = JsonElement.Parse(SchemaCatalog.Text(sample.Schema).Value).GetProperty("required").EnumerateArray().Select(r => r.GetString()!);
            foreach (var name in required)
            {
                var less = JsonObject.Create(sample.Document)!.DeepClone().AsObject();
                Assert.True(less.Remove(name), $"{sample.Schema}: {name}");
                Assert.Contains($"'{name}' is missing", SchemaCatalog.Validate(sample.Schema, WireJson.ToElement(less)).Problem!.Message, StringComparison.Ordinal);
            }
            var more = JsonObject.Create(sample.Document)!.DeepClone().AsObject();
            more["unheard_of"] = 1;
            Assert.Equal("/unheard_of", SchemaCatalog.Validate(sample.Schema, WireJson.ToElement(more)).Problem!.Where);
        }
    }

    [Fact, Clause("ORC-04")]
    public void The_log_schema_knows_every_entry_type_and_the_states_are_the_fourteen()
    {
        var schema = JsonElement.Parse(SchemaCatalog.Text("wal-entry").Value);
        var known = schema.GetProperty("properties").GetProperty("entry_type").GetProperty("enum").EnumerateArray().Select(t => t.GetString()!).ToHashSet(StringComparer.Ordinal);
        foreach (var field in typeof(WalEntryTypes).GetFields()) Assert.Contains((string)field.GetRawConstantValue()!, known);
        Assert.Equal(Enum.GetValues<LifecycleState>().Select(s => s.Word()), schema.GetProperty("$defs").GetProperty("state").GetProperty("enum").EnumerateArray().Select(s => s.GetString()!));
    }

    [Fact, Clause("PRE-02")]
    public void Each_decision_has_its_severity_and_no_other_is_read()
    {
        Assert.Equal([("allow", 0), ("warn", 1), ("require_approval", 2), ("deny", 3)], Enum.GetValues<Decision>().Select(d => (d.Word(), (int)d)));
        foreach (var decision in Enum.GetValues<Decision>())
        {
            var evaluation = WireJson.ToElement(WireSamples.Evaluation with { Decision = decision }, ProtocolJson.Default.PolicyEvaluation);
            Assert.Equal((decision.Word(), (int)decision), (evaluation.GetProperty("decision").GetString(), evaluation.GetProperty("severity").GetInt32()));
            foreach (var other in Enumerable.Range(0, 5))
            {
                var forged = JsonObject.Create(evaluation)!.DeepClone().AsObject();
                forged["severity"] = other;
                var output = new JsonObject
                {
                    ["decision"] = decision.Word(),
                    ["extensions"] = new JsonObject { ["policy_evaluations"] = new JsonArray(forged), ["aggregation_method"] = "most_restrictive", ["needs"] = new JsonArray() },
                };
                Assert.Equal(other == (int)decision, SchemaCatalog.Validate("preflight-output", WireJson.ToElement(output)).Ok);
            }
        }
    }

    [Fact, Clause("ORC-04")]
    public void A_log_entrys_checksum_is_that_of_its_document_without_the_checksum()
    {
        var entry = WalEntries.Seal(41, new DateTimeOffset(2026, 1, 31, 12, 0, 0, 120, TimeSpan.Zero), "wf-é", WalEntryTypes.StepStarted, JsonElement.Parse("""{"z":1.50,"a":"\u00e9"}"""));
        var document = JsonObject.Create(WireJson.ToElement(entry, ProtocolJson.Default.WalEntry))!.DeepClone().AsObject();
        document.Remove("checksum");
        Assert.Equal("""{"data":{"a":"é","z":1.5},"entry_type":"step_started","sequence":41,"timestamp":"2026-01-31T12:00:00.12+00:00","workflow_id":"wf-é"}""", Encoding.UTF8.GetString(CanonicalJson.Write(document)));
        Assert.Equal(Digest.Of(CanonicalJson.Write(document)), entry.Checksum);
    }

    [Fact, Clause("ORC-04")]
    public void A_stream_is_whole_only_without_gap_repetition_or_stranger()
    {
        var whole = Enumerable.Range(0, 4).Select(i => WalEntries.Seal(i, DateTimeOffset.UnixEpoch, "wf-1", WalEntryTypes.StepStarted, JsonElement.Parse("{}"))).ToArray();
        Assert.True(WalEntries.VerifyStream(whole, "wf-1").Ok);
        WalEntry[][] broken =
        [
            [whole[0], whole[2], whole[3]], [whole[0], whole[1], whole[1], whole[2]], [whole[1], whole[0]], [whole[1], whole[2]],
            [whole[0], WalEntries.Seal(1, DateTimeOffset.UnixEpoch, "wf-2", WalEntryTypes.StepStarted, JsonElement.Parse("{}"))], [whole[0], whole[1] with { EntryType = "x" }],
        ];
        string[] at = ["wf-1#1", "wf-1#2", "wf-1#0", "wf-1#0", "wf-1#1", "wf-1#1"];
        foreach (var (entries, where) in broken.Zip(at))
        {
            var problem = WalEntries.VerifyStream(entries, "wf-1").Problem!;
            Assert.Equal((ProblemCode.StoreCorrupt, where), (problem.Code, problem.Where));
        }
    }

    [Theory]
    [InlineData("2026-01-31T12:00:00Z", true)]
    [InlineData("2026-01-31T12:00:00.1234567+02:00", true)]
    [InlineData("2026-01-31T12:00:00", false)]
    [InlineData("2026-01-31", false)]
    [InlineData("2026-02-30T12:00:00Z", false)]
    [InlineData("2026-01-31T25:00:00Z", false)]
    [InlineData("2026-01-31 12:00:00Z", false)]
    [InlineData("2026-01-31T12:00:00Z\n", false)]
    [InlineData("2026-01-31T12:00:00.Z", false)]
    [InlineData("2026-01-31T12:00:00+0200", false)]
    [InlineData("31.01.2026", false)]
    public void A_time_always_says_its_offset(string text, bool good)
    {
        var response = JsonObject.Create(WireSamples.All.Single(s => s.Schema == "approval-response").Document)!.DeepClone().AsObject();
        response["timestamp"] = text;
        var read = SchemaCatalog.Read("approval-response", CanonicalJson.Write(response), ProtocolJson.Default.ApprovalResponse);
        Assert.Equal(good, read.Ok);
        if (!good) Assert.Equal("/timestamp", read.Problem!.Where);
    }

    [Fact]
    public void Definitions_of_one_name_are_the_same_in_every_schema()
    {
        var shared = SchemaCatalog.Names.SelectMany(n => JsonElement.Parse(SchemaCatalog.Text(n).Value) is var s && s.TryGetProperty("$defs", out var defs) ? defs.EnumerateObject().ToArray() : [])
            .Where(d => d.Name is "digest" or "time" or "plan_token" or "policy_evaluation" or "evidence" or "need" or "state" or "decision" or "mode").GroupBy(d => d.Name, d => CanonicalJson.Text(d.Value));
        foreach (var definition in shared) Assert.Single(definition.Distinct(StringComparer.Ordinal));
    }
}
