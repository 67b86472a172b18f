// Devices for one run alone, where those of the host would belong to the engine (ENG-06): bubblewrap binds /dev/null and its like writable, and to the kernel
// a run that root started owns them: it could change their modes for the whole machine.
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Orchestrator.Posix;

namespace CabinCrew.Orchestrator.Engines.Sandbox;

internal sealed class PrivateDevices : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, Everybody = (UnixFileMode)0b110_110_110;

    /// <summary>The one place where a device is sure to be one.</summary>
    public const string Parent = "/dev";

    private static int count;

    /// <summary>What bubblewrap's --dev binds, with the kernel's own numbers of it.</summary>
    public static readonly IReadOnlyList<(string Name, (int Major, int Minor) Number)> All =
        [("null", (1, 3)), ("zero", (1, 5)), ("full", (1, 7)), ("random", (1, 8)), ("urandom", (1, 9)), ("tty", (5, 0))];

    public static bool AreNeeded
    {
        get
        {
            using var directory = DirectoryHandle.Open("/dev");
            return directory.Stat("null") is { } stat && stat.Uid == (int)FileCalls.EffectiveUser;
        }
    }

    /// <summary>Bound, they need no names any more: to be disposed of as soon as the sandbox stands.</summary>
    public string Path { get; } = $"{Parent}/cabincrew-{Environment.ProcessId}-{Interlocked.Increment(ref count)}";

    /// <exception cref="IOException">They cannot be made: then there is no run.</exception>
    public static PrivateDevices Create()
    {
        var made = new PrivateDevices();
        Directory.CreateDirectory(made.Path, Owner);
        foreach (var (name, (major, minor)) in All)
        {
            var path = $"{made.Path}/{name}";
            // What a killed process of the same number left.
            File.Delete(path);
            if (!SpawnNative.MakeDevice(path, major, minor))
            {
                made.Dispose();
                throw new IOException($"the device {path} cannot be made (root without CAP_MKNOD?); run cabincrew as an ordinary user");
            }
            File.SetUnixFileMode(path, Everybody);
        }
        return made;
    }

    public void Dispose()
    {
        try
        {
            if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nobody but us can enter it, and it is made anew by whoever gets its name.
        }
    }
}
