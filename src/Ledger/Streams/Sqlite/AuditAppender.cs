// Appends to the tenants' audit chains within the writer's transaction, and signs the last event of each commit and each touched head once per transaction:
// through the chain a signature covers everything before it (AUD-03, AUD-05).
// The chain's position is read from the database in every transaction: another process may have written in between.
using System.Buffers;
using System.Collections.Immutable;
using CabinCrew.Ledger.Signing;
using CabinCrew.Protocol;

namespace CabinCrew.Ledger.Streams.Sqlite;

internal sealed class AuditAppender(Signer signer)
{
    private readonly record struct Position(long Sequence, string ChainHash, bool Moved);

    private readonly ArrayBufferWriter<byte> line = new(4096);

    private ImmutableDictionary<string, Position> positions = ImmutableDictionary.Create<string, Position>(StringComparer.Ordinal);

    // Signatures that this process made or has verified, so that an unchanged head is not verified again.
    private readonly Dictionary<string, string> verified = new(StringComparer.Ordinal);

    public void Begin() => positions = positions.Clear();

    public object Mark() => positions;

    public void Return(object mark) => positions = (ImmutableDictionary<string, Position>)mark;

    public Outcome<Done> Append(Database db, string tenant, IReadOnlyList<AuditDraft> events)
    {
        if (events.Count == 0) return Done.Ok;
        if (!positions.TryGetValue(tenant, out var position))
        {
            var read = ReadPosition(db, tenant);
            if (!read.Try(out position, out var problem)) return problem;
        }
        for (var i = 0; i < events.Count; i++)
        {
            var sequence = position.Sequence + 1;
            var hash = events[i].Seal(tenant, sequence, position.ChainHash, i == events.Count - 1 ? signer : null, line);
            db.InsertText("INSERT INTO audit(tenant, sequence, json) VALUES (?1, ?2, ?3)", tenant, sequence, line.WrittenSpan);
            position = new(sequence, hash, true);
        }
        positions = positions.SetItem(tenant, position);
        return Done.Ok;
    }

    /// <summary>True: some log has grown.</summary>
    public bool SignHeads(Database db, DateTimeOffset now)
    {
        var grown = false;
        foreach (var (tenant, position) in positions)
        {
            if (!position.Moved) continue;
            var head = AuditChain.SignHead(tenant, position.Sequence, position.ChainHash, now, signer);
            db.Execute("INSERT OR REPLACE INTO audit_heads(tenant, sequence, chain_hash, at, key_ref, signature) VALUES ($1, $2, $3, $4, $5, $6)",
                tenant, head.Sequence, head.ChainHash, head.Timestamp.Ticks, head.KeyRef, head.Signature);
            verified[tenant] = head.Signature;
            grown = true;
        }
        return grown;
    }

    public static AuditHead? ReadHead(Database db, string tenant) => db.First(
        "SELECT sequence, chain_hash, at, key_ref, signature FROM audit_heads WHERE tenant = $1",
        r => new AuditHead(tenant, r.GetInt64(0), r.GetString(1), new DateTimeOffset(r.GetInt64(2), TimeSpan.Zero), r.GetString(3), r.GetString(4)), tenant);

    // Nothing is chained onto a log that was tampered with or that another key has signed.
    private Outcome<Position> ReadPosition(Database db, string tenant)
    {
        var last = db.Number("SELECT max(sequence) FROM audit WHERE tenant = $1", tenant) ?? 0;
        if (ReadHead(db, tenant) is not { } head)
            return last == 0 ? new Position(0, AuditChain.Genesis, false) : Broken($"the audit log of '{tenant}' has {last} events but no signed head");
        if (last != head.Sequence) return Broken($"the audit log of '{tenant}' has {last} events but its signed head says {head.Sequence}");
        if (head.KeyRef != signer.KeyRef)
            return Broken($"the audit log of '{tenant}' was signed by key {head.KeyRef}, and the key at hand is {signer.KeyRef}") with { Remedy = "Restore the store's signing key." };
        if (!verified.TryGetValue(tenant, out var known) || known != head.Signature)
        {
            if (!signer.Made(AuditChain.SignedBytes(head), head.Signature)) return Broken($"the signed head of the audit log of '{tenant}' was changed");
            verified[tenant] = head.Signature;
        }
        return new Position(head.Sequence, head.ChainHash, false);
    }

    private static Problem Broken(string why) => new(ProblemCode.AuditUnwritable, $"{why}; so no further event can be written, and nothing was done")
    {
        Remedy = "Export the log, keep it as evidence, and find out what happened (`cabincrew audit verify`).",
    };
}
