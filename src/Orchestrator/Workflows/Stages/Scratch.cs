// A private directory for one take-off, outside the workspace, gone when it ends: the view's upper layer and the frozen artifacts.
using CabinCrew.Ledger;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows.Stages;

internal sealed class Scratch : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private Scratch(string path) => Path = path;

    public string Path { get; }

    public static Scratch Create(IIdSource ids)
    {
        // /var/tmp is on disk: an upper layer there can hold a large change. A name nobody can guess, a directory nobody else may enter.
        var path = System.IO.Path.Combine(Directory.Exists("/var/tmp") ? "/var/tmp" : System.IO.Path.GetTempPath(), ids.Next("cabincrew"));
        if (Directory.Exists(path)) throw new IOException($"{path} exists already");
        Directory.CreateDirectory(path, Private);
        return new(path);
    }

    /// <summary>Evidence and state as the blob store has them; logs are never inputs of take-off.</summary>
    public string WriteArtifacts(FrozenBytes frozen)
    {
        var root = System.IO.Path.Combine(Path, "artifacts");
        Directory.CreateDirectory(root);
        foreach (var (name, document, body, _) in frozen.Artifacts.Where(a => a.Role != ArtifactRole.Log))
        {
            var directory = System.IO.Path.Combine(root, name.ToString());
            Directory.CreateDirectory(directory);
            File.WriteAllBytes(System.IO.Path.Combine(directory, "artifact.json"), document.Span);
            if (body is { } bytes) File.WriteAllBytes(System.IO.Path.Combine(directory, "body.data"), bytes.Span);
        }
        return root;
    }

    public void Dispose()
    {
        try
        {
            // Overlay leaves a work/work directory of mode 000 behind.
            foreach (var directory in Directory.EnumerateDirectories(Path, "work", SearchOption.AllDirectories).ToList()) File.SetUnixFileMode(directory, Private);
            Directory.Delete(Path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Left for the system's own cleaning of temporary files; nothing of it is read again.
        }
    }
}
