// What the machine says of itself: the kernel's switches, the container around us, its mounts, and the answers of two harmless trials. Read, not guessed from versions.
// A seam: tests read from a made-up root and answer the trials themselves.
using System.ComponentModel;
using System.Diagnostics;

namespace CabinCrew.Orchestrator.Engines.Sandbox;

internal enum Surroundings { Machine, Docker, Podman, Kubernetes, OtherContainer }

/// <param name="Options">Of the mount and of its file system, as mountinfo has them.</param>
internal sealed record MountLine(string Path, string Type, IReadOnlyList<string> Options);

internal sealed class HostFacts(string root = "", Func<IReadOnlyList<string>, (int ExitCode, string Words)>? tries = null, bool? isRoot = null)
{
    private const int TextBytesMax = 256 << 10, TrialMilliseconds = 5000;

    public bool IsRoot { get; } = isRoot ?? Posix.FileCalls.EffectiveUser == 0;

    public bool Exists(string path) => File.Exists(root + path) || Directory.Exists(root + path);

    /// <summary>Null where it is not there, or not for us to read.</summary>
    public string? Text(string path)
    {
        try
        {
            if (!File.Exists(root + path)) return null;
            using var reader = new StreamReader(root + path);
            var text = new char[TextBytesMax];
            return new string(text, 0, reader.ReadBlock(text)).Trim().Trim('\0');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public Surroundings Surroundings =>
        Exists("/var/run/secrets/kubernetes.io") || Says("/proc/1/cgroup", "kubepods") ? Surroundings.Kubernetes
        : Exists("/run/.containerenv") ? Surroundings.Podman
        : Exists("/.dockerenv") || Says("/proc/1/cgroup", "docker") ? Surroundings.Docker
        : Exists("/run/systemd/container") || Says("/proc/1/cgroup", "lxc") ? Surroundings.OtherContainer
        : Surroundings.Machine;

    /// <summary>We ourselves run behind a system call filter.</summary>
    public bool IsFiltered => Status("Seccomp") == "2";

    /// <summary>The AppArmor profile that we run under; null for none.</summary>
    public string? Profile => (Text("/proc/self/attr/apparmor/current") ?? Text("/proc/self/attr/current")) is { Length: > 0 } profile && !profile.StartsWith("unconfined", StringComparison.Ordinal) ? profile : null;

    public string? Status(string name) =>
        Text("/proc/self/status")?.Split('\n').FirstOrDefault(l => l.StartsWith(name + ":", StringComparison.Ordinal))?[(name.Length + 1)..].Trim();

    /// <summary>What is mounted over parts of /proc: masks.</summary>
    public IReadOnlyList<string> Masks => [.. Mounts.Where(m => m.Path.StartsWith("/proc/", StringComparison.Ordinal)).Select(m => m.Path).Distinct().Order(StringComparer.Ordinal)];

    public IReadOnlyList<MountLine> Mounts =>
    [
        .. (Text("/proc/self/mountinfo") ?? "").Split('\n').Select(l => l.Split(' ')).Where(f => f.Length >= 10 && Array.IndexOf(f, "-") is >= 6 and var dash && dash + 3 < f.Length)
            .Select(f => new MountLine(f[4].Replace("\\040", " ", StringComparison.Ordinal), f[Array.IndexOf(f, "-") + 1], [.. f[5].Split(','), .. f[Array.IndexOf(f, "-") + 3].Split(',')])),
    ];

    /// <summary>The mount that a path lies on: of the deepest ones the last, which covers the others.</summary>
    public MountLine? MountOf(string path) => Mounts.Where(m => m.Path == "/" || path == m.Path || path.StartsWith(m.Path + "/", StringComparison.Ordinal)).OrderBy(m => m.Path.Length).LastOrDefault();

    /// <summary>Whether a user namespace can be made, and if not, the words.</summary>
    public (int ExitCode, string Words) TryUserNamespace() => Try("/usr/bin/unshare", "--user", "true");

    /// <summary>Whether anything can be mounted inside one.</summary>
    public (int ExitCode, string Words) TryMount() => Try("/usr/bin/unshare", "--user", "--map-root-user", "--mount", "/bin/mount", "-t", "tmpfs", "tmpfs", "/tmp");

    private (int ExitCode, string Words) Try(params IReadOnlyList<string> command) => tries is null ? Run(command) : tries(command);

    private bool Says(string path, string word) => Text(path)?.Contains(word, StringComparison.Ordinal) == true;

    /// <summary>How software is installed here.</summary>
    public string Install(string package)
    {
        var ids = (Text("/etc/os-release") ?? "").Split('\n').Where(l => l.StartsWith("ID=", StringComparison.Ordinal) || l.StartsWith("ID_LIKE=", StringComparison.Ordinal))
            .SelectMany(l => l[(l.IndexOf('=') + 1)..].Trim('"').Split(' ')).ToHashSet(StringComparer.Ordinal);
        (string[] Ids, string Command)[] managers =
        [
            (["debian", "ubuntu"], $"sudo apt-get install {package}"), (["alpine"], $"apk add {package}"), (["arch"], $"sudo pacman -S {package}"),
            (["suse", "opensuse"], $"sudo zypper install {package}"), (["nixos"], $"nix-env -iA nixos.{package}"), (["fedora", "rhel", "centos"], $"sudo dnf install {package}"),
        ];
        return managers.FirstOrDefault(m => m.Ids.Any(ids.Contains)).Command is { } command ? $"`{command}`" : $"`apt-get`, `dnf`, `apk` or `pacman` has it as {package}";
    }

    private static (int, string) Run(IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true };
        start.Environment.Clear();
        start.Environment["PATH"] = Processes.Programs.SearchPath;
        start.Environment["LC_ALL"] = "C";
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            if (process.WaitForExit(TrialMilliseconds)) return (process.ExitCode, process.StandardError.ReadToEnd().Trim());
            process.Kill(entireProcessTree: true);
            return (-1, "it took too long");
        }
        catch (Win32Exception e)
        {
            return (-1, e.Message);
        }
    }
}
