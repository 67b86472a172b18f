// What a store has promised up to a moment, read from the marks in a journal, and whether an image of its disk keeps it: nothing acknowledged as durable
// is gone, what is gone is a tail and never a hole, the audit log proves itself, and no signed head that was shown is contradicted.
using System.Text.Json;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Audit;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Simulation.Power;

internal sealed class Promises
{
    private const string AckWord = "ack ", HeadWord = "head ", EffectWord = "effect";

    private readonly List<AuditHead> heads = [];
    private readonly HashSet<string> events = new(StringComparer.Ordinal);

    /// <summary>For each flight how many entries must be there.</summary>
    public Dictionary<WorkflowId, long> Entries { get; } = [];

    /// <summary>How often something happened outside.</summary>
    public int Effects { get; private set; }

    public static void Acknowledge(Disk disk, Acknowledged what) => disk.Mark($"{AckWord}{what.Workflow?.ToString() ?? "-"} {what.NextSequence} {(what.IsDurable ? "durable" : "deferred")} {what.EventId ?? "-"}");

    public static void Effect(Disk disk) => disk.Mark(EffectWord);

    /// <summary>Somebody outside is given the signed head.</summary>
    public static async Task ShowHeadAsync(Disk disk, IStore store)
    {
        var page = (await store.ReadAuditAsync(TenantId.Local, long.MaxValue, 1, default)).Value;
        if (page.Head is { } head) disk.Mark(HeadWord + System.Text.Encoding.UTF8.GetString(AuditChain.WriteHead(head)));
    }

