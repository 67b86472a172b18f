// Whatever is done to an audit log between its store and its reader is found, named, and placed (AUD-03).
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Audit;
using CabinCrew.Ledger.Signing;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Schemas;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Contracts;
using Xunit;

namespace CabinCrew.Tests.Attacks;

[Clause("AUD-03")]
public sealed class AuditTamperingTests : IAsyncLifetime
{
    private const int Events = 12;
    private readonly string directory = Path.Combine(Path.GetTempPath(), "cabincrew-audit-" + Guid.NewGuid().ToString("N"));
    private readonly SetClock clock = new();
    private LedgerRoom room = null!;
    private string[] lines = [];
    private AuditHead early = null!;

    public async ValueTask InitializeAsync()
    {
        room = (await Stores.OpenAsync(directory, clock, new CountedIds(), default)).Value;
        for (var i = 1; i <= Events; i++)
        {
            await room.Store.AppendAuditAsync(TenantId.Local, [new AuditEvent { EventId = $"e{i}", Timestamp = clock.GetUtcNow(), EventType = "state_changed", Message = $"message {i} ü" }], default);
            clock.Advance(TimeSpan.FromSeconds(1));
            if (i == 5) early = (await room.Store.ReadAuditAsync(TenantId.Local, 1, 1, default)).Value.Head!;
        }
        using var export = new MemoryStream();
        Assert.True((await AuditExport.WriteAsync(room.Store, TenantId.Local, room.Signer.PublicKeyPem, export, default)).Ok);
        lines = Encoding.UTF8.GetString(export.ToArray()).TrimEnd('\n').Split('\n');
    }

