// Declared against actual: nothing undeclared passes, nothing declared may be missing, and inside .git only what the plan says (ENG-09).
using System.Text;
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using Xunit;

namespace CabinCrew.Tests.Spec;

[Clause("ENG-09")]
public sealed class ChangeComparisonTests
{
    private const string Old = "1111111111111111111111111111111111111111";
    private const string New = "2222222222222222222222222222222222222222";

    [Fact]
    public void The_declared_changes_and_nothing_else_pass()
    {
        FileWrite[] changes = [Write("a", "1", "2"), Write("b", null, "new"), Write("c", "old", null)];
        Assert.True(ChangeComparison.Compare(new([], changes, null), changes).Ok);
        Assert.True(ChangeComparison.Compare(new([], [], null), []).Ok);
    }

    [Fact]
    public void An_undeclared_change_is_refused_and_named()
    {
        var problem = ChangeComparison.Compare(new([], [Write("a", "1", "2")], null), [Write("a", "1", "2"), Write("z", null, "extra")]).Problem;
        Assert.Equal(ProblemCode.TakeOffUndeclaredChange, problem?.Code);
        Assert.Equal("z (create)", problem!.Evidence["undeclared"]);
        Assert.Contains("z (create)", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_content_kind_or_base_is_refused_as_different()
    {
        var declared = Write("a", "1", "2");
        foreach (var actual in (FileWrite[])[Write("a", "1", "3"), Write("a", "0", "2"), Write("a", "1", null), Write("a", "1", "2", FileKind.Executable), Write("a", null, "2")])
        {
            var problem = ChangeComparison.Compare(new([], [declared], null), [actual]).Problem;
            Assert.Equal(ProblemCode.TakeOffUndeclaredChange, problem?.Code);
            Assert.Equal("1", problem!.Evidence["different_count"]);
        }
    }

    [Fact]
    public void A_declared_change_that_did_not_happen_is_missing()
    {
        var problem = ChangeComparison.Compare(new([], [Write("a", "1", "2"), Write("b", "1", "2")], null), [Write("a", "1", "2")]).Problem;
        Assert.Equal(ProblemCode.TakeOffMissingChange, problem?.Code);
        Assert.Equal("b (update)", problem!.Evidence["missing"]);
    }

    [Fact]
    public void A_long_list_is_cut_and_counted()
    {
        var problem = ChangeComparison.Compare(new([], [], null), [.. Enumerable.Range(0, 1000).Select(i => Write($"f{i:D4}", null, "x"))]).Problem!;
        Assert.Equal("1000", problem.Evidence["undeclared_count"]);
        Assert.Equal(50, problem.Evidence["undeclared"].Split('\n').Length);
        Assert.EndsWith("and 997 more", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".git/refs/heads/main")]
    [InlineData(".git/HEAD")]
    [InlineData(".git/index")]
    [InlineData(".git/config")]
    [InlineData(".git/hooks/post-checkout")]
    public void Without_a_declaration_nothing_in_git_may_change(string path) =>
        Assert.Equal(ProblemCode.TakeOffUndeclaredChange, Git(null, Write(path, null, New + "\n")));

    [Theory]
    [InlineData(".git/config")]
    [InlineData(".git/hooks/pre-commit")]
    [InlineData(".git/info/attributes")]
    [InlineData(".git/info/grafts")]
    [InlineData(".git/objects/info/alternates")]
    [InlineData(".git/objects/info/commit-graph")]
    [InlineData(".git/objects/pack/multi-pack-index")]
    [InlineData(".git/packed-refs")]
    [InlineData(".git/ORIG_HEAD")]
    [InlineData(".git/shallow")]
    [InlineData(".git/modules/x/config")]
    [InlineData(".git/refs/heads/other")]
    [InlineData(".git/refs/heads/main.lock")]
    [InlineData(".git/logs/refs/heads/other")]
    [InlineData(".git")]
    [InlineData("sub/.git/hooks/post-checkout")]
    public void With_a_declaration_the_rest_of_git_is_still_closed(string path) =>
        Assert.Equal(ProblemCode.TakeOffUndeclaredChange, Git(Everything, MainRef(New), Head, Write(path, null, New + "\n")));

    [Fact]
    public void Refs_HEAD_index_and_logs_move_as_declared()
    {
        Assert.Null(Git(Everything, MainRef(New), Head, Write(".git/index", "old", "new"), Write(".git/logs/HEAD", "one\n", "one\ntwo\n"), Write(".git/logs/refs/heads/main", null, "two\n")));
        Assert.Null(Git(Everything, Write(".git/refs/heads/main", null, New + "\n"), Head));
    }

    [Fact]
    public void Refs_HEAD_index_and_logs_that_move_otherwise_are_refused()
    {
        foreach (var wrong in (FileWrite[])[
            MainRef(Old[..39] + "3"), Write(".git/refs/heads/main", New + "\n", New + "\n\n"), Write(".git/refs/heads/main", Old + "\n", null),
            Write(".git/refs/heads/main", "3333333333333333333333333333333333333333\n", New + "\n"), Write(".git/refs/heads/main", Old + "\n", New + "\n", FileKind.Link)])
            Assert.Equal(ProblemCode.TakeOffUndeclaredChange, Git(Everything, wrong, Head));
        Assert.Equal(ProblemCode.TakeOffUndeclaredChange, Git(Everything, MainRef(New), Write(".git/HEAD", "ref: refs/heads/main\n", "ref: refs/heads/evil\n")));
        Assert.Equal(ProblemCode.TakeOffUndeclaredChange, Git(Everything with { Index = false }, MainRef(New), Head, Write(".git/index", "old", "new")));
        Assert.Equal(ProblemCode.TakeOffUndeclaredChange, Git(Everything with { Head = null }, MainRef(New), Head));
        foreach (var log in (FileWrite[])[Write(".git/logs/HEAD", "one\n", "ONE\ntwo\n"), Write(".git/logs/HEAD", "one\n", null), Write(".git/logs/HEAD", "one\n", "on")])
            Assert.Equal(ProblemCode.TakeOffUndeclaredChange, Git(Everything, MainRef(New), Head, log));
    }

    [Fact]
    public void A_declared_ref_that_did_not_move_is_missing()
    {
        Assert.Equal(ProblemCode.TakeOffMissingChange, Git(Everything, Head));
        Assert.Equal(ProblemCode.TakeOffMissingChange, Git(Everything, MainRef(New)));
    }

    [Fact]
    public void A_real_commit_with_loose_objects_passes_and_a_forged_object_does_not()
    {
        using var lab = new TempTree();
        var (before, after) = Commit(lab);
        var (plan, actual) = Observe(lab, before, after);
        Assert.Null(ChangeComparison.Compare(plan, actual).Problem);

        var loose = actual.First(w => w.Change.Path.ToString().StartsWith(".git/objects/", StringComparison.Ordinal));
        foreach (var forged in (FileWrite[])[
            With(loose, actual.First(w => w != loose && w.Change.Path.ToString().StartsWith(".git/objects/", StringComparison.Ordinal)).Content!.Value.ToArray()),
            With(loose, [1, 2, 3]), With(loose, loose.Content!.Value[..^6].ToArray())])
            Assert.Equal(ProblemCode.TakeOffUndeclaredChange, ChangeComparison.Compare(plan, [.. actual.Select(w => w == loose ? forged : w)]).Problem?.Code);
    }

    [Theory]
    [InlineData("sha1")]
    [InlineData("sha256")]
    public void A_real_pack_passes_and_one_flipped_byte_anywhere_does_not(string format)
    {
        using var lab = new TempTree();
        var (before, after) = Commit(lab, format, "git config --unset-all x.y || true; GIT_DIR=.git git repack -q -a -d -f --depth=20 --window=20; git prune-packed; rm -f .git/info/refs .git/objects/info/packs .git/objects/info/commit-graph");
        var (plan, actual) = Observe(lab, before, after);
        Assert.Contains(actual, w => w.Change.Path.ToString().EndsWith(".pack", StringComparison.Ordinal));
        Assert.Contains(actual, w => w.Change.Path.ToString().EndsWith(".idx", StringComparison.Ordinal));
        Assert.Null(ChangeComparison.Compare(plan, actual).Problem);

        var random = new Random(7);
        foreach (var part in actual.Where(w => w.Change.Path.ToString().StartsWith(".git/objects/pack/", StringComparison.Ordinal)).ToList())
            for (var i = 0; i < 40; i++)
            {
                var bytes = part.Content!.Value.ToArray();
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                Assert.Equal(ProblemCode.TakeOffUndeclaredChange, ChangeComparison.Compare(plan, [.. actual.Select(w => w == part ? With(w, bytes) : w)]).Problem?.Code);
            }
    }

    [Fact]
    public void An_index_that_swaps_two_objects_is_refused_though_its_checksums_are_right()
    {
        using var lab = new TempTree();
        var (before, after) = Commit(lab, "sha1", "git repack -q -a -d; git prune-packed; rm -f .git/info/refs .git/objects/info/packs .git/objects/pack/*.rev");
        var (plan, actual) = Observe(lab, before, after);
        actual = [.. actual.Where(w => !w.Change.Path.ToString().EndsWith(".rev", StringComparison.Ordinal))];
        Assert.Null(ChangeComparison.Compare(plan, actual).Problem);
        var index = actual.Single(w => w.Change.Path.ToString().EndsWith(".idx", StringComparison.Ordinal));
        var bytes = index.Content!.Value.ToArray();
        var count = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(8 + 255 * 4));
        var offsets = bytes.AsSpan(8 + 1024 + count * 24, count * 4);
        var first = offsets[..4].ToArray();
        offsets[4..8].CopyTo(offsets);
        first.CopyTo(offsets[4..]);
        System.Security.Cryptography.SHA1.HashData(bytes.AsSpan(..^20)).CopyTo(bytes.AsSpan(^20..));
        var problem = ChangeComparison.Compare(plan, [.. actual.Select(w => w == index ? With(w, bytes) : w)]).Problem;
        Assert.Contains("the index puts another object", problem?.Evidence["undeclared"], StringComparison.Ordinal);
    }

    private static DeclaredGit Everything => new(new Dictionary<string, (string?, string?)> { ["refs/heads/main"] = (Old, New) }, "ref: refs/heads/main", true);

    private static FileWrite Head => Write(".git/HEAD", "ref: refs/heads/old\n", "ref: refs/heads/main\n");

    private static FileWrite MainRef(string to) => Write(".git/refs/heads/main", Old + "\n", to + "\n");

    private static ProblemCode? Git(DeclaredGit? git, params FileWrite[] actual) => ChangeComparison.Compare(new([], [], git), actual).Problem?.Code;

    private static (string Before, string After) Commit(TempTree lab, string format = "sha1", string then = "true")
    {
        lab.Bash($"""
            mkdir ws && cd ws && git init -q -b main --object-format={format} . && git config gc.auto 0 && git config core.logAllRefUpdates false
            seq 1 500 > numbers && git add -A && git commit -qm one
            cd .. && mkdir scratch && cp -a ws copy && cd copy
            for i in 1 2 3; do seq $i 600 > numbers; echo $i > other; git add -A; git commit -qm "more $i"; done
            {then}
            rm -f .git/COMMIT_EDITMSG ; cp ../ws/.git/COMMIT_EDITMSG .git/ ; cp ../ws/numbers numbers; rm other; cp -p ../ws/.git/index .git/index; cp -af ../ws/.git/objects/. .git/objects/
            """);
        return (lab.Bash("git -C ws rev-parse main").Trim(), lab.Bash("git -C copy rev-parse main").Trim());
    }

    private static (ValidatedPlan, IReadOnlyList<FileWrite>) Observe(TempTree lab, string before, string after)
    {
        using var lower = Orchestrator.Posix.DirectoryHandle.Open(lab["ws"]);
        using var upper = Orchestrator.Posix.DirectoryHandle.Open(lab["copy"]);
        var actual = new ViewDifference(null, default).Between(lower, upper).Value;
        return (new([], [], new(new Dictionary<string, (string?, string?)> { ["refs/heads/main"] = (before, after) }, null, false)), actual);
    }

    private static FileWrite With(FileWrite write, byte[] bytes) =>
        new(write.Change with { After = new(write.Change.After!.Kind, Digest.Of(bytes), bytes.Length) }, bytes);

    private static FileWrite Write(string path, string? before, string? after, FileKind kind = FileKind.Regular) => new(
        new(WorkspacePath.Parse(path), before is null ? null : State(before, FileKind.Regular), after is null ? null : State(after, kind)),
        after is null ? null : Encoding.UTF8.GetBytes(after));

    private static FileState State(string text, FileKind kind) => new(kind, Digest.Of(Encoding.UTF8.GetBytes(text)), Encoding.UTF8.GetByteCount(text));
}
