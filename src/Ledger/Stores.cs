// Opens a store from one string, and everything that goes with it.
using CabinCrew.Ledger.Blobs;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Ledger.Signing;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;

namespace CabinCrew.Ledger;

/// <summary>The memory of one installation: streams, blobs, keys, redaction, clock, ids.</summary>
public sealed record LedgerRoom(IStore Store, IBlobStore Blobs, Signer Signer, Redactor Redactor, TimeProvider Clock, IIdSource Ids) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync().ConfigureAwait(false);
        Signer.Dispose();
    }
}

public static partial class Stores
{
    /// <summary>
    /// Opens <c>sqlite:DIRECTORY</c>: <c>state.db</c>, <c>blobs/</c> and <c>keys/</c> in that directory, made if need be (0700, with a .gitignore of "*").
    /// </summary>
    public static Task<Outcome<LedgerRoom>> OpenAsync(string store, TimeProvider clock, IIdSource ids, CancellationToken ct) => throw new NotImplementedException();
}
