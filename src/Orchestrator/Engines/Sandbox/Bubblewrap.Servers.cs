// The launcher's command line for a server: the root of every sandbox, and what the server declares, each at its own place. Pure.
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Orchestrator.Engines.Servers;

namespace CabinCrew.Orchestrator.Engines.Sandbox;

/// <summary>An entry inside, and whether it is a directory, over which nothing is laid.</summary>
internal sealed record CoveredPath(string Path, bool IsDirectory);

internal static partial class Bubblewrap
{
    /// <summary>Where the launcher reads the server's variables. Beyond 9, and still not closed by any shell that stands between.</summary>
    public const int EnvironmentFd = 10;

    /// <summary>Places inside that nothing may be mounted over.</summary>
    public static readonly string[] Reserved = ["/", "/proc", "/dev", "/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", Temp, Workspace, "/cabincrew", "/engine"];

    public const string ServerSearchPath = "/usr/local/bin:/usr/bin:/bin";

    public static IReadOnlyList<string> Arguments(ServerRun run, IReadOnlyList<CoveredPath> covered, HostLayout host, BubblewrapFeatures features, string? devices = null)
    {
        var a = new Words();
        Root(a, run.Limits.AsEngine, network: false, host, features, devices);
        // What holds others first.
        foreach (var mount in run.Mounts.OrderBy(m => m.Target, StringComparer.Ordinal)) a.Add(mount.Writable ? "--bind" : "--ro-bind", mount.Source, mount.Target);
        foreach (var entry in covered) a.Cover(entry.Path, entry.IsDirectory);
        if (run.Network.Count > 0) a.Add("--ro-bind-data", $"{CertificateFd}", NetworkEnvironment.CertificateFile);
        a.Add("--remount-ro", "/", "--clearenv", "--args", $"{EnvironmentFd}", "--chdir", Directory(run));
        a.Run(run.Command);
        return a.All;
    }

    public static IEnumerable<(string Name, string Value)> Environment(ServerRun run)
    {
        IEnumerable<(string Name, string Value)> own = [("PATH", ServerSearchPath), ("HOME", Temp), ("TMPDIR", Temp), ("LANG", "C.UTF-8"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC")];
        if (run.Network.Count > 0) own = own.Concat(NetworkEnvironment.Variables);
        return own.Where(v => !run.Environment.ContainsKey(v.Name)).Concat(run.Environment.Select(v => (v.Key, v.Value)));
    }

    public static string Directory(ServerRun run) =>
        run.WorkingDirectory ?? run.Mounts.FirstOrDefault(m => m.Source == run.PreparedSource || System.IO.Directory.Exists(m.Source))?.Target ?? Temp;
}
