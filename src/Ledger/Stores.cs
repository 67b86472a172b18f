// Opens a store from one string, and everything that goes with it.
using CabinCrew.Ledger.Blobs;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Ledger.Signing;
using CabinCrew.Ledger.Streams;
using CabinCrew.Ledger.Streams.Sqlite;
using CabinCrew.Protocol;

namespace CabinCrew.Ledger;

/// <summary>The memory of one installation: streams, blobs, keys, redaction, clock, ids.</summary>
public sealed record LedgerRoom(IStore Store, IBlobStore Blobs, Signer Signer, Redactor Redactor, TimeProvider Clock, IIdSource Ids) : IAsyncDisposable
{
    /// <summary>Where this memory stands on disk: never shown to an engine, never within an engine's reach. Null: nowhere that an engine could reach.</summary>
    public string? Directory { get; init; }

    /// <summary>What gateways keep of messages for a time. Null: there is no room for it.</summary>
    public ExpiringBlobs? Frames { get; init; }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync().ConfigureAwait(false);
        Signer.Dispose();
    }
}

public static class Stores
{
    private const string Sqlite = "sqlite:";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>
    /// Opens <c>sqlite:DIRECTORY</c>, or just <c>DIRECTORY</c>: <c>state.db</c>, <c>blobs/</c> and <c>keys/</c> in that directory,
    /// made if need be (0700, with a .gitignore of "*"). A directory that is not only ours is refused (<see cref="StoreTrust"/>).
    /// </summary>
    public static async Task<Outcome<LedgerRoom>> OpenAsync(string store, TimeProvider clock, IIdSource ids, CancellationToken ct)
    {
        if (!DirectoryOf(store).Try(out var directory, out var problem)) return problem;
        try
        {
            if (Prepare(directory) is { } refusal) return refusal;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.StoreUnavailable, $"the store's directory cannot be made or used: {e.Message}") { Where = directory };
        }
        if (WithoutKey(directory) is { } keyless) return keyless;
        if (!Signer.LoadOrCreate(Path.Combine(directory, "keys")).Try(out var signer, out problem)) return problem;
        var redactor = new Redactor();
        var sqlite = new SqliteStore(Path.Combine(directory, "state.db"), signer, redactor, clock);
        var opened = await sqlite.OpenAsync(ct).ConfigureAwait(false);
        if (opened.Try(out _, out problem)) return new LedgerRoom(sqlite, new BlobStore(new FileBlobStore(Path.Combine(directory, "blobs")), sqlite), signer, redactor, clock, ids) { Directory = directory, Frames = new(Path.Combine(directory, "frames")) };
        await sqlite.DisposeAsync().ConfigureAwait(false);
        signer.Dispose();
        return problem;
    }

    // A store that has been written to had a key, made durable before its database: a new one in its place could neither verify what is there nor go on with it.
    private static Problem? WithoutKey(string directory)
    {
        var key = Path.Combine(directory, "keys", Signer.PrivateKeyFile);
        return File.Exists(key) || new FileInfo(Path.Combine(directory, "state.db")) is not { Exists: true, Length: > 0 } ? null
            : new Problem(ProblemCode.StoreUnavailable, "the store's signing key is missing; no event can be signed, and no plan-token verified") { Where = key, Remedy = "Restore the key from a backup. A copy of the store without it can still be verified from an export, with the public key." };
    }

    /// <summary>Why nothing in a store's directory may be believed, or null: asked before its identities are read.</summary>
    public static Problem? Distrust(string store)
    {
        if (!DirectoryOf(store).Try(out var directory, out var problem)) return problem;
        try
        {
            return StoreTrust.Fault(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.StoreUnavailable, $"the store's directory cannot be looked at: {e.Message}") { Where = directory };
        }
    }

    private static Outcome<string> DirectoryOf(string store)
    {
        if (store.StartsWith("postgres:", StringComparison.OrdinalIgnoreCase) || store.StartsWith("postgresql:", StringComparison.OrdinalIgnoreCase))
            return new Problem(ProblemCode.NotYetSupported, "PostgreSQL stores are not supported yet") { Remedy = "Use sqlite:DIRECTORY." };
        var scheme = store.IndexOf(':', StringComparison.Ordinal);
        var directory = store.StartsWith(Sqlite, StringComparison.Ordinal) ? store[Sqlite.Length..] : store;
        var isUnknown = directory.Length == store.Length && scheme > 0 && store.AsSpan(0, scheme).IndexOfAnyExcept("abcdefghijklmnopqrstuvwxyz0123456789+".AsSpan()) < 0;
        if (isUnknown || string.IsNullOrWhiteSpace(directory) || directory.Contains('\0', StringComparison.Ordinal))
            return new Problem(ProblemCode.InvalidArgument, "the store is not understood") { Where = store, Remedy = "Say sqlite:DIRECTORY or a directory." };
        return Path.GetFullPath(directory);
    }

    private static Problem? Prepare(string directory)
    {
        // An empty directory holds nothing that could be believed: it is closed rather than refused.
        var isNew = !Directory.Exists(directory);
        if (isNew) Posix.MakeDirectory(directory, OwnerOnly);
        else if (new DirectoryInfo(directory).LinkTarget is null && Posix.OwnerOf(directory) == Posix.EffectiveUser() && !Directory.EnumerateFileSystemEntries(directory).Any()) File.SetUnixFileMode(directory, OwnerOnly);
        if (StoreTrust.Fault(directory) is { } fault) return fault;
        // Never into a directory that has another purpose: there the "*" would hide somebody's files from git.
        var isOurs = isNew || Path.GetFileName(directory) == ".cabincrew" || !Directory.EnumerateFileSystemEntries(directory).Any();
        var ignore = Path.Combine(directory, ".gitignore");
        // Empty: whoever made it died over it.
        if (isOurs && new FileInfo(ignore) is { Exists: false } or { Length: 0 }) File.WriteAllText(ignore, "*\n");
        return null;
    }
}
