// Content by digest. Durable before anything that names it, so that no entry ever names bytes that a crash can take away.
using CabinCrew.Protocol;

namespace CabinCrew.Ledger.Blobs;

public interface IBlobStore
{
    /// <summary>Stores all of them with one round of flushes; existing content is left alone. Durable when it returns.</summary>
    Task<Outcome<IReadOnlyList<Digest>>> PutAsync(TenantId tenant, IReadOnlyList<ReadOnlyMemory<byte>> contents, CancellationToken ct);

    /// <summary>The same for contents that only commits to the same store will name, and only once this has returned: they last at least as long as those do.</summary>
    Task<Outcome<IReadOnlyList<Digest>>> PutAheadAsync(TenantId tenant, IReadOnlyList<ReadOnlyMemory<byte>> contents, CancellationToken ct);

    /// <summary>Reads and verifies: <see cref="ProblemCode.BlobMissing"/>, <see cref="ProblemCode.BlobCorrupt"/>.</summary>
    Task<Outcome<ReadOnlyMemory<byte>>> GetAsync(TenantId tenant, Digest digest, CancellationToken ct);
}

/// <summary>Contents beside the streams, in the same log: what is written here lasts as long as any commit after it.</summary>
internal interface IBlobRows
{
    Task<Outcome<Done>> PutBlobsAsync(TenantId tenant, IReadOnlyList<(Digest Digest, ReadOnlyMemory<byte> Content)> blobs, CancellationToken ct);

    /// <summary>Unverified; or <see cref="ProblemCode.BlobMissing"/>.</summary>
    Outcome<byte[]> FindBlob(TenantId tenant, Digest digest);
}
