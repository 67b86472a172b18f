// Blobs that are kept for a time and within a size, and then go: apart from those that entries name for good, so that nothing else is ever taken away (frames of gateways).
// Invariant: the oldest goes first; what is read is what was stored, or nothing.
using CabinCrew.Protocol;

namespace CabinCrew.Ledger.Blobs;

/// <param name="Left">Bytes of what stays.</param>
public readonly record struct Swept(int Removed, long Left);

public sealed class ExpiringBlobs(string root)
{
    private readonly FileBlobStore blobs = new(root);

    public async Task<Outcome<Digest>> PutAsync(TenantId tenant, ReadOnlyMemory<byte> content, CancellationToken ct) =>
        (await blobs.PutAsync(tenant, [content], ct).ConfigureAwait(false)).Map(digests => digests[0]);

    public Task<Outcome<ReadOnlyMemory<byte>>> GetAsync(TenantId tenant, Digest digest, CancellationToken ct) => blobs.GetAsync(tenant, digest, ct);

    /// <summary>Removes what is older than <paramref name="before"/>, and the oldest of what is more than <paramref name="bytesMax"/>.</summary>
    public Outcome<Swept> Sweep(TenantId tenant, DateTimeOffset before, long bytesMax)
    {
        try
        {
            var own = new DirectoryInfo(Path.Combine(root, tenant.ToString()));
            if (!own.Exists) return new Swept(0, 0);
            var (removed, left) = (0, 0L);
            foreach (var file in own.EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }).OrderByDescending(f => f.LastWriteTimeUtc))
            {
                if (file.LastWriteTimeUtc >= before.UtcDateTime && left + file.Length <= bytesMax)
                {
                    left += file.Length;
                    continue;
                }
                file.Delete();
                removed++;
            }
            return new Swept(removed, left);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.StoreUnavailable, $"kept frames that are too old cannot be removed: {e.Message}") { Where = root };
        }
    }
}
