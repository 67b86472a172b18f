// What every workspace view promises, run for real: a shell changes the merged view through the launch prefix, plainly and inside bubblewrap;
// the workspace stays as it was, and the changes are exactly what the shell did (ENG-06, ENG-09, ORC-02).
using System.Text;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Tests.Spec;
using Xunit;

namespace CabinCrew.Tests.Contracts;

[Clause("ENG-09")]
public abstract class WorkspaceViewContract : IDisposable
{
    private readonly TempTree tree = new();
    private readonly TempTree scratch = new();

    internal abstract IWorkspaceView Create(string workspace, string scratch);

    protected abstract string Kind { get; }

    public void Dispose()
    {
        tree.Dispose();
        scratch.Dispose();
        GC.SuppressFinalize(this);
    }

    public static TheoryData<string, string> Cases => new()
    {
        { "true", "" },
        { "echo new > new.txt", "create new.txt regular" },
        { "echo more >> a.txt", "update a.txt regular" },
        { "rm a.txt", "delete a.txt" },
        { "chmod +x a.txt", "update a.txt executable" },
        { "chmod -x run.sh", "update run.sh regular" },
        { "ln -sfn b.txt link", "update link link" },
        { "rm a.txt && ln -s b.txt a.txt", "update a.txt link" },
        { "rm link && echo file > link", "update link regular" },
        { "touch a.txt && cat a.txt > /dev/null && chmod 600 a.txt", "" },
        { "echo alpha > a.txt", "" },
        { "mkdir empty", "" },
        { "mkdir -p new/deep/er && echo x > new/deep/er/f", "create new/deep/er/f regular" },
        { "rm -r dir", "delete dir/inner.txt; delete dir/sub/deep.txt" },
        { "rm -r dir && mkdir dir", "delete dir/inner.txt; delete dir/sub/deep.txt" },
        { "rm -r dir && mkdir dir && echo x > dir/other", "delete dir/inner.txt; create dir/other regular; delete dir/sub/deep.txt" },
        { "rm -r dir && echo file > dir", "create dir regular; delete dir/inner.txt; delete dir/sub/deep.txt" },
        { "rm -r dir && mkdir -p dir/sub && echo deep > dir/sub/deep.txt", "delete dir/inner.txt" },
        { "rm a.txt && mkdir a.txt && echo x > a.txt/in", "delete a.txt; create a.txt/in regular" },
        { "rm link && mkdir link && echo x > link/in", "delete link; create link/in regular" },
        { "mv dir moved", "delete dir/inner.txt; delete dir/sub/deep.txt; create moved/inner.txt regular; create moved/sub/deep.txt regular" },
        { "mv a.txt c.txt && mv b.txt a.txt", "update a.txt regular; delete b.txt; create c.txt regular" },
        { "ln a.txt hard", "create hard regular" },
        { "rm -rf ./* && echo only > only", "delete a.txt; delete b.txt; delete dir/inner.txt; delete dir/sub/deep.txt; delete link; create only regular; delete run.sh; delete ünï cødé" },
        { "echo x > 'ünï cødé' && echo y > 'with , : \\ = space'", "create with , : \\ = space regular; update ünï cødé regular" },
        { "mkdir locked && echo x > locked/in && chmod 500 locked", "create locked/in regular" },
        { "echo x > .cabincrew/state.db 2>/dev/null || { mkdir .cabincrew && echo x > .cabincrew/state.db; }", "create .cabincrew/state.db regular" },
        { "echo ref > .git/HEAD && echo x > .git/objects.new", "update .git/HEAD regular; create .git/objects.new regular" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_changes_are_exactly_what_the_run_did(string script, string expected)
    {
        Populate();
        var before = WorkspaceHasher.Hash(tree.Root, default).Value;
        using var view = Create(tree.Root, scratch["view"]);
        Run(view, "/bin/sh", "-c", $"cd \"$0\" && {script}", view.Root);
        Assert.Equal(expected, Describe(view));
        Assert.Equal(before, WorkspaceHasher.Hash(tree.Root, default).Value);
    }

    [Fact]
    [Clause("ENG-06")]
    public void A_sandboxed_process_changes_the_view_and_not_the_workspace()
    {
        Populate();
        var before = WorkspaceHasher.Hash(tree.Root, default).Value;
        using var view = Create(tree.Root, scratch["view"]);
        Run(view, "/usr/bin/bwrap", "--unshare-user", "--uid", "65534", "--gid", "65534", "--unshare-pid", "--unshare-net", "--cap-drop", "ALL",
            "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
            "--bind", view.Root, "/workspace", "--chdir", "/workspace", "/bin/sh", "-c", "echo new > new.txt && rm -r dir && echo more >> a.txt && chmod +x b.txt");
        Assert.Equal("update a.txt regular; update b.txt executable; delete dir/inner.txt; delete dir/sub/deep.txt; create new.txt regular", Describe(view));
        Assert.Equal(before, WorkspaceHasher.Hash(tree.Root, default).Value);
    }

    [Fact]
    public void Content_comes_with_the_change()
    {
        Populate();
        using var view = Create(tree.Root, scratch["view"]);
        Run(view, "/bin/sh", "-c", "cd \"$0\" && printf 'b\\000n' > bin && ln -s a.txt other && : > void", view.Root);
        var changes = view.Changes(default).Value;
        Assert.Equal(["bin", "other", "void"], changes.Select(c => c.Change.Path.ToString()));
        Assert.Equal(["b\0n", "a.txt", ""], changes.Select(c => Encoding.UTF8.GetString(c.Content!.Value.Span)));
        Assert.All(changes, c => Assert.Equal((Digest.Of(c.Content!.Value.Span), c.Content.Value.Length), (c.Change.After!.Content, c.Change.After.Size)));
    }

    [Theory]
    [InlineData("mkfifo pipe", ProblemCode.TakeOffUndeclaredChange)]
    [InlineData("rm a.txt && mkfifo a.txt", ProblemCode.TakeOffUndeclaredChange)]
    [InlineData("truncate -s 1T huge", ProblemCode.LimitFiles)]
    [InlineData("f=$(printf 'bad\\377name') && : > \"$f\"", ProblemCode.WorkspaceNameUnsupported)]
    [InlineData("f=$(printf 'tab\\tname') && : > \"$f\"", ProblemCode.WorkspaceNameUnsupported)]
    public void What_no_plan_can_declare_is_a_problem(string script, ProblemCode code)
    {
        Populate();
        using var view = Create(tree.Root, scratch["view"]);
        Run(view, "/bin/sh", "-c", $"cd \"$0\" && {script}", view.Root);
        Assert.Equal(code, view.Changes(default).Problem?.Code);
    }

    [Fact]
    public void Odd_paths_of_workspace_and_scratch_are_no_obstacle()
    {
        tree.File("a:b,c\\d e\"'$x/a.txt", "alpha\n");
        var odd = tree["a:b,c\\d e\"'$x"];
        using var view = Create(odd, scratch["s:c,r\\a t\"'$ch"]);
        Assert.Equal(Kind, view.Kind);
        Run(view, "/bin/sh", "-c", "cd \"$0\" && test -f a.txt && echo b > b.txt", view.Root);
        Assert.Equal("create b.txt regular", Describe(view));
    }

    [Fact]
    [Clause("ORC-02")]
    public void Nothing_is_left_in_the_scratch_directory()
    {
        Populate();
        var view = Create(tree.Root, scratch["view"]);
        Run(view, "/bin/sh", "-c", "cd \"$0\" && mkdir -p shut/in && : > shut/in/f && chmod 0 shut/in shut && rm -r dir && mkdir dir && for i in $(seq 1200); do mkdir d && cd d; done", view.Root);
        view.Dispose();
        Assert.Empty(Directory.EnumerateFileSystemEntries(scratch["view"]));
        Assert.DoesNotContain(scratch.Root, File.ReadAllText("/proc/self/mounts"));
        view.Dispose();
    }

    private void Populate() => tree
        .File("a.txt", "alpha\n").File("b.txt", "beta\n").File("run.sh", "#!/bin/sh\n", executable: true).File("dir/inner.txt", "inner\n")
        .File("dir/sub/deep.txt", "deep\n").Link("link", "a.txt").File("ünï cødé", "u\n").File(".cabincrew/keep", "store\n").File(".git/HEAD", "ref: refs/heads/main\n");

    private static void Run(IWorkspaceView view, params string[] command)
    {
        string[] all = [.. view.LaunchPrefix, .. command];
        TempTree.Run("/", all[0], all[1..]);
    }

    internal static string Describe(IWorkspaceView view) => string.Join("; ", view.Changes(default).Value.Select(c =>
        $"{c.Change.Word} {c.Change.Path}{(c.Change.After is { } after ? " " + after.Kind.ToString().ToLowerInvariant() : "")}"));
}

public sealed class OverlayViewTests : WorkspaceViewContract
{
    protected override string Kind => "overlay";

    internal override IWorkspaceView Create(string workspace, string scratch) => WorkspaceViews.Create(workspace, scratch).Value;

    [Fact]
    public void This_machine_is_given_an_overlay()
    {
        using var tree = new TempTree();
        using var scratch = new TempTree();
        using var view = Create(tree.Root, scratch["view"]);
        Assert.Equal("overlay", view.Kind);
    }
}

public sealed class UserNamespaceOverlayViewTests : WorkspaceViewContract
{
    protected override string Kind => "overlay";

    internal override IWorkspaceView Create(string workspace, string scratch)
    {
        Directory.CreateDirectory(scratch);
        return OverlayView.Prepare(new OverlayMode(InUserNamespace: true), workspace, scratch);
    }
}

public sealed class CopyViewTests : WorkspaceViewContract
{
    protected override string Kind => "copy";

    internal override IWorkspaceView Create(string workspace, string scratch)
    {
        Directory.CreateDirectory(scratch);
        return CopyView.Prepare(workspace, scratch).Value;
    }
}

public sealed class WorkspaceViewChoiceTests
{
    [Theory]
    [InlineData("inner")]
    [InlineData("")]
    public void A_scratch_directory_inside_the_workspace_is_refused(string inner)
    {
        using var tree = new TempTree();
        Assert.Equal(ProblemCode.InvalidArgument, WorkspaceViews.Create(tree.Root, tree[inner]).Problem?.Code);
    }

    [Fact]
    public void An_engine_cannot_forge_the_overlay_marks_of_the_other_mode()
    {
        using var tree = new TempTree();
        using var scratch = new TempTree();
        tree.File("dir/keep", "k");
        using var view = WorkspaceViews.Create(tree.Root, scratch["view"]).Value;
        const string forge = """
            import os, sys
            for name in ('user.overlay.opaque', 'user.overlay.whiteout', 'trusted.overlay.opaque'):
                try: os.setxattr(sys.argv[1] + '/dir', name, b'y')
                except OSError: pass
            """;
        TempTree.Run("/", view.LaunchPrefix[0], [.. view.LaunchPrefix.Skip(1), "/usr/bin/setpriv", "--bounding-set=-all", "--inh-caps=-all", "/usr/bin/python3", "-c", forge, view.Root]);
        Assert.Equal("", WorkspaceViewContract.Describe(view));
    }

    [Fact]
    public void A_workspace_of_somebody_else_is_copied_so_that_the_engine_may_write()
    {
        using var tree = new TempTree();
        using var scratch = new TempTree();
        tree.File("a", "a");
        if (FileCalls.EffectiveUser == 0)
        {
            TempTree.Run("/", "chown", "-R", "65534:65534", tree.Root);
            using var view = WorkspaceViews.Create(tree.Root, scratch["view"]).Value;
            Assert.Equal("copy", view.Kind);
        }
        else
        {
            using var view = WorkspaceViews.Create("/usr/share/doc/bash", scratch["view"]).Value;
            Assert.Equal("copy", view.Kind);
        }
    }
}
