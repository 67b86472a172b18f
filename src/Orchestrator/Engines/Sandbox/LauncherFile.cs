// The launcher's own program, out of the engine's reach (ENG-06). The first process of a sandbox is the launcher's, and /proc/1/exe leads to its file past
// every mount: to a kernel that takes an engine for the file's owner (root, for one) it could change the file's mode on the host.
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Orchestrator.Posix;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Engines.Sandbox;

internal sealed class LauncherFile : IDisposable
{
    // In the private mount namespace that the prefix made: what runs from a read-only mount cannot be changed through it.
    private const string ReadOnlyMount = """/bin/mount -o bind,ro "$1" "$1" && exec "$@" """;

    private readonly SafeFileHandle? copy;

    public IReadOnlyList<string> Command { get; }

    private LauncherFile(IReadOnlyList<string> command, SafeFileHandle? copy = null)
    {
        Command = command;
        this.copy = copy;
    }

    /// <summary>How to start the launcher. To be kept until it has started.</summary>
    public static LauncherFile Of(string program, IReadOnlyList<string> prefix)
    {
        if (!IsOurs(program)) return new([.. prefix, program]);
        if (prefix.Count > 0) return new([.. prefix, "/bin/sh", "-c", ReadOnlyMount.TrimEnd(), "sh", program]);
        var copy = MemoryFile.Program("bwrap", File.ReadAllBytes(program));
        return new([$"/proc/{Environment.ProcessId}/fd/{copy.DangerousGetHandle()}"], copy);
    }

    private static bool IsOurs(string program)
    {
        using var file = FileCalls.Open(null, program, FileCalls.ReadOnly);
        return FileCalls.Status(file).Uid == FileCalls.EffectiveUser;
    }

    public void Dispose() => copy?.Dispose();
}
