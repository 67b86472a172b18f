// Small contents in the database: written just before the commit that names them, into the same log, of which a power cut can only take a tail. Verified by whoever reads them.
using CabinCrew.Ledger.Blobs;
using CabinCrew.Protocol;

namespace CabinCrew.Ledger.Streams.Sqlite;

internal sealed partial class SqliteStore : IBlobRows
{
    public Task<Outcome<Done>> PutBlobsAsync(TenantId tenant, IReadOnlyList<(Digest Digest, ReadOnlyMemory<byte> Content)> blobs, CancellationToken ct) => Writer.RunAsync<Done>("blobs", s =>
    {
        foreach (var (digest, content) in blobs)
        {
            // What was stored before is read: altered since, it is put right.
            if (Find(s.Db, tenant, digest) is { } known && content.Span.SequenceEqual(known)) continue;
            s.Db.Execute("INSERT INTO blobs(tenant, digest, content) VALUES ($1, $2, $3) ON CONFLICT (tenant, digest) DO UPDATE SET content = excluded.content",
                tenant.ToString(), digest.ToString(), content.ToArray());
        }
        return Done.Ok;
    }, ct, deferred: true);

    public Outcome<byte[]> FindBlob(TenantId tenant, Digest digest) => ReadOnConnection<byte[]>(db => Find(db, tenant, digest) is { } content ? content : FileBlobStore.Missing(digest));

    private static byte[]? Find(Database db, TenantId tenant, Digest digest) =>
        db.First("SELECT content FROM blobs WHERE tenant = $1 AND digest = $2", r => r.GetFieldValue<byte[]>(0), tenant.ToString(), digest.ToString());
}
