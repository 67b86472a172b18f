// Whether a store's directory is ours: it says who may approve and holds the keys, so one that came with a clone or an archive is refused.
// Invariant: everything that is believed in there is no link, belongs to us or to root, is closed to everybody else, and git does not track it.
using CabinCrew.Protocol;

namespace CabinCrew.Ledger;

internal static class StoreTrust
{
    private const UnixFileMode Others = (UnixFileMode)0b000_111_111;
    private static readonly string[] Believed = ["identities.yaml", "state.db", "state.db-wal", "state.db-shm", "state.head", "keys", "keys/signing-key.pem", "blobs", "consents"];

    /// <summary>Null where it may be used; also where there is nothing yet. Throws <see cref="IOException"/> where it cannot be looked at.</summary>
    public static Problem? Fault(string directory)
    {
        if (Posix.OwnerOf(directory) is null) return null;
        if (Unfit(directory) is { } unfit) return unfit;
        foreach (var name in Believed)
            if (Unfit(Path.Combine(directory, name)) is { } inner) return inner;
        return GitIndex.TrackedAt(directory) is { } tracked
            ? new Problem(ProblemCode.StoreUntrusted, $"git tracks '{tracked}': who wrote the repository would choose who may approve, and with which keys")
            {
                Where = directory,
                Remedy = $"Look at what it holds. To begin a store of your own: git rm -r --cached '{directory}', then move the directory away and run `cabincrew init`.",
            }
            : null;
    }

    private static Problem? Unfit(string path)
    {
        if (Posix.OwnerOf(path) is not { } owner) return null;
        if (new FileInfo(path).LinkTarget is not null)
            return Refuse(path, "it is a link; keys and identities stand in a directory of their own", "Name the directory that it leads to, or remove the link.");
        var me = Posix.EffectiveUser();
        if (owner != me && owner != 0)
            return Refuse(path, $"it belongs to uid {owner}, who could choose who may approve; we are uid {me}", $"Use a store of your own (--store), or after looking at what it holds: chown -R {me} '{path}'");
        return (File.GetUnixFileMode(path) & Others) != 0
            ? Refuse(path, "others may read or change it, as in a directory that came with a clone or an archive", $"If it is yours: chmod -R go= '{path}'. If it came with somebody else's repository, move it away.")
            : null;
    }

    private static Problem Refuse(string path, string why, string remedy) => new(ProblemCode.StoreUntrusted, why) { Where = path, Remedy = remedy };
}
