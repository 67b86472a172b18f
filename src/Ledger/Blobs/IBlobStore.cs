// Content by digest. Durable before the call returns, so that no entry ever names bytes that a crash can take away.
using CabinCrew.Protocol;

namespace CabinCrew.Ledger.Blobs;

public interface IBlobStore
{
    /// <summary>Stores all of them with one round of flushes; existing content is left alone.</summary>
    Task<Outcome<IReadOnlyList<Digest>>> PutAsync(TenantId tenant, IReadOnlyList<ReadOnlyMemory<byte>> contents, CancellationToken ct);

    /// <summary>Reads and verifies: <see cref="ProblemCode.BlobMissing"/>, <see cref="ProblemCode.BlobCorrupt"/>.</summary>
    Task<Outcome<ReadOnlyMemory<byte>>> GetAsync(TenantId tenant, Digest digest, CancellationToken ct);
}
