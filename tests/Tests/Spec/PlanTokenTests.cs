// The plan-token (TOK-01 to TOK-03): what it binds, and that it is a pure function of exactly that.
using System.Text;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Golden;
using CabinCrew.Tests.Tidy;

namespace CabinCrew.Tests.Spec;

public sealed class PlanTokenTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    [Fact, Clause("TOK-02")]
    public void Everything_that_the_clause_names_is_bound()
    {
        var form = PlanTokens.CanonicalForm(PlanTokenSamples.Full);
        Assert.Equal(
            ["artifacts", "config_hash", "context_hash", "definition_hash", "engine", "governance_hash", "model", "policy_digest", "protocol_version", "step_id", "version", "workflow_id", "workspace_hash"],
            form.Select(m => m.Key).Order(StringComparer.Ordinal));
        Assert.Equal(["Zeta", "a-1", "change"], form["artifacts"]!.AsArray().Select(a => (string?)a!["name"]));
        foreach (var artifact in form["artifacts"]!.AsArray())
            Assert.Equal(["action", "body_hash", "metadata_hash", "name", "role", "size", "type"], artifact!.AsObject().Select(m => m.Key).Order(StringComparer.Ordinal));
    }

    [Fact, Clause("TOK-03")]
    public void The_document_has_what_the_clause_names_and_fits_its_schema()
    {
        var token = PlanTokens.Create(PlanTokenSamples.Full, Noon, Noon.AddHours(1));
        var element = WireJson.ToElement(token, ProtocolJson.Default.PlanToken);
        Assert.Equal(
            ["artifacts", "created_at", "engine_id", "extensions", "governance_hash", "model", "policy_digest", "protocol_version", "token", "version", "workspace_hash"],
            element.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        Assert.True(Protocol.Schemas.SchemaCatalog.Validate("plan-token", element).Ok);
        Assert.Equal("none", token.Model);
        Assert.Equal(PlanTokens.Compute(PlanTokenSamples.Full), token.Token);
    }

    [Fact, Clause("TOK-03")]
    public void Each_artifacts_hash_is_that_of_its_entry_in_the_canonical_form()
    {
        var token = PlanTokens.Create(PlanTokenSamples.Full, Noon, null);
        var form = PlanTokens.CanonicalForm(PlanTokenSamples.Full)["artifacts"]!.AsArray();
        Assert.Equal(form.Select(a => Digest.Of(CanonicalJson.Write(a))), token.Artifacts.Select(a => a.Hash));
    }

    [Fact, Clause("TOK-02")]
    public void When_it_was_made_and_when_it_expires_do_not_change_the_token() =>
        Assert.Equal(PlanTokens.Create(PlanTokenSamples.Full, Noon, null).Token, PlanTokens.Create(PlanTokenSamples.Full, Noon.AddDays(1), Noon.AddDays(2)).Token);

    [Fact, Clause("TOK-01")]
    public void Only_one_place_in_the_house_makes_a_token_and_no_engine_can_reach_it()
    {
        var makers = Repository.ProductFiles.Where(f => Repository.Lines(f).Any(l => !l.TrimStart().StartsWith("//", StringComparison.Ordinal)
            && (l.Contains("PlanTokens.Compute(", StringComparison.Ordinal) || l.Contains("PlanTokens.Create(", StringComparison.Ordinal)))).ToArray();
        Assert.DoesNotContain(makers, f => f.StartsWith("engines/", StringComparison.Ordinal) || f.StartsWith("src/EngineSdk/", StringComparison.Ordinal));
        var canonical = Repository.ProductFiles.Where(f => Repository.Text(f).Contains("\"governance_hash\"", StringComparison.Ordinal) && Repository.Text(f).Contains("\"definition_hash\"", StringComparison.Ordinal));
        Assert.Equal(["src/Protocol/PlanTokens.cs"], canonical);
    }

    [Fact, Clause("TOK-02")]
    public void The_canonical_form_is_one_line_of_text_that_a_person_can_hash()
    {
        var bytes = CanonicalJson.Write(PlanTokens.CanonicalForm(PlanTokenSamples.Full));
        Assert.All(bytes, b => Assert.InRange(b, (byte)0x20, (byte)0x7e));
        Assert.Equal(PlanTokens.Compute(PlanTokenSamples.Full), Digest.Of(bytes));
        Assert.StartsWith("{\"artifacts\":[{\"action\":\"apply\"", Encoding.ASCII.GetString(bytes), StringComparison.Ordinal);
    }
}
