// Where a blob goes: small ones that a commit is about to name into the store's own log, where they cost no flush; all others are files.
using CabinCrew.Protocol;

namespace CabinCrew.Ledger.Blobs;

internal sealed class BlobStore(FileBlobStore files, IBlobRows rows) : IBlobStore
{
    /// <summary>Of one blob, and of one call: more is cheaper as files with one round of flushes.</summary>
    public const int SmallBytes = 16 << 10, SmallBytesInAll = 128 << 10;

    public Task<Outcome<IReadOnlyList<Digest>>> PutAsync(TenantId tenant, IReadOnlyList<ReadOnlyMemory<byte>> contents, CancellationToken ct) => files.PutAsync(tenant, contents, ct);

    public async Task<Outcome<IReadOnlyList<Digest>>> PutAheadAsync(TenantId tenant, IReadOnlyList<ReadOnlyMemory<byte>> contents, CancellationToken ct)
    {
        var small = new Dictionary<Digest, ReadOnlyMemory<byte>>();
        var large = new List<ReadOnlyMemory<byte>>();
        var digests = new Digest[contents.Count];
        var bytes = 0;
        for (var i = 0; i < contents.Count; i++)
        {
            digests[i] = Digest.Of(contents[i].Span);
            if (small.ContainsKey(digests[i])) continue;
            if (contents[i].Length > SmallBytes || (bytes += contents[i].Length) > SmallBytesInAll) large.Add(contents[i]);
            else small.Add(digests[i], contents[i]);
        }
        if (large.Count > 0 && (await files.PutAsync(tenant, large, ct).ConfigureAwait(false)).Problem is { } unwritten) return unwritten;
        if (small.Count > 0 && (await rows.PutBlobsAsync(tenant, [.. small.Select(s => (s.Key, s.Value))], ct).ConfigureAwait(false)).Problem is { } problem) return problem;
        return digests;
    }

    public async Task<Outcome<ReadOnlyMemory<byte>>> GetAsync(TenantId tenant, Digest digest, CancellationToken ct)
    {
        var file = await files.GetAsync(tenant, digest, ct).ConfigureAwait(false);
        if (file.Problem?.Code is not ProblemCode.BlobMissing) return file;
        if (!rows.FindBlob(tenant, digest).Try(out var content, out var problem)) return problem;
        return Digest.Of(content) == digest ? new ReadOnlyMemory<byte>(content) : FileBlobStore.Corrupt(digest);
    }
}
