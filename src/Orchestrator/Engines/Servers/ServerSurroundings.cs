// What a server would see, looked at before it starts: mounts that are there and can be shown, a store that stays hidden, a program and a directory in reach.
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Orchestrator.Engines.Sandbox;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Servers;

internal sealed class ServerSurroundings(ServerRun run, IReadOnlyList<string> hidden)
{
    private static readonly string[] OfTheKernel = ["/proc", "/dev", "/sys", "/cabincrew"];

    /// <summary>Gives what has to be covered.</summary>
    public Outcome<IReadOnlyList<CoveredPath>> Check()
    {
        var covered = new List<CoveredPath>();
        foreach (var mount in run.Mounts)
        {
            if (Fault(mount) is { } fault) return fault;
            covered.AddRange(Hidden(mount));
        }
        // Every server sees the system's directories, declared or not: a store among them too.
        covered.AddRange(hidden.Select(Real).Where(store => HostLayout.OfThisMachine.ReadOnly.Any(r => IsWithin(store, r)) && Directory.Exists(store)).Select(store => new CoveredPath(store, IsDirectory: true)));
        if (run.Mounts.GroupBy(m => m.Target).FirstOrDefault(g => g.Count() > 1) is { } twice) return Refuse($"mounts '{twice.Key}' twice");
        var directory = Bubblewrap.Directory(run);
        if (!IsSeen(directory)) return Refuse($"is to work in {directory}, which none of its mounts shows", $"Declare a mount of {directory}.");
        return Unreachable() is { } unreachable ? unreachable : Outcome.Of<IReadOnlyList<CoveredPath>>([.. covered.DistinctBy(c => c.Path)]);
    }

    private Problem? Fault(Mount mount)
    {
        foreach (var path in (string[])[mount.Source, mount.Target])
            if (path.Length == 0 || path[0] != '/' || path.Any(char.IsControl) || Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)) != path)
                return Refuse($"mounts '{path}', which is no absolute path in its plain form (without '..', '//' or a '/' at its end)");
        if (Bubblewrap.Reserved.Contains(mount.Target) || OfTheKernel.Any(k => IsWithin(mount.Target, k)))
            return Refuse($"mounts {mount.Target}, where the sandbox has a directory of its own", "Name what is needed inside of it.");
        if (mount.Source == run.PreparedSource) return null;
        if (hidden.FirstOrDefault(h => IsWithin(Real(mount.Source), Real(h))) is { } store)
            return Refuse($"mounts {mount.Source}, which lies in the store {store}: no server may see its keys and logs");
        if (Directory.Exists(mount.Source)) return null;
        if (!File.Exists(mount.Source)) return Refuse($"mounts {mount.Source}, which does not exist", "Make it, or take the mount away.", ProblemCode.NotFound);
        return EngineDigest.IsRegular(Real(mount.Source)) ? null : Refuse($"mounts {mount.Source}, which is neither a directory nor a regular file");
    }

    /// <summary>The stores among what a mount shows: those that are known, and whatever stands at its root under a store's name.</summary>
    private IEnumerable<CoveredPath> Hidden(Mount mount)
    {
        var root = $"{mount.Target}/{WorkspaceHasher.StoreDirectory}";
        if (mount.Source == run.PreparedSource) yield return new(root, IsDirectory: true);
        else if (Path.Exists($"{mount.Source}/{WorkspaceHasher.StoreDirectory}")) yield return new(root, Directory.Exists($"{mount.Source}/{WorkspaceHasher.StoreDirectory}"));
        var real = Real(mount.Source);
        foreach (var store in hidden.Select(Real))
            if (IsWithin(store, real) && Directory.Exists(store)) yield return new(mount.Target + store[real.Length..], IsDirectory: true);
    }

    /// <summary>A program that is not there is told before, with what would bring it in; one that is found only when it runs tells it itself.</summary>
    private Problem? Unreachable()
    {
        var program = run.Command[0];
        var places = program.Contains('/')
            ? [Path.GetFullPath(program, Bubblewrap.Directory(run))]
            : (run.Environment.GetValueOrDefault("PATH") ?? Bubblewrap.ServerSearchPath).Split(':', StringSplitOptions.RemoveEmptyEntries).Select(d => Path.Join(d, program)).ToArray();
        if (places.Any(p => IsShown(p) && Path.Exists(p))) return null;
        var outside = program.Contains('/') ? places.FirstOrDefault(Path.Exists) : Programs.Find(program);
        return Refuse(outside is null ? $"has no program '{program}': it is not on this machine" : $"cannot see its program {outside}",
            outside is null ? "Install it, or write its whole path." : $"Declare a read-only mount of where it is installed (such as {Path.GetDirectoryName(Path.GetDirectoryName(Real(outside)))}), and write the program's whole path.", ProblemCode.EngineNotFound);
    }

    private bool IsSeen(string path) => path == Bubblewrap.Temp || IsShown(path);

    /// <summary>Its own temporary directory is empty at first, but for what is mounted there.</summary>
    private bool IsShown(string path) => run.Mounts.Any(m => IsWithin(path, m.Target))
        || HostLayout.OfThisMachine.ReadOnly.Any(r => IsWithin(path, r)) || HostLayout.OfThisMachine.Links.Any(l => IsWithin(path, "/" + l.Name));

    private static bool IsWithin(string path, string directory) => path == directory || path.StartsWith(directory + "/", StringComparison.Ordinal);

    /// <summary>Links resolved, as far as it exists.</summary>
    private static string Real(string path)
    {
        var at = "/";
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            at = Path.Join(at, part);
            FileSystemInfo entry = Directory.Exists(at) ? new DirectoryInfo(at) : new FileInfo(at);
            try
            {
                if (entry.ResolveLinkTarget(returnFinalTarget: true) is { } target) at = Real(target.FullName);
            }
            catch (IOException)
            {
                return at; // a circle leads nowhere
            }
        }
        return at;
    }

    private Problem Refuse(string why, string? remedy = null, ProblemCode code = ProblemCode.InvalidArgument) => ServerRunner.Refuse(run, code, why, remedy);
}
