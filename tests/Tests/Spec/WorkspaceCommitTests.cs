// The commit's promises one by one: nothing moved, nothing through links, modes and owners as people expect them.
using System.Text;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using Xunit;

namespace CabinCrew.Tests.Spec;

[Clause("ENG-09")]
public sealed class WorkspaceCommitTests : IDisposable
{
    private readonly TempTree tree = new();
    private readonly Dictionary<Digest, ReadOnlyMemory<byte>> blobs = [];

    public void Dispose() => tree.Dispose();

    [Theory]
    [InlineData("echo other > a.txt")]
    [InlineData("chmod +x a.txt")]
    [InlineData("rm a.txt")]
    [InlineData("rm a.txt && ln -s b.txt a.txt")]
    [InlineData("echo early > new/file")]
    [InlineData("rm -r new && ln -s /tmp new")]
    [InlineData("rm -r new && echo file > new")]
    [InlineData("rm -r gone && mkdir -p gone/inner && echo x > gone/inner/kept")]
    [Clause("TOK-06")]
    public void A_workspace_that_moved_is_found_before_anything_is_done(string move)
    {
        tree.File("a.txt", "alpha\n").File("gone", "g").Bash("mkdir new");
        FileChange[] changes = [Change("a.txt", Text("alpha\n"), Text("beta\n")), Change("gone", Text("g"), Text("h")), Change("new/file", null, Text("n"))];
        Assert.True(WorkspaceCommit.Precheck(tree.Root, changes, redo: false).Ok);
        tree.Bash(move);
        Assert.Equal(ProblemCode.WorkspaceDrift, WorkspaceCommit.Precheck(tree.Root, changes, redo: false).Problem?.Code);
    }

    [Fact]
    public void After_the_commit_only_a_redo_finds_everything_in_place()
    {
        tree.File("a.txt", "alpha\n");
        FileChange[] changes = [Change("a.txt", Text("alpha\n"), null), Change("b/c", null, Text("c", FileKind.Executable)), Change("l", null, Text("b/c", FileKind.Link))];
        Assert.Null(Apply(changes).Problem);
        Assert.Equal(ProblemCode.WorkspaceDrift, WorkspaceCommit.Precheck(tree.Root, changes, redo: false).Problem?.Code);
        Assert.True(WorkspaceCommit.Precheck(tree.Root, changes, redo: true).Ok);
        Assert.Equal("./b/c 755 c\n./l -> b/c\n", tree.Bash("find . -type f -printf '%p %m ' -exec cat {} ';' -exec echo ';' -o -type l -printf '%p -> %l\n' | sort"));
    }

