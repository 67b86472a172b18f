// The launcher's command line: what an engine sees, and under which name (ENG-02, ENG-06). Pure; docs/reference/engine-environment.md tells it to engine authors.
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Sandbox;

/// <param name="DisableUserNamespaces">bubblewrap 0.8 and newer; with an older one the seccomp filter alone forbids them.</param>
internal sealed record BubblewrapFeatures(bool DisableUserNamespaces = true);

internal static partial class Bubblewrap
{
    public const string Workspace = "/workspace";
    public const string Artifacts = "/cabincrew/artifacts";
    public const string Temp = "/tmp";

    /// <summary>The numbers under which bubblewrap finds what we hand it. All below 10, so that a shell in between keeps them.</summary>
    private const string HostName = "cabincrew";

    public const int SeccompFd = 3, InfoFd = 4, StatusFd = 5, BlockFd = 6, PasswdFd = 7, GroupFd = 8, CertificateFd = 9;

    public const string Passwd = "root:x:0:0:root:/tmp:/usr/sbin/nologin\nengine:x:65534:65534:engine:/tmp:/bin/sh\n";
    public const string Group = "root:x:0:\nengine:x:65534:\n";

    /// <summary>What a tmpfs may hold beyond its limit, so that a breach can be seen before the file system is full.</summary>
    public const long Slack = 64 << 10;
    public const long SharedMemoryBytes = 64L << 20;

    /// <summary>In each place of memory or disk: an entry takes some of it however small it is.</summary>
    public static long EntriesMax(EngineLimits limits) => Math.Clamp(limits.TempBytes / 4096, 1000, 200_000);

