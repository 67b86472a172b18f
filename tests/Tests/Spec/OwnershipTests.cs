// A workspace with files of other owners gets the copying view: an overlay could not copy them up for an engine without privileges.
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Spec;

[Clause("ENG-09")]
public sealed class OwnershipTests
{
    [Fact]
    public void A_tree_that_we_made_is_ours()
    {
        using var tree = new TempTree().File("deep/er/file.txt", "x");
        using var root = DirectoryHandle.Open(tree.Root);
        Assert.True(Ownership.IsAllOurs(root));
    }

    [Fact]
    public void The_inside_of_git_is_looked_at_apart()
    {
        using var tree = new TempTree().File("file.txt", "x");
        tree.Bash("git init -q . && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m one");
        Assert.True(Ownership.IsGitAllOurs(tree.Root));
        if (FileCalls.EffectiveUser != 0) return;
        tree.Bash("chown 65534:65534 .git/HEAD");
        Assert.True(WorkspaceHasher.Hash(tree.Root, default).Value.AllOurs);
        Assert.False(Ownership.IsGitAllOurs(tree.Root));
    }

    [Fact]
    public void One_foreign_file_deep_inside_is_enough_for_a_copy()
    {
        using var tree = new TempTree().File("deep/er/file.txt", "x");
        // Only root can give a file away; an ordinary user has a tree of somebody else's at hand.
        if (FileCalls.EffectiveUser == 0) tree.Bash("chown 65534:65534 deep/er/file.txt");
        var foreign = FileCalls.EffectiveUser == 0 ? tree.Root : "/etc/default";
        using (var root = DirectoryHandle.Open(foreign)) Assert.False(Ownership.IsAllOurs(root));
        Assert.False(WorkspaceHasher.Hash(foreign, default).Value.AllOurs);

        using var scratch = new TempTree();
        Assert.True(WorkspaceViews.Create(foreign, scratch["view"]).Try(out var view, out _));
        using (view) Assert.Equal("copy", view.Kind);
    }

    [Theory, InlineData("chown 65534:65534 workspace/dir/b.txt"), InlineData("git init -q workspace && chown 65534:65534 workspace/.git/HEAD"), InlineData("true")]
    public async Task A_take_off_finds_it_while_it_looks_and_flies_on_a_copy(string prepare)
    {
        // Only root can give a file away.
        var foreign = FileCalls.EffectiveUser == 0 && prepare != "true";
        await using var house = await FlightHouse.OpenAsync();
        if (foreign) house.Bash(prepare);
        var report = await house.FlyScriptAsync("propose dir/b.txt TWO");
        Assert.Null(report.Problem);
        Assert.Equal("TWO\n", house.Read("workspace/dir/b.txt"));
        var prepared = (await house.AuditAsync()).Last(e => e.EventType == AuditEventTypes.EnvironmentPrepared);
        Assert.Equal(foreign ? "copy" : "overlay", prepared.Extensions?.Data?.GetProperty("view").GetString());
    }
}