    [Fact]
    public void No_write_goes_through_a_link()
    {
        using var outside = new TempTree();
        tree.Link("door", outside.Root);
        FileChange[] changes = [Change("door/in", null, Text("x"))];
        Assert.Equal(ProblemCode.WorkspaceDrift, WorkspaceCommit.Precheck(tree.Root, changes, redo: false).Problem?.Code);
        Assert.Equal(ProblemCode.IoFailed, Apply(changes).Problem?.Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside.Root));
    }

    [Fact]
    public void No_deletion_goes_through_a_link()
    {
        using var outside = new TempTree();
        outside.File("keep", "k");
        tree.Link("door", outside.Root);
        Assert.Null(Apply([Change("door/keep", Text("k"), null)]).Problem);
        Assert.True(File.Exists(outside["keep"]));
    }

    [Fact]
    public void A_store_that_is_a_link_is_not_followed()
    {
        using var outside = new TempTree();
        tree.Link(".cabincrew", outside.Root);
        Assert.Equal(ProblemCode.IoFailed, Apply([Change("a", null, Text("x"))]).Problem?.Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside.Root));
        Assert.False(File.Exists(tree["a"]));
    }

    [Fact]
    public void A_link_is_replaced_and_its_target_is_left_alone()
    {
        tree.File("target", "t").Link("link", "target");
        Assert.Null(Apply([Change("link", Text("target", FileKind.Link), Text("now a file"))]).Problem);
        Assert.Equal("t", File.ReadAllText(tree["target"]));
        Assert.Equal("now a file", File.ReadAllText(tree["link"]));
        Assert.Null(new FileInfo(tree["link"]).LinkTarget);
    }

    [Fact]
    public void Permissions_of_a_replaced_file_stay_and_new_ones_follow_their_directory()
    {
        tree.File("secret", "1").File("dir/x", "x").Bash("chmod 755 . && chmod 640 secret && chmod 700 dir");
        Assert.Null(Apply([
            Change("secret", Text("1"), Text("2")), Change("dir/new", null, Text("n")), Change("dir/run", null, Text("r", FileKind.Executable)),
            Change("open", null, Text("o")), Change("dir/x", Text("x"), Text("x", FileKind.Executable))]).Problem);
        Assert.Equal("600 dir/new\n700 dir/run\n755 dir/x\n644 open\n640 secret\n", tree.Bash("stat -c '%a %n' dir/new dir/run dir/x open secret"));
    }

    [Fact]
    public void Directories_that_deletions_empty_are_gone_and_others_stay()
    {
        tree.File("a/b/c", "1").File("d/e/f", "2").File("d/keep", "3").Bash("mkdir a/side");
        Assert.Null(Apply([Change("a/b/c", Text("1"), null), Change("d/e/f", Text("2"), null)]).Problem);
        Assert.Equal(".\n./a\n./a/side\n./d\n./d/keep\n", tree.Bash("find . | sort"));
    }

    [Fact]
    public void A_stored_content_that_is_another_stops_before_anything_is_done()
    {
        tree.File("old", "o");
        FileChange[] changes = [Change("old", Text("o"), null), Change("new", null, Text("n"))];
        Assert.Equal(ProblemCode.BlobCorrupt, WorkspaceCommit.Apply(tree.Root, changes, _ => new ReadOnlyMemory<byte>("forged"u8.ToArray()), default).Problem?.Code);
        Assert.True(File.Exists(tree["old"]));
    }

    [Fact]
    public void Cancelling_before_the_first_deletion_changes_nothing()
    {
        tree.File("old", "o");
        Assert.Throws<OperationCanceledException>(() => WorkspaceCommit.Apply(tree.Root, [Change("old", Text("o"), null), Change("n", null, Text("n"))], d => blobs[d], new(true)));
        Assert.True(File.Exists(tree["old"]));
    }

    [Fact]
    public void A_change_of_many_files_is_applied_whole_whatever_way_it_is_flushed()
    {
        var changes = new List<FileChange>();
        for (var i = 0; i < 150; i++)
        {
            var path = $"d{i / 40}/deep/f{i}";
            if (i % 3 > 0) tree.File(path, $"old {i}", executable: i % 2 == 0);
            var kind = i % 3 > 0 && i % 2 == 0 ? FileKind.Executable : FileKind.Regular;
            changes.Add(Change(path, i % 3 > 0 ? Text($"old {i}", kind) : null, i % 3 < 2 ? Text($"new {i}", kind) : null));
        }
        Assert.True(WorkspaceCommit.Precheck(tree.Root, changes, redo: false).Ok);
        Assert.Null(Apply([.. changes]).Problem);
        Assert.True(WorkspaceCommit.Precheck(tree.Root, changes, redo: true).Ok);
        Assert.Equal(100, Directory.EnumerateFiles(tree.Root, "*", SearchOption.AllDirectories).Count());
        Assert.All(changes.Where(c => c.After is not null), c => Assert.Equal(c.After!.Kind == FileKind.Executable, (File.GetUnixFileMode(tree[c.Path.ToString()]) & UnixFileMode.UserExecute) != 0));
        Assert.Null(Apply([.. changes]).Problem);
        Assert.Equal(100, Directory.EnumerateFiles(tree.Root, "*", SearchOption.AllDirectories).Count());
    }

    private Outcome<Done> Apply(FileChange[] changes) => WorkspaceCommit.Apply(tree.Root, changes, d => blobs[d], default);

    private FileState Text(string text, FileKind kind = FileKind.Regular)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        blobs[Digest.Of(bytes)] = bytes;
        return new(kind, Digest.Of(bytes), bytes.Length);
    }

    private static FileChange Change(string path, FileState? before, FileState? after) => new(WorkspacePath.Parse(path), before, after);
}