    /// <summary>ENG-02: these and no others.</summary>
    public static IReadOnlyList<(string Name, string Value)> Environment(EngineMode mode, string workspace, string artifacts, string temp) =>
    [
        ("CABINCREW_WORKSPACE", workspace), ("CABINCREW_ARTIFACTS_DIR", artifacts), ("CABINCREW_TEMP_DIR", temp), ("CABINCREW_MODE", mode.Word()),
        ("PATH", "/usr/bin:/bin"), ("HOME", temp), ("LANG", "C.UTF-8"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC"), ("SOURCE_DATE_EPOCH", "0"),
    ];

    /// <param name="hidden">Entries of the workspace's root to cover, and whether each is a directory.</param>
    /// <param name="devices">A directory with devices for this run alone; null: those that --dev binds from the host.</param>
    public static IReadOnlyList<string> Arguments(EngineRun run, IReadOnlyList<(string Name, bool IsDirectory)> hidden, HostLayout host, BubblewrapFeatures features, string? devices = null)
    {
        var takeOff = run.Mode == EngineMode.TakeOff;
        var a = new Words();
        Root(a, run.Limits, run.Network, host, features, devices);
        if (run.FrozenArtifacts is { } frozen) a.Add("--ro-bind", frozen, Artifacts);
        else a.Tmpfs(run.Limits.ArtifactBytes + Slack, Artifacts);
        a.Add(takeOff ? "--bind" : "--ro-bind", run.Workspace, Workspace);
        foreach (var (name, isDirectory) in hidden) a.Cover($"{Workspace}/{name}", isDirectory);
        // A workspace inside of what everybody sees (a checkout under /usr/src) is there a second time.
        if (host.ReadOnly.Any(p => run.Workspace.StartsWith(p + "/", StringComparison.Ordinal)))
            foreach (var (name, isDirectory) in hidden) a.Cover($"{run.Workspace}/{name}", isDirectory);
        foreach (var mount in run.Engine.Mounts) a.Add("--ro-bind", mount.Source, mount.Target);
        foreach (var mount in run.Outside) a.Add(takeOff && mount.Writable ? "--bind" : "--ro-bind", mount.Source, mount.Target);
        if (run.DeclaredNetwork is not null) a.Add("--ro-bind-data", $"{CertificateFd}", NetworkEnvironment.CertificateFile);
        a.Add("--remount-ro", "/");

        a.Add("--clearenv");
        foreach (var (name, value) in Environment(run.Mode, Workspace, Artifacts, Temp)) a.Add("--setenv", name, value);
        if (run.DeclaredNetwork is not null)
            foreach (var (name, value) in NetworkEnvironment.Variables) a.Add("--setenv", name, value);
        a.Add("--chdir", Workspace);
        a.Run(run.Engine.Command);
        a.Add("--mode", run.Mode.Word());
        return a.All;
    }

    /// <summary>What every process in a sandbox stands in: namespaces, the system's programs read-only, and nothing else of the host's.</summary>
    private static void Root(Words a, EngineLimits limits, bool network, HostLayout host, BubblewrapFeatures features, string? devices)
    {
        a.Add("--unshare-user");
        if (features.DisableUserNamespaces) a.Add("--disable-userns");
        a.Add("--uid", "65534", "--gid", "65534", "--unshare-pid");
        if (!network) a.Add("--unshare-net");
        a.Add("--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--hostname", HostName, "--die-with-parent", "--new-session", "--cap-drop", "ALL");

        foreach (var path in host.ReadOnly) a.Add("--ro-bind", path, path);
        foreach (var (name, target) in host.Links) a.Add("--symlink", target, "/" + name);
        if (network)
            foreach (var path in host.Network) a.Add("--ro-bind", path, path);
        a.Add("--ro-bind-data", $"{PasswdFd}", "/etc/passwd", "--ro-bind-data", $"{GroupFd}", "/etc/group");
        // A root that starts bubblewrap keeps the host's /proc/sys writable through a new procfs: hence the remount.
        a.Add("--proc", "/proc", "--remount-ro", "/proc");
        // The tmpfs behind /dev has no size of its own: read-only, but for a sized /dev/shm.
        a.Add("--dev", "/dev");
        if (devices is not null)
            foreach (var (name, _) in PrivateDevices.All) a.Add("--dev-bind", $"{devices}/{name}", "/dev/" + name);
        a.Tmpfs(Math.Min(SharedMemoryBytes, limits.MemoryBytes), "/dev/shm");
        a.Add("--remount-ro", "/dev");
        a.Tmpfs(limits.TempBytes + Slack, Temp);
        a.Add("--dir", "/run", "--dir", "/var", "--symlink", "../tmp", "/var/tmp");
    }

    /// <summary>A command line that grows.</summary>
    private sealed class Words
    {
        private readonly List<string> words = [];

        public IReadOnlyList<string> All => words;

        public void Add(params ReadOnlySpan<string> more) => words.AddRange(more);

        public void Tmpfs(long bytes, string at) => Add("--size", $"{bytes}", "--tmpfs", at);

        public void Cover(string at, bool isDirectory)
        {
            if (!isDirectory) Add("--ro-bind", "/dev/null", at);
            else
            {
                Tmpfs(4096, at);
                Add("--remount-ro", at);
            }
        }

        /// <summary>What runs there, behind the filter, once it is told to go.</summary>
        public void Run(IReadOnlyList<string> command)
        {
            Add("--seccomp", $"{SeccompFd}", "--info-fd", $"{InfoFd}", "--json-status-fd", $"{StatusFd}", "--block-fd", $"{BlockFd}", "--");
            Add([.. command]);
        }
    }


    /// <summary>Whether a process was started with arguments as ours are; false when it is gone or not ours to see.</summary>
    public static bool IsLauncher(int pid)
    {
        try
        {
            // The kernel gives at most what a process was started with; the name stands among the first arguments.
            using var file = File.OpenHandle($"/proc/{pid}/cmdline");
            var line = new byte[16 * 1024];
            return line.AsSpan(0, RandomAccess.Read(file, line, 0)).IndexOf(System.Text.Encoding.ASCII.GetBytes($"\0--hostname\0{HostName}\0")) >= 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
