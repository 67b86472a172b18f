// What an engine of the reduced tier may touch, by path (ENG-06). Nothing is mounted here: paths are the host's own, and what is not named is denied.
using CabinCrew.Orchestrator.Engines.Sandbox;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Engines.Reduced;

internal static class ReducedRules
{
    /// <summary>Entries of a workspace's root, where each needs a rule of its own because one of them is hidden.</summary>
    private const int RootEntriesMax = 20_000;

    // What programs read beside what every sandbox shows. Here a file that is there and may not be read is an error to many; in a mount it would be absent.
    private static readonly string[] Configuration =
        ["/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/gitconfig", "/etc/localtime", "/etc/perl", "/etc/services", "/etc/protocols", "/etc/mime.types", "/etc/os-release"];

    // Processes are visible here, as they are to every user. What Landlock denies is their memory, environment and files.
    private static readonly string[] Machine = ["/proc", "/sys/devices/system/cpu", "/sys/devices/system/node", "/sys/kernel/mm/transparent_hugepage"];

    private static readonly string[] Devices = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

    /// <param name="writable">Temp, and in flight-plan the artifacts.</param>
    public static Outcome<IReadOnlyList<PathRule>> Of(EngineRun run, HostLayout host, params IReadOnlyList<string> writable)
    {
        var takeOff = run.Mode == EngineMode.TakeOff;
        var rules = new List<PathRule>();
        void Grant(PathAccess access, IEnumerable<string> paths) => rules.AddRange(paths.Select(p => new PathRule(p, access)));

        Grant(PathAccess.Read, [.. host.ReadOnly, .. host.Links.Select(l => "/" + l.Name), .. Configuration, .. Python(), .. Machine]);
        if (run.Network) Grant(PathAccess.Read, host.Network);
        Grant(PathAccess.Device, Devices);
        Grant(PathAccess.Read, run.Engine.Mounts.Select(m => m.Source));
        Grant(PathAccess.Write | PathAccess.MakeFifo, writable);
        if (run.FrozenArtifacts is { } frozen) Grant(PathAccess.Read, [frozen]);
        foreach (var mount in run.Outside)
            if (mount.Source == mount.Target) Grant(takeOff && mount.Writable ? PathAccess.Write : PathAccess.Read, [mount.Source]);
            else return new Problem(ProblemCode.SandboxFailed, $"'{mount.Source}' cannot be shown as '{mount.Target}': the reduced isolation shows everything at its own place.");

        if (!Workspace(run, host, takeOff ? PathAccess.Write : PathAccess.Read).Try(out var workspace, out var problem)) return problem;
        return Outcome.Of<IReadOnlyList<PathRule>>([.. rules, .. workspace]);
    }

    /// <summary>Where the engine may change modes and times too.</summary>
    public static IReadOnlyList<string> Writable(EngineRun run, params IReadOnlyList<string> writable) =>
        run.Mode != EngineMode.TakeOff ? writable : [.. writable, run.Workspace, .. run.Outside.Where(m => m.Writable).Select(m => m.Source)];

    private static Outcome<IReadOnlyList<PathRule>> Workspace(EngineRun run, HostLayout host, PathAccess access)
    {
        using var root = DirectoryHandle.Open(run.Workspace);
        var hidden = new HashSet<string>(run.HiddenEntries.Where(n => root.TryStatus(n, out _)), StringComparer.Ordinal);
        if (hidden.Count == 0) return Outcome.Of<IReadOnlyList<PathRule>>([new(run.Workspace, access)]);
        if (hidden.FirstOrDefault(n => root.Stat(n)!.Kind == EntryKind.Link) is { } link)
            return new Problem(ProblemCode.SandboxFailed, $"'{link}' must stay hidden from engines, and is a link.") { Remedy = $"Replace the link in {run.Workspace} by a directory." };
        if (access != PathAccess.Read) return new Problem(ProblemCode.SandboxFailed, "A writable view that holds entries to be hidden cannot be shown in the reduced isolation.");
        if (host.ReadOnly.FirstOrDefault(p => run.Workspace.StartsWith(p + "/", StringComparison.Ordinal)) is { } seen)
            return new Problem(ProblemCode.SandboxFailed, $"The workspace lies in {seen}, which every engine sees, so the store in it cannot be hidden.") { Remedy = "Put the store elsewhere with --store, or the workspace." };

        // Rights add up: the root's own right to be listed reaches the hidden directories' names too, but not one of their files.
        var rules = new List<PathRule> { new(run.Workspace, PathAccess.ReadDirectory) };
        try
        {
            foreach (var entry in root.List(RootEntriesMax))
                if (DirectoryHandle.NameOf(entry.Name) is var name && !hidden.Contains(name)) rules.Add(new(Path.Join(run.Workspace, name), access, Follow: false));
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            return new Problem(ProblemCode.SandboxFailed, $"The workspace's root cannot be shown entry by entry: {e.Message}");
        }
        // So that git passes over the store, and does not stumble.
        rules.AddRange(hidden.Select(name => new PathRule(Path.Join(run.Workspace, name, ".gitignore"), PathAccess.ReadFile, Follow: false)));
        return Outcome.Of<IReadOnlyList<PathRule>>(rules);
    }

    private static string[] Python()
    {
        try
        {
            return Directory.GetDirectories("/etc", "python3*");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