    public async ValueTask DisposeAsync()
    {
        await room.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    [Clause("AUD-02")]
    public async Task An_export_that_nobody_touched_is_good()
    {
        Assert.Equal(Events + 2, lines.Length);
        var report = (await VerifyAsync(lines, early)).Value;
        Assert.Equal(Events, report.Events);
        Assert.Equal("local", report.Tenant);
        Assert.True((await VerifyAsync(lines[1..])).Ok);
        Assert.All(lines[1..^1], l => Assert.True(SchemaCatalog.Validate("audit-event", StrictJson.Parse(Encoding.UTF8.GetBytes(l)).Value) is { Ok: true }, l));
        Assert.Equal(Events, (await AuditVerifier.VerifyStoreAsync(room.Store, TenantId.Local, room.Signer.PublicKeyPem, early, default)).Value.Events);
        Assert.True(SchemaCatalog.Validate("audit-head", StrictJson.Parse(Encoding.UTF8.GetBytes(lines[^1])).Value).Ok);
        Assert.Equal(report.Head, AuditChain.ReadHead(AuditChain.WriteHead(report.Head)).Value);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(Events)]
    public async Task An_edited_event_is_named(int sequence)
    {
        lines[sequence] = lines[sequence].Replace($"message {sequence}", "message x", StringComparison.Ordinal);
        await FoundAsync(ProblemCode.AuditEdited, sequence);
    }

    [Fact]
    public async Task Every_byte_of_an_event_counts()
    {
        var original = lines[4];
        for (var i = 0; i < original.Length; i += 7)
        {
            lines[4] = string.Concat(original.AsSpan(0, i), original[i] == '1' ? "2" : "1", original.AsSpan(i + 1));
            if (lines[4] == original) continue;
            var found = await VerifyAsync(lines);
            Assert.False(found.Ok, $"an edit at character {i} was not found: {lines[4]}");
            Assert.Equal(ProblemClass.Evidence, found.Problem!.Code.Entry().Class);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(Events - 1)]
    public async Task A_deleted_event_is_named(int sequence)
    {
        lines = [.. lines[..sequence], .. lines[(sequence + 1)..]];
        await FoundAsync(ProblemCode.AuditDeleted, sequence);
    }

    [Fact]
    public async Task A_deleted_event_whose_followers_were_renumbered_shows_as_an_edit()
    {
        lines = [.. lines[..4], .. lines[5..]];
        for (var i = 4; i < lines.Length - 1; i++) lines[i] = lines[i].Replace($"\"sequence\":{i + 1}", $"\"sequence\":{i}", StringComparison.Ordinal);
        await FoundAsync(ProblemCode.AuditEdited, 4);
    }

    [Fact]
    public async Task Reordered_events_are_named()
    {
        (lines[3], lines[9]) = (lines[9], lines[3]);
        await FoundAsync(ProblemCode.AuditReordered, 3);
    }

    [Fact]
    public async Task A_repeated_event_is_named()
    {
        lines = [.. lines[..6], lines[5], .. lines[6..]];
        await FoundAsync(ProblemCode.AuditReordered, 6);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(Events - 1)]
    public async Task A_truncated_log_is_found_with_and_without_its_head(int kept)
    {
        var head = lines[^1];
        lines = [.. lines[..(kept + 1)], head];
        await FoundAsync(ProblemCode.AuditTruncated, kept + 1);
        lines = lines[..^1];
        await FoundAsync(ProblemCode.AuditTruncated, kept + 1);
    }

    [Fact]
    public async Task A_rollback_is_found_by_a_head_that_was_kept()
    {
        var late = AuditChain.ReadHead(Encoding.UTF8.GetBytes(lines[^1])).Value;
        string[] old = [.. lines[..6], Encoding.UTF8.GetString(AuditChain.WriteHead(early))];
        Assert.Equal(5, (await VerifyAsync(old)).Value.Events);
        lines = old;
        await FoundAsync(ProblemCode.AuditTruncated, 6, saved: late);
    }

    [Fact]
    public async Task A_history_rewritten_with_the_right_key_is_found_by_a_head_that_was_kept()
    {
        var forged = Rechain(room.Signer);
        Assert.Equal(Events, (await VerifyAsync(forged)).Value.Events);
        lines = forged;
        await FoundAsync(ProblemCode.AuditEdited, 5, saved: early);
    }

    [Fact]
    public async Task A_history_rewritten_with_another_key_is_found()
    {
        using var other = Signer.LoadOrCreate(Path.Combine(directory, "other-keys")).Value;
        lines = Rechain(other);
        await FoundAsync(ProblemCode.AuditSignatureInvalid, 1);
        // The claim to have been signed by the trusted key does not help.
        lines = [.. lines.Select(l => l.Replace(other.KeyRef, room.Signer.KeyRef, StringComparison.Ordinal))];
        await FoundAsync(ProblemCode.AuditSignatureInvalid, 1);
    }

    [Fact]
    public async Task Hashes_computed_anew_without_a_key_are_found()
    {
        var forged = Rechain(room.Signer);
        for (var i = 1; i <= Events; i++)
        {
            var node = JsonNode.Parse(forged[i])!.AsObject();
            node["signature"] = JsonNode.Parse(lines[i])!["signature"]!.GetValue<string>();
            lines[i] = Encoding.UTF8.GetString(CanonicalJson.Write(node));
        }
        await FoundAsync(ProblemCode.AuditSignatureInvalid, 2);
    }

    [Fact]
    public async Task A_swapped_signature_is_found()
    {
        var node = JsonNode.Parse(lines[8])!.AsObject();
        node["signature"] = JsonNode.Parse(lines[3])!["signature"]!.GetValue<string>();
        lines[8] = node.ToJsonString();
        await FoundAsync(ProblemCode.AuditSignatureInvalid, 8);
    }

    [Theory]
    [InlineData("\"sequence\":12", "\"sequence\":11")]
    [InlineData("2026", "2027")]
    [InlineData("\"tenant\":\"local\"", "\"tenant\":\"other\"")]
    public async Task A_changed_head_is_found(string from, string to)
    {
        lines[^1] = lines[^1].Replace(from, to, StringComparison.Ordinal);
        Assert.Equal(ProblemCode.AuditSignatureInvalid, (await VerifyAsync(lines)).Problem?.Code);
    }

    [Fact]
    public async Task Events_after_the_head_they_were_signed_under_are_found()
    {
        lines[^1] = Encoding.UTF8.GetString(AuditChain.WriteHead(early));
        await FoundAsync(ProblemCode.AuditMalformed, 6);
        lines = [.. lines[..6], lines[^1], .. lines[6..]];
        Assert.Equal(ProblemCode.AuditMalformed, (await VerifyAsync(lines)).Problem?.Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[1]")]
    [InlineData("not json")]
    [InlineData("{}")]
    [InlineData("""{"extensions":{"sequence":4,"tenant":"local"}}""")]
    [InlineData("""{"extensions":{"sequence":4,"sequence":4}}""")]
    public async Task An_unreadable_line_is_named(string line)
    {
        lines[4] = line;
        await FoundAsync(ProblemCode.AuditMalformed, 4);
    }

    [Fact]
    public async Task A_duplicate_member_cannot_show_one_thing_and_prove_another()
    {
        lines[2] = lines[2].Replace("\"message\":", "\"message\":\"what the reader sees\",\"message\":", StringComparison.Ordinal);
        await FoundAsync(ProblemCode.AuditMalformed, 2);
    }

    [Fact]
    public async Task The_tables_of_the_store_are_verified_the_same_way()
    {
        await room.Store.DisposeAsync();
        using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(directory, "state.db")};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "DROP TRIGGER audit_is_append_only_1; UPDATE audit SET json = replace(json, 'message 3', 'message 4') WHERE sequence = 3";
            command.ExecuteNonQuery();
        }
        await using var again = (await Stores.OpenAsync(directory, clock, new CountedIds(), default)).Value;
        var found = await AuditVerifier.VerifyStoreAsync(again.Store, TenantId.Local, again.Signer.PublicKeyPem, null, default);
        Assert.Equal(ProblemCode.AuditEdited, found.Problem?.Code);
        Assert.Equal("3", found.Problem!.Evidence["sequence"]);
    }

    [Fact]
    public async Task The_quick_way_relies_on_the_head_alone()
    {
        var key = room.Signer.PublicKeyPem;
        Assert.True((await AuditVerifier.VerifyAsync(Export(lines), key, null, default, everySignature: false)).Ok);
        using var other = Signer.LoadOrCreate(Path.Combine(directory, "other-keys")).Value;
        string[] forged = [.. Rechain(other).Select(l => l.Replace(other.KeyRef, room.Signer.KeyRef, StringComparison.Ordinal))];
        Assert.Equal(ProblemCode.AuditSignatureInvalid, (await AuditVerifier.VerifyAsync(Export(forged), key, null, default, everySignature: false)).Problem?.Code);
    }

    [Fact]
    public async Task Something_that_is_no_public_key_is_refused_as_such()
    {
        var key = await File.ReadAllTextAsync(Path.Combine(directory, "keys", Signer.PrivateKeyFile));
        foreach (var text in (string[])["", "no key", key])
            Assert.Equal(ProblemCode.InvalidArgument, (await AuditVerifier.VerifyAsync(Stream.Null, text, null, default)).Problem?.Code);
    }

    // Edits event 2 and chains and signs everything from there anew.
    private string[] Rechain(Signer signer)
    {
        var forged = (string[])lines.Clone();
        var chain = AuditChain.Genesis;
        for (var i = 1; i <= Events; i++)
        {
            var node = JsonNode.Parse(lines[i])!.AsObject();
            if (i == 2) node["message"] = "never happened";
            (forged[i], chain) = AuditDraft.Of(JsonSerializer.SerializeToElement(node)).Seal("local", i, chain, signer);
        }
        forged[^1] = Encoding.UTF8.GetString(AuditChain.WriteHead(AuditChain.SignHead("local", Events, chain, clock.GetUtcNow(), signer)));
        return forged;
    }

    private async Task FoundAsync(ProblemCode code, int sequence, AuditHead? saved = null)
    {
        var found = await VerifyAsync(lines, saved);
        Assert.Equal(code, found.Problem?.Code);
        Assert.Equal($"{sequence}", found.Problem!.Evidence["sequence"]);
    }

    private Task<Outcome<AuditReport>> VerifyAsync(string[] export, AuditHead? saved = null) =>
        AuditVerifier.VerifyAsync(Export(export), room.Signer.PublicKeyPem, saved, default);

    private static MemoryStream Export(string[] export) => new(Encoding.UTF8.GetBytes(string.Join('\n', export) + "\n"));
}