    public void Read(DiskRecord record)
    {
        if (record.Kind == DiskKind.Printed) Printed(record.Text);
        if (record.Kind != DiskKind.Mark) return;
        var text = record.Text;
        if (text == EffectWord) Effects++;
        else if (text.StartsWith(HeadWord, StringComparison.Ordinal)) heads.Add(AuditChain.ReadHead(record.Bytes.AsMemory(HeadWord.Length)).Value);
        else if (text[AckWord.Length..].Split(' ') is [var workflow, var next, "durable", var last])
        {
            if (last != "-") events.Add(last);
            if (workflow == "-") return;
            var id = WorkflowId.Parse(workflow);
            Entries[id] = Math.Max(Entries.GetValueOrDefault(id), long.Parse(next, System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    // The program has said that a flight is begun, or has written the signed head of an export.
    private void Printed(string text)
    {
        foreach (var word in text.Split([' ', '\n', '\u001b'], StringSplitOptions.RemoveEmptyEntries))
            if (word.StartsWith("wf-", StringComparison.Ordinal) && WorkflowId.TryParse(word, out var id)) Entries[id] = Math.Max(Entries.GetValueOrDefault(id), 1);
        foreach (var line in text.Split('\n').Where(l => l.StartsWith("{\"audit_head\"", StringComparison.Ordinal)))
            heads.Add(AuditChain.ReadHead(System.Text.Encoding.UTF8.GetBytes(line)).Value);
    }

    public int Heads => heads.Count;

    /// <param name="whole">The same store as it was at the end of the recording; null: there was no end.</param>
    public async Task KeptByAsync(LedgerRoom room, WholeStore? whole)
    {
        foreach (var (id, promised) in Entries)
            if (!(await room.Store.ReadAsync(TenantId.Local, id, default)).Ok) Assert.Fail($"{id} was promised with {promised} entries: {(await room.Store.ReadAsync(TenantId.Local, id, default)).Problem}");
        foreach (var header in (await room.Store.ListAsync(TenantId.Local, new(CountMax: 1000), default)).Value)
        {
            var entries = (await room.Store.ReadAsync(TenantId.Local, header.Workflow, default)).Value.Entries;
            Assert.True(entries.Count >= Entries.GetValueOrDefault(header.Workflow), $"{header.Workflow}: {entries.Count} entries, {Entries.GetValueOrDefault(header.Workflow)} were promised");
            if (whole is null) continue;
            var all = whole.Entries[header.Workflow];
            Assert.True(entries.Count <= all.Count && entries.Select(e => e.Checksum).SequenceEqual(all.Take(entries.Count)), $"{header.Workflow}: the entries are not the beginning of those that were written");
            foreach (var blob in entries.SelectMany(e => whole.BlobsIn(e)))
                Assert.True((await room.Blobs.GetAsync(TenantId.Local, blob, default)).Ok, $"{header.Workflow}: an entry names blob {blob}, which is not there or not whole");
        }
        await LogKeptAsync(room, whole);
    }

    private async Task LogKeptAsync(LedgerRoom room, WholeStore? whole)
    {
        var page = (await room.Store.ReadAuditAsync(TenantId.Local, 1, 10_000, default)).Value;
        Assert.True(whole is null || page.Rows.Count <= whole.Audit.Count && page.Rows.Select(r => r.Json).SequenceEqual(whole.Audit.Take(page.Rows.Count)), "the audit log is not the beginning of the one that was written");
        var there = page.Rows.Select(r => JsonElement.Parse(r.Json).GetProperty("event_id").GetString()!).ToHashSet(StringComparer.Ordinal);
        Assert.True(events.IsSubsetOf(there), $"{events.Except(there).Count()} promised audit events are gone");
        if (page.Rows.Count == 0 && heads.Count == 0) return;
        foreach (var head in heads)
            Assert.True(head.Sequence <= page.Rows.Count && JsonElement.Parse(page.Rows[(int)head.Sequence - 1].Json).GetProperty("chain_hash").GetString() == head.ChainHash,
                $"the head at {head.Sequence} of {page.Rows.Count} that was shown is contradicted");
        var last = heads.Count == 0 ? null : heads[^1];
        var verified = await AuditVerifier.VerifyStoreAsync(room.Store, TenantId.Local, room.Signer.PublicKeyPem, last, default);
        Assert.True(verified.Ok, $"after a head at {last?.Sequence} was shown: {verified.Problem}");
    }
}

/// <summary>A store at the end of a recording.</summary>
internal sealed record WholeStore(Dictionary<WorkflowId, IReadOnlyList<Digest>> Entries, IReadOnlyList<string> Audit, IReadOnlySet<Digest> Blobs)
{
    public static async Task<WholeStore> OfAsync(LedgerRoom room)
    {
        var entries = new Dictionary<WorkflowId, IReadOnlyList<Digest>>();
        foreach (var header in (await room.Store.ListAsync(TenantId.Local, new(CountMax: 1000), default)).Value)
            entries[header.Workflow] = [.. (await room.Store.ReadAsync(TenantId.Local, header.Workflow, default)).Value.Entries.Select(e => e.Checksum)];
        var rows = (await room.Store.ReadAuditAsync(TenantId.Local, 1, 10_000, default)).Value.Rows;
        return new(entries, [.. rows.Select(r => r.Json)], KeptBlob.All(room.Directory!));
    }

    // Also the hash of whatever is empty and no blob.
    private static readonly Digest Nothing = Digest.Of([]);

    /// <summary>Every blob that an entry names. Contents that a change has, or will have, are blobs from the commit marker on.</summary>
    public IEnumerable<Digest> BlobsIn(WalEntry entry) => Strings(entry.Data, entry.EntryType == WalEntryTypes.TakeOffCommit ? "before" : "changes")
        .Where(s => s.Length == Digest.Prefix.Length + 64).Select(s => Digest.TryParse(s, out var digest) ? digest : Nothing).Where(d => d != Nothing && Blobs.Contains(d));

    private static IEnumerable<string> Strings(JsonElement element, string without) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().Where(m => m.Name != without).SelectMany(m => Strings(m.Value, without)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(e => Strings(e, without)),
        JsonValueKind.String => [element.GetString()!],
        _ => [],
    };
}
