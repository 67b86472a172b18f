// Where a take-off's view is laid: on the first file system that can hold an overlay's upper layer, in memory only with room for all, on another overlay never.
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Spec;

[Clause("ENG-09")]
public sealed class ScratchPlaceTests : IDisposable
{
    private const long Ext4 = 0xEF53, Tmpfs = 0x01021994, Overlay = 0x794C7630, Nfs = 0x6969;
    private readonly TempTree tree = new();

    public void Dispose() => tree.Dispose();

    private Outcome<ScratchPlace> Choose(long workspaceBytes, params (string Name, FileSystem FileSystem)[] places)
    {
        foreach (var (name, _) in places) Directory.CreateDirectory(tree[name]);
        return ScratchPlace.Choose([.. places.Select(p => tree[p.Name])], path => places.First(p => tree[p.Name] == path).FileSystem, new Lazy<long>(() => workspaceBytes));
    }

    private static FileSystem On(long type, long freeBytes = long.MaxValue, bool noExec = false, bool readOnly = false) => new(type, freeBytes, noExec, readOnly);

    [Fact]
    public void the_order_is_the_user_s_word_then_disk_then_memory()
    {
        Assert.Equal(["/mine", "/var/tmp", "/t", "/tmp", "/run/user/1"], ScratchPlace.Candidates(n => n switch { "CABINCREW_SCRATCH" => "/mine", "TMPDIR" => "/t", "XDG_RUNTIME_DIR" => "/run/user/1", _ => null }));
        Assert.Equal(["/var/tmp", "/tmp"], ScratchPlace.Candidates(n => n == "TMPDIR" ? "relative" : null));
    }

    [Fact]
    public void the_first_that_can_hold_an_upper_layer_is_taken()
    {
        var place = Choose(0, ("a", On(Overlay)), ("b", On(Nfs)), ("c", On(Ext4)), ("d", On(Ext4))).Value;
        Assert.Equal((tree["c"], true, 2), (place.Path, place.HoldsOverlay, place.Passed.Count));
        Assert.Contains("overlayfs", place.Passed[0], StringComparison.Ordinal);
    }

    [Fact]
    public void where_none_can_the_first_with_room_holds_a_copy()
    {
        var place = Choose(0, ("a", On(Ext4, readOnly: true)), ("b", On(Ext4, noExec: true)), ("c", On(Overlay)), ("d", On(Nfs))).Value;
        Assert.Equal((tree["c"], false), (place.Path, place.HoldsOverlay));
    }

    [Theory]
    [InlineData(1L << 30, 900L << 20, true)]
    [InlineData(1L << 30, 1000L << 20, false)]
    public void memory_is_a_place_only_with_room_for_the_whole_workspace(long free, long workspace, bool taken)
    {
        var place = Choose(workspace, ("a", On(Tmpfs, free)), ("b", On(Ext4))).Value;
        Assert.Equal(tree[taken ? "a" : "b"], place.Path);
    }

    [Fact]
    public void no_place_at_all_is_refused_with_every_reason()
    {
        var problem = Choose(1L << 40, ("a", On(Tmpfs, 1 << 20)), ("b", On(Ext4, readOnly: true))).Problem!;
        Assert.Contains("in memory", problem.Message, StringComparison.Ordinal);
        Assert.Contains("read-only", problem.Message, StringComparison.Ordinal);
        Assert.Contains(ScratchPlace.Variable, problem.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void the_kernel_is_asked_what_is_there()
    {
        Assert.Equal("tmpfs", FileSystem.Of("/dev/shm")?.Name);
        Assert.True(FileSystem.Of("/dev/shm")!.Value.IsInMemory);
        Assert.Null(FileSystem.Of("/nowhere/at/all"));
        Assert.True(FileSystem.Of(Path.GetTempPath())!.Value.FreeBytes > 0);
    }
}
