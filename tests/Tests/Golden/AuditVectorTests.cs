// The audit vectors of testkit/audit: what a verifier in any language must say about them, and that our chain is still theirs (AUD-03).
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Ledger.Audit;
using CabinCrew.Ledger.Signing;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Tests.Tidy;
using Xunit;

namespace CabinCrew.Tests.Golden;

[Clause("AUD-03")]
public sealed class AuditVectorTests
{
    private static readonly string Kit = Path.Combine(Repository.Root, "testkit", "audit");

    public static TheoryData<string, string, string, int> Cases()
    {
        var cases = new TheoryData<string, string, string, int>();
        foreach (var c in JsonNode.Parse(File.ReadAllText(Path.Combine(Kit, "cases.json")))!.AsArray())
            cases.Add((string)c!["file"]!, (string?)c["head"] ?? "", (string)c["result"]!, (int?)c["events"] ?? (int)c["sequence"]!);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_verifier_says_what_the_vector_says(string file, string head, string result, int number)
    {
        var saved = head.Length == 0 ? null : AuditChain.ReadHead(File.ReadAllBytes(Path.Combine(Kit, head))).Value;
        using var export = File.OpenRead(Path.Combine(Kit, file));
        var report = await AuditVerifier.VerifyAsync(export, File.ReadAllText(Path.Combine(Kit, "pub.pem")), saved, default);
        Assert.Equal(result, report.Problem?.Code.Id() ?? "good");
        Assert.Equal($"{number}", report.Problem?.Evidence["sequence"] ?? $"{report.Value.Events}");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"message":"x"}""")]
    [InlineData("""{"a":1,"artifacts":[],"chain":2,"chain_hash":"old","chain_hash2":3,"extensions":{"actor":"ä","sequence":7,"sequences":[1],"tenant":"t","tenants":{}},"extensions2":{"sequence":1},"signature":"s","signature2":1,"signature_key_ref":"k","zz":null}""")]
    [InlineData("""{"extensions":{"zeta":"\u001f\"","data":{"b":1,"a":[{}]}},"workflow":null,"b":1e3}""")]
    [InlineData("""{"extensions":"odd","signature":"s"}""")]
    public void An_event_put_together_from_pieces_is_the_canonical_form_of_the_whole(string given)
    {
        var directory = Directory.CreateTempSubdirectory("cabincrew-vectors-").FullName;
        try
        {
            using var signer = Signer.LoadOrCreate(directory).Value;
            var (line, chain) = AuditDraft.Of(JsonElement.Parse(given)).Seal("local", 12345, AuditChain.Genesis, signer);
            var whole = JsonNode.Parse(given)!.AsObject();
            foreach (var member in (string[])["chain_hash", "signature", "signature_key_ref"]) whole.Remove(member);
            if (whole["extensions"] is not JsonObject) whole["extensions"] = new JsonObject();
            whole["extensions"]!["sequence"] = 12345;
            whole["extensions"]!["tenant"] = "local";
            Assert.Equal(AuditChain.Next(AuditChain.Genesis, CanonicalJson.Write(whole)), chain);
            whole["chain_hash"] = chain;
            whole["signature"] = JsonNode.Parse(line)!["signature"]!.GetValue<string>();
            whole["signature_key_ref"] = signer.KeyRef;
            Assert.Equal(System.Text.Encoding.UTF8.GetString(CanonicalJson.Write(whole)), line);
            Assert.True(Signer.Verify(signer.PublicKeyPem, System.Text.Encoding.ASCII.GetBytes(chain), (string)whole["signature"]!));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void The_same_events_still_give_the_same_chain()
    {
        var directory = Directory.CreateTempSubdirectory("cabincrew-vectors-").FullName;
        try
        {
            using var signer = Signer.LoadOrCreate(directory).Value;
            var chain = AuditChain.Genesis;
            var events = File.ReadAllLines(Path.Combine(Kit, "good.jsonl"))[1..^1];
            Assert.Equal(6, events.Length);
            for (var i = 0; i < events.Length; i++)
            {
                var given = JsonElement.Parse(events[i]);
                var expected = given.GetProperty("chain_hash").GetString();
                (var line, chain) = AuditDraft.Of(given).Seal("local", i + 1, chain, signer);
                Assert.Equal(expected, chain);
                Assert.Equal(Unsigned(events[i]), Unsigned(line));
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    // The line's own bytes but for the two members that another key makes different.
    private static string Unsigned(string line)
    {
        var at = line.IndexOf(",\"signature\":\"", StringComparison.Ordinal);
        var end = line.IndexOf('"', line.IndexOf("\"signature_key_ref\":\"", StringComparison.Ordinal) + 21) + 1;
        return string.Concat(line.AsSpan(0, at), line.AsSpan(end));
    }
}
