// A directory of ours outside any workspace, on disk, that nobody else may enter; removed with all that a run left in it.
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Posix;

namespace CabinCrew.Orchestrator.Workspaces;

internal sealed class PrivateDirectory : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private PrivateDirectory(string path) => Path = path;

    public string Path { get; }

    /// <summary>Under /var/tmp: on disk, so that an upper layer there can hold a large change. The name is unguessable and must be new.</summary>
    public static PrivateDirectory Create(IIdSource ids)
    {
        var root = Directory.Exists("/var/tmp") ? "/var/tmp" : System.IO.Path.GetTempPath();
        var path = System.IO.Path.Combine(root, ids.Next("cabincrew"));
        if (System.IO.Path.Exists(path)) throw new IOException($"{path} exists already");
        Directory.CreateDirectory(path, Owner);
        return new(path);
    }

    public void Dispose()
    {
        try
        {
            using (var own = DirectoryHandle.Open(Path))
                foreach (var entry in own.List(int.MaxValue)) Scratch.Remove(own, DirectoryHandle.NameOf(entry.Name));
            Directory.Delete(Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            // Left for the system's own cleaning of temporary files; nothing of it is read again.
        }
    }
}
