// Reads, each on one snapshot. A stream's entries are verified on the way out: checksum, sequence, workflow (ORC-05); one bad stream harms no other.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using Microsoft.Data.Sqlite;

namespace CabinCrew.Ledger.Streams.Sqlite;

internal sealed partial class SqliteStore
{
    private const int ListMax = 10_000;
    private const int AuditPageMax = 10_000;
    private const int VersionsKept = 1_024;
    private static readonly TimeSpan PollMin = TimeSpan.FromMilliseconds(20), PollMax = TimeSpan.FromMilliseconds(250);

    private const string SelectHeader = """
        SELECT s.id, s.tenant, s.workflow, s.workspace_key, s.name, s.requester, s.state, s.summary, s.finished, s.created_at, s.updated_at, s.in_doubt,
               o.id, o.node, o.realm, o.pid, o.started, o.lease_until, o.lease_ticks
        FROM streams s LEFT JOIN sessions o ON o.id = s.owner
        """;

    // What a reader has seen last of a stream: WaitAsync returns at once when that is old news.
    private readonly ConcurrentDictionary<(TenantId, WorkflowId), string> seen = new();

    public Task<Outcome<StreamSnapshot>> ReadAsync(TenantId tenant, WorkflowId workflow, CancellationToken ct) => ReadOnConnectionAsync<StreamSnapshot>(db =>
    {
        if (StreamRow.Find(db, tenant, workflow) is not { } stream) return NoSuchStream(workflow);
        if (db.Query(SelectHeader + " WHERE s.id = $1", ReadHeader, stream.Id) is not [{ } header]) return Corrupt(workflow, 0, "cannot be read: the stream's header is damaged");
        if (!CheckedEntries(db, stream, workflow).Try(out var entries, out var problem)) return problem;
        List<Signal> inbox;
        try
        {
            inbox = db.Query("SELECT id, kind, data FROM signals WHERE stream = $1 AND taken = 0 ORDER BY ordinal",
                r => new Signal(r.GetString(0), r.GetString(1), JsonElement.Parse(r.GetString(2))), stream.Id);
        }
        catch (JsonException)
        {
            return Corrupt(workflow, stream.NextSequence, "cannot follow: its inbox is not readable");
        }
        if (seen.Count > VersionsKept) seen.Clear();
        seen[(tenant, workflow)] = VersionOf(stream);
        return new StreamSnapshot(header, entries, inbox, stream.Intent, stream.Epoch, stream.Point);
    }, ct);

    public Task<Outcome<IReadOnlyList<StreamHeader>>> ListAsync(TenantId tenant, StreamFilter filter, CancellationToken ct) =>
        // A header that is damaged is left out here and reported by ReadAsync: it must not hide the others.
        ReadOnConnectionAsync(db => Outcome.Of<IReadOnlyList<StreamHeader>>([.. db.Query(SelectHeader + """
             WHERE s.tenant = $1 AND ($2 = 0 OR s.finished = 0 OR s.in_doubt = 1) AND ($3 IS NULL OR s.state = $3) AND ($5 IS NULL OR s.name = $5) AND ($6 IS NULL OR substr(s.workflow, 1, length($6) + 1) = $6 || '-')
             ORDER BY s.id DESC LIMIT $4
            """, ReadHeader, tenant.ToString(), filter.OpenOnly, filter.State?.Word(), (long)Math.Clamp(filter.CountMax, 0, ListMax), filter.Name, filter.Kind).OfType<StreamHeader>()]), ct);

    // Which head was last seen to be on disk.
    private string? flushedHead;

    public async Task<Outcome<AuditPage>> ReadAuditAsync(TenantId tenant, long fromSequence, int countMax, CancellationToken ct)
    {
        var read = await PageAsync(tenant, fromSequence, countMax, ct).ConfigureAwait(false);
        return read.Try(out var page, out _) && page.Head is { } head && MakeLast(head) is { } problem ? problem : read;
    }

    // A signed head that leaves the house is a promise: it may not speak of deferred commits that a power cut can still take.
    private Problem? MakeLast(AuditHead head)
    {
        if (Volatile.Read(ref flushedHead) == head.Signature) return null;
        try
        {
            // Without a log everything is in the database, which was flushed before the log was removed.
            if (Posix.FlushFile(path + "-wal")) Posix.FlushDirectory(Path.GetDirectoryName(path)!);
        }
        catch (IOException e)
        {
            var problem = Database.Unconfirmed(e.Message, path);
            Writer.Distrust(problem);
            return problem;
        }
        Volatile.Write(ref flushedHead, head.Signature);
        return null;
    }

