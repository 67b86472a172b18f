// A copy-on-write view that outlives the process that made it: what somebody changes in a workspace, piece by piece, until it is proposed as one plan (INT-03).
// Invariant: it is removed only when it is empty or was let go of in so many words. Whoever holds it holds its lock; of a killed process nobody does, and the next
// one finds it. It lies where views do, outside of the workspace; a power cut may lose what was written last.
using System.Globalization;
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Orchestrator.Workspaces;

public sealed class CollectedView : IDisposable
{
    private const string Prefix = "cabincrew-changes", Owner = "workspace", Contents = "view";
    private const int PlacesMax = 10_000;
    private const int OwnerOnly = 0x1C0;

    private readonly DirectoryHandle hold;
    private readonly string directory;
    private readonly long began;

    private CollectedView(string workspace, string directory, DirectoryHandle hold, IWorkspaceView view, long began) =>
        (Workspace, this.directory, this.hold, View, this.began) = (workspace, directory, hold, view, began);

    public string Workspace { get; }

    public IWorkspaceView View { get; private set; }

    public DateTimeOffset Began => DateTimeOffset.UnixEpoch.AddTicks(began / 100);

    /// <summary>Where it is, for people who look for something by hand.</summary>
    public string Place => directory;

    /// <param name="workspace">Absolute, links resolved.</param>
    public static Outcome<CollectedView> Begin(string workspace)
    {
        try
        {
            if (!ScratchPlace.Choose(workspace).Try(out var place, out var problem)) return problem;
            var home = Home(place.Path);
            Directory.CreateDirectory(home, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            using var all = Trusted(home);
            if (all is null) return new Problem(ProblemCode.StoreUntrusted, $"{home} does not belong to this user alone") { Where = home, Remedy = "Remove it, and find out who made it." };
            var name = new RandomIds().Next("cabincrew");
            all.MakeDirectory(name, OwnerOnly);
            var directory = Path.Join(home, name);
            var hold = DirectoryHandle.Open(directory);
            FileCalls.TryHold(hold.Descriptor);
            // By the clock that stamps files, which lags behind the other; and before the copy or the mount: a change that comes in between counts as later.
            var began = Changed(hold.Status());
            if (!WorkspaceViews.Create(workspace, Path.Join(directory, Contents)).Try(out var view, out problem))
            {
                Scratch.Remove(all, name);
                hold.Dispose();
                return problem;
            }
            File.WriteAllText(Path.Join(directory, Owner), $"{began.ToString(CultureInfo.InvariantCulture)}\n{workspace}\n");
            return new CollectedView(workspace, directory, hold, view, began);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.IoFailed, $"no view of {workspace} can be made: {e.Message}");
        }
    }

    /// <summary>Those of this workspace whose makers are no more, oldest first; each is held from here on.</summary>
    public static IReadOnlyList<CollectedView> Abandoned(string workspace)
    {
        var found = new List<CollectedView>();
        foreach (var place in ScratchPlace.Candidates(Environment.GetEnvironmentVariable).Select(Home).Where(Directory.Exists))
        {
            using var all = Trusted(place);
            foreach (var entry in all?.Entries(PlacesMax) ?? [])
                if (entry.Kind == EntryKind.Directory && Reopen(Path.Join(place, entry.Name), workspace) is { } view) found.Add(view);
        }
        return [.. found.OrderBy(v => v.Began)];
    }

    private static CollectedView? Reopen(string directory, string workspace)
    {
        try
        {
            var file = Path.Join(directory, Owner);
            if (!File.Exists(file) || File.ReadAllLines(file) is not [var text, var owner] || owner != workspace || !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var time)) return null;
            var hold = DirectoryHandle.Open(directory);
            if (FileCalls.TryHold(hold.Descriptor) && WorkspaceViews.Reopen(workspace, Path.Join(directory, Contents)).Try(out var view, out _))
                return new(workspace, directory, hold, view, time);
            hold.Dispose();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // its holder has let go of it in this moment
        }
    }

    /// <summary>For another run on the same view, after every process of the last one is gone.</summary>
    public Outcome<Done> Renew() => WorkspaceViews.Reopen(Workspace, Path.Join(directory, Contents)).Map(view =>
    {
        View = view;
        return default(Done);
    });

    /// <summary>What was changed, after every process that worked in it is gone.</summary>
    public Outcome<IReadOnlyList<FileWrite>> Changes(CancellationToken ct) => View.Changes(ct);

    /// <summary>Of these paths, those that somebody changed in the workspace itself since the view began: to apply the view's content would undo that.</summary>
    public Outcome<IReadOnlyList<WorkspacePath>> Newer(IEnumerable<WorkspacePath> paths)
    {
        try
        {
            using var root = DirectoryHandle.Open(Workspace);
            return paths.Where(path =>
            {
                using var parent = WorkspaceTree.OpenParent(root, path, out var name);
                return parent is not null && parent.TryStatus(name, out var status) && Changed(status) >= began;
            }).ToList();
        }
        catch (IOException e)
        {
            return new Problem(ProblemCode.WorkspaceUnreadable, e.Message) { Where = Workspace };
        }
    }

    /// <summary>Removes it with all that was changed in it.</summary>
    public void Discard()
    {
        View.Dispose();
        // Its name first: what is only half removed is never proposed.
        File.Delete(Path.Join(directory, Owner));
        using var home = DirectoryHandle.Open(Path.GetDirectoryName(directory)!);
        Scratch.Remove(home, Path.GetFileName(directory));
        hold.Dispose();
    }

    /// <summary>Lets go of it; what was changed stays, for whoever comes next.</summary>
    public void Dispose() => hold.Dispose();

    /// <summary>In nanoseconds since 1970. Nobody can set it, as one can the time of modification.</summary>
    private static long Changed(in FileStatus status) => status.CtimeSeconds * 1_000_000_000 + status.CtimeNanoseconds;

    private static string Home(string place) => Path.Join(place, $"{Prefix}-{FileCalls.EffectiveUser}");

    /// <summary>A name in a directory that everybody may write to: only what is ours alone is used.</summary>
    private static DirectoryHandle? Trusted(string home)
    {
        using var parent = DirectoryHandle.Open(Path.GetDirectoryName(home)!);
        if (!parent.TryStatus(Path.GetFileName(home), out var status) || status.Kind != EntryKind.Directory || status.Uid != FileCalls.EffectiveUser || (status.Permissions & 0x3F) != 0) return null;
        return parent.OpenDirectory(Path.GetFileName(home));
    }
}
