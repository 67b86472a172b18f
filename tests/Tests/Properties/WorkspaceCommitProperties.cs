// Random trees: what a view reports, applied, gives exactly the tree that the view showed; and a commit cut anywhere is completed by running it again.
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Tests.Spec;
using Xunit;

namespace CabinCrew.Tests.Properties;

[Clause("ENG-09")]
public sealed class WorkspaceCommitProperties
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 10)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Applying_a_views_changes_gives_the_views_tree(int seed)
    {
        using var lab = new TempTree();
        var (changes, content) = Plan(lab, seed, "ws");
        Assert.True(WorkspaceCommit.Precheck(lab["ws"], changes, redo: false).Ok);
        Assert.Null(WorkspaceCommit.Apply(lab["ws"], changes, content, default).Problem);
        Assert.Equal(HashOf(lab["after"]), HashOf(lab["ws"]));
        Assert.False(Directory.Exists(lab["ws/.cabincrew"]));
        Assert.Null(WorkspaceCommit.Apply(lab["ws"], changes, content, default).Problem);
        Assert.Equal(HashOf(lab["after"]), HashOf(lab["ws"]));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    [Clause("ORC-05")]
    public void A_commit_that_is_cut_anywhere_is_completed_by_running_it_again(int seed)
    {
        using var lab = new TempTree();
        var (changes, content) = Plan(lab, seed, "ws");
        var start = HashOf(lab["ws"]);
        var expected = HashOf(lab["after"]);
        var random = new Random(seed);
        lab.Bash("cp -a ws start");
        for (var round = 0; round < 4; round++)
        {
            lab.Bash("rm -rf ws && cp -a start ws");
            var fresh = true;
            for (var cuts = random.Next(1, 4); cuts > 0; cuts--)
            {
                var left = random.Next(0, 3 * changes.Count + 4);
                var deleted = false;
                try
                {
                    WorkspaceCommit.Apply(lab["ws"], changes, content, step =>
                    {
                        if (left-- == 0) throw new Cut();
                        deleted |= step is not ("stage" or "stage file");
                    }, default);
                }
                catch (Cut)
                {
                    // The first cut of a round, before anything was deleted, must have changed nothing.
                    if (fresh && !deleted) Assert.Equal(start, HashOf(lab["ws"]));
                }
                fresh = false;
                Assert.Null(WorkspaceCommit.Precheck(lab["ws"], changes, redo: true).Problem);
            }
            Assert.Null(WorkspaceCommit.Apply(lab["ws"], changes, content, default).Problem);
            Assert.True(expected == HashOf(lab["ws"]), $"seed {seed}, round {round}");
            Assert.False(Directory.Exists(lab["ws/.cabincrew"]));
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_missing_content_leaves_the_workspace_as_it_was(int seed)
    {
        using var lab = new TempTree();
        var (changes, content) = Plan(lab, seed, "ws");
        var before = HashOf(lab["ws"]);
        var writes = changes.Count(c => c.After is not null && !(c.Before is { } b && b.Content == c.After.Content && b.Kind != FileKind.Link && c.After.Kind != FileKind.Link));
        var left = new Random(seed).Next(0, Math.Max(1, writes));
        Outcome<Done> Apply() => WorkspaceCommit.Apply(lab["ws"], changes, d => left-- == 0 ? new Problem(ProblemCode.BlobMissing, "gone") : content(d), default);
        if (writes == 0) return;
        Assert.Equal(ProblemCode.BlobMissing, Apply().Problem?.Code);
        Assert.Equal(before, HashOf(lab["ws"]));
        Assert.Null(WorkspaceCommit.Precheck(lab["ws"], changes, redo: false).Problem);
    }

    private static (IReadOnlyList<FileChange> Changes, Func<Digest, Outcome<ReadOnlyMemory<byte>>> Content) Plan(TempTree lab, int seed, string workspace)
    {
        var random = new Random(seed);
        Grow(lab, workspace, random, random.Next(0, 25));
        Directory.CreateDirectory(lab["view"]);
        using var view = CopyView.Prepare(lab[workspace], lab["view"]).Value;
        foreach (var _ in Enumerable.Range(0, random.Next(1, 4))) Wither(view.Root, random);
        Grow(lab, "view/copy", random, random.Next(1, 20));
        var writes = view.Changes(default).Value;
        lab.Bash("cp -a view/copy after");
        var blobs = writes.Where(w => w.Content is not null).DistinctBy(w => w.Change.After!.Content).ToDictionary(w => w.Change.After!.Content, w => w.Content!.Value);
        return ([.. writes.Select(w => w.Change)], digest => blobs[digest]);
    }

    // Few names, so that files, links and directories take each other's places.
    private static void Grow(TempTree lab, string root, Random random, int count)
    {
        Directory.CreateDirectory(lab[root]);
        for (var i = 0; i < count; i++)
        {
            var segments = Enumerable.Range(0, random.Next(1, 4)).Select(_ => "abcd"[random.Next(4)].ToString()).ToArray();
            var at = lab[root];
            foreach (var segment in segments[..^1])
            {
                at = Path.Combine(at, segment);
                if (IsFileOrLink(at)) File.Delete(at);
                Directory.CreateDirectory(at);
            }
            var path = Path.Combine(at, segments[^1]);
            if (IsFileOrLink(path)) File.Delete(path);
            else if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
            var relative = Path.GetRelativePath(lab.Root, path);
            if (random.Next(5) == 0) lab.Link(relative, $"to-{random.Next(3)}");
            else lab.File(relative, $"content {random.Next(4)}\n", executable: random.Next(3) == 0);
        }
    }

    private static void Wither(string root, Random random)
    {
        var all = Directory.GetFileSystemEntries(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 });
        if (all.Length == 0) return;
        Array.Sort(all, StringComparer.Ordinal);
        var victim = all[random.Next(all.Length)];
        if (IsFileOrLink(victim)) File.Delete(victim);
        else Directory.Delete(victim, recursive: true);
    }

    private static bool IsFileOrLink(string path) => File.Exists(path) || new FileInfo(path).LinkTarget is not null;

    private static Digest HashOf(string path) => WorkspaceHasher.Hash(path, default).Value.Hash;

    private sealed class Cut : Exception;
}