    private Task<Outcome<AuditPage>> PageAsync(TenantId tenant, long fromSequence, int countMax, CancellationToken ct) => ReadOnConnectionAsync<AuditPage>(db =>
    {
        var rows = db.Query("SELECT sequence, json FROM audit WHERE tenant = $1 AND sequence >= $2 ORDER BY sequence LIMIT $3",
            r => new AuditRow(r.GetInt64(0), r.GetString(1)), tenant.ToString(), fromSequence, (long)Math.Clamp(countMax, 0, AuditPageMax));
        return new AuditPage(rows, AuditAppender.ReadHead(db, tenant.ToString()));
    }, ct);

    public async Task WaitAsync(TenantId tenant, WorkflowId workflow, TimeSpan most, CancellationToken ct)
    {
        // The pace of polling is real time whatever the clock of the records is.
        var began = Stopwatch.GetTimestamp();
        var pause = PollMin;
        seen.TryGetValue((tenant, workflow), out var last);
        while (true)
        {
            var now = await ReadOnConnectionAsync<string>(db => StreamRow.Find(db, tenant, workflow) is { } s ? VersionOf(s) : NoSuchStream(workflow), ct).ConfigureAwait(false);
            if (now.Problem is not null) last ??= "";
            if (now.Problem is null && now.Value != (last ??= now.Value)) return;
            var left = most - Stopwatch.GetElapsedTime(began);
            if (left <= TimeSpan.Zero) return;
            await Task.Delay(left < pause ? left : pause, ct).ConfigureAwait(false);
            pause = pause * 1.5 < PollMax ? pause * 1.5 : PollMax;
        }
    }

    private static string VersionOf(StreamRow s) => $"{s.Epoch} {s.NextSequence} {s.SignalCount} {s.Finished} {s.InDoubt} {s.Intent} {s.Owner}";

    private static Outcome<IReadOnlyList<WalEntry>> CheckedEntries(Database db, StreamRow stream, WorkflowId workflow)
    {
        var rows = db.Query("SELECT sequence, json FROM entries WHERE stream = $1 ORDER BY sequence", r => (Sequence: r.GetInt64(0), Json: r.GetString(1)), stream.Id);
        var entries = new WalEntry[rows.Count];
        for (var i = 0; i < entries.Length; i++)
        {
            if (rows[i].Sequence != i) return Corrupt(workflow, i, "is missing");
            WalEntry? entry;
            try
            {
                entry = JsonSerializer.Deserialize(rows[i].Json, ProtocolJson.Default.WalEntry);
            }
            catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
            {
                return Corrupt(workflow, i, "is not readable");
            }
            if (entry is null || entry.Sequence != i) return Corrupt(workflow, i, "bears another sequence");
            if (entry.WorkflowId != workflow.ToString()) return Corrupt(workflow, i, "belongs to another workflow");
            if (!ChecksumFits(entry)) return Corrupt(workflow, i, "does not fit its checksum");
            entries[i] = entry;
        }
        return entries.Length == stream.NextSequence ? Outcome.Of<IReadOnlyList<WalEntry>>(entries) : Corrupt(workflow, Math.Min(entries.Length, stream.NextSequence), "does not agree with the stream's length");
    }

    private static bool ChecksumFits(WalEntry entry)
    {
        try
        {
            return WalEntries.Checksum(entry) == entry.Checksum;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Altered so that it has no canonical form at all.
            return false;
        }
    }

    private static Problem Corrupt(WorkflowId workflow, long sequence, string how) =>
        new Problem(ProblemCode.StoreCorrupt, $"entry {sequence} of workflow {workflow} {how}; that workflow is halted, others are not touched")
        {
            Where = $"workflow {workflow}",
            Remedy = "Keep the store's directory as evidence; plan the work anew with `cabincrew run`.",
        }.With("sequence", sequence.ToString(System.Globalization.CultureInfo.InvariantCulture)).With("workflow", workflow.ToString());

    private StreamHeader? ReadHeader(SqliteDataReader r)
    {
        if (!TenantId.TryParse(r.GetString(1), out var tenant) || !WorkflowId.TryParse(r.GetString(2), out var workflow) || !States.TryGetValue(r.GetString(6), out var state)) return null;
        var owner = r.IsDBNull(12) ? null : new SessionRow(r.GetString(12), r.GetString(13), new HostProcess(r.GetString(14), r.GetInt64(15), r.GetInt64(16)), r.GetInt64(17), r.GetInt64(18));
        return new(tenant, workflow, r.GetString(3), new StreamHeaderState(r.GetString(4), r.GetString(5), state, r.GetString(7), r.GetInt64(8) != 0),
            new(r.GetInt64(9), TimeSpan.Zero), new(r.GetInt64(10), TimeSpan.Zero), r.GetInt64(11) != 0, owner is not null && owner.IsLive(clock.GetUtcNow(), Ticking) ? owner.Node : null);
    }

    private static readonly Dictionary<string, LifecycleState> States = Enum.GetValues<LifecycleState>().ToDictionary(s => s.Word(), StringComparer.Ordinal);
}
