// A workspace with files of other owners gets the copying view: an overlay could not copy them up for an engine without privileges.
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Orchestrator.Workspaces;

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
    public void One_foreign_file_deep_inside_is_enough_for_a_copy()
    {
        using var tree = new TempTree().File("deep/er/file.txt", "x");
        // Only root can give a file away; an ordinary user has a tree of somebody else's at hand.
        if (FileCalls.EffectiveUser == 0) tree.Bash("chown 65534:65534 deep/er/file.txt");
        var foreign = FileCalls.EffectiveUser == 0 ? tree.Root : "/etc/default";
        using (var root = DirectoryHandle.Open(foreign)) Assert.False(Ownership.IsAllOurs(root));

        using var scratch = new TempTree();
        Assert.True(WorkspaceViews.Create(foreign, scratch["view"]).Try(out var view, out _));
        using (view) Assert.Equal("copy", view.Kind);
    }
}
