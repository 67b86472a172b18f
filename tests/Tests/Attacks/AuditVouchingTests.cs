// The last event of a commit is signed and vouches for those before it: what nobody vouches for is found, and named from its first event on (AUD-03).
using System.Text;
using System.Text.Json.Nodes;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Audit;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Schemas;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Contracts;
using Xunit;

namespace CabinCrew.Tests.Attacks;

[Clause("AUD-03")]
public sealed class AuditVouchingTests : IAsyncLifetime
{
    private const int Commits = 3, Each = 3, Events = Commits * Each;
    private readonly string directory = Path.Combine(Path.GetTempPath(), "cabincrew-audit-" + Guid.NewGuid().ToString("N"));
    private LedgerRoom room = null!;
    private JsonObject[] events = [];
    private string head = "";

    public async ValueTask InitializeAsync()
    {
        var clock = new SetClock();
        room = (await Stores.OpenAsync(directory, clock, new CountedIds(), default)).Value;
        for (var commit = 0; commit < Commits; commit++)
            (await room.Store.AppendAuditAsync(TenantId.Local,
                [.. Enumerable.Range(1, Each).Select(i => new AuditEvent { EventId = $"e{commit}-{i}", Timestamp = clock.GetUtcNow(), EventType = "state_changed", Message = $"message {commit}-{i}" })], default)).Value.ToString();
        using var export = new MemoryStream();
        Assert.True((await AuditExport.WriteAsync(room.Store, TenantId.Local, room.Signer.PublicKeyPem, export, default)).Ok);
        var lines = Encoding.UTF8.GetString(export.ToArray()).TrimEnd('\n').Split('\n');
        events = [.. lines[1..^1].Select(l => JsonNode.Parse(l)!.AsObject())];
        head = lines[^1];
    }

    public async ValueTask DisposeAsync()
    {
        await room.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task The_last_event_of_each_commit_is_signed_and_all_of_them_verify()
    {
        Assert.Equal(Events, events.Length);
        for (var i = 0; i < Events; i++)
        {
            var isLast = i % Each == Each - 1;
            Assert.Equal((isLast, isLast), (events[i].ContainsKey("signature"), events[i].ContainsKey("signature_key_ref")));
            Assert.True(SchemaCatalog.Validate("audit-event", StrictJson.Parse(Encoding.UTF8.GetBytes(events[i].ToJsonString())).Value).Ok);
        }
        Assert.Equal(Events, (await VerifyAsync()).Value.Events);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 4)]
    [InlineData(6, 4)]
    public async Task An_edit_with_all_hashes_computed_anew_is_named_from_the_first_event_that_nobody_vouches_for(int edited, int named)
    {
        events[edited - 1]["message"] = "never happened";
        var chain = AuditChain.Genesis;
        foreach (var e in events)
        {
            var body = (JsonObject)e.DeepClone();
            foreach (var member in (string[])["chain_hash", "signature", "signature_key_ref"]) body.Remove(member);
            chain = AuditChain.Next(chain, CanonicalJson.Write(body));
            e["chain_hash"] = chain;
        }
        var found = (await VerifyAsync()).Problem;
        Assert.Equal(ProblemCode.AuditSignatureInvalid, found?.Code);
        Assert.Equal($"{named}", found!.Evidence["sequence"]);
        Assert.Contains($"events {named} to {named + Each - 1}", found.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("signature")]
    [InlineData("signature_key_ref")]
    public async Task Half_a_signature_is_none(string taken)
    {
        events[5].Remove(taken);
        var found = (await VerifyAsync()).Problem;
        Assert.Equal(ProblemCode.AuditMalformed, found?.Code);
        Assert.Equal("6", found!.Evidence["sequence"]);
    }

    [Fact]
    public async Task An_event_that_borrows_a_signature_is_found()
    {
        events[3]["signature"] = events[2]["signature"]!.GetValue<string>();
        events[3]["signature_key_ref"] = events[2]["signature_key_ref"]!.GetValue<string>();
        var found = (await VerifyAsync()).Problem;
        Assert.Equal(ProblemCode.AuditSignatureInvalid, found?.Code);
        Assert.Equal("4", found!.Evidence["sequence"]);
    }

    private async Task<Outcome<AuditReport>> VerifyAsync()
    {
        using var export = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', events.Select(e => e.ToJsonString()).Append(head)) + "\n"));
        return await AuditVerifier.VerifyAsync(export, room.Signer.PublicKeyPem, null, default);
    }
}
