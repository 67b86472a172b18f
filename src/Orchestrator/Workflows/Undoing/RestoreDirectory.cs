// The contents that an undo puts back, laid out by digest for its engine to read: verified on the way out of the store, shown read-only.
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows;

internal sealed class RestoreDirectory : IDisposable
{
    private const string Inside = "/cabincrew/restore";

    private readonly PrivateDirectory directory;

    private RestoreDirectory(PrivateDirectory directory) => this.directory = directory;

    public static async Task<Outcome<RestoreDirectory>> WriteAsync(LedgerRoom ledger, Digest list, CancellationToken ct)
    {
        if (!(await ledger.Blobs.GetAsync(TenantId.Local, list, ct).ConfigureAwait(false)).Try(out var bytes, out var problem)) return problem;
        if (!RestoreList.Named(bytes).Try(out var named, out problem)) return problem;
        var written = new RestoreDirectory(PrivateDirectory.Create(ledger.Ids));
        var root = Directory.CreateDirectory(Path.Combine(written.directory.Path, "restore")).FullName;
        foreach (var digest in named.Append(list))
        {
            if (!(await ledger.Blobs.GetAsync(TenantId.Local, digest, ct).ConfigureAwait(false)).Try(out bytes, out problem))
            {
                written.Dispose();
                return problem;
            }
            await File.WriteAllBytesAsync(Path.Combine(root, digest.Hex), bytes, ct).ConfigureAwait(false);
        }
        return written;
    }

    /// <summary>The engine with this directory in its sight; its name is the first argument.</summary>
    public ResolvedEngine ShownTo(ResolvedEngine engine) =>
        engine with { Command = [.. engine.Command, Inside], Mounts = [.. engine.Mounts, new(Path.Combine(directory.Path, "restore"), Inside, Writable: false)] };

    public void Dispose() => directory.Dispose();
}
