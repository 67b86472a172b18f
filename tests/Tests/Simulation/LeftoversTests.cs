// What a killed orchestrator left is cleared away by the next one; what may belong to a living one, or to somebody else, stays (ENG-10).
using System.Diagnostics;
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Orchestrator.Engines.Sandbox;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Tests.Attacks;
using CabinCrew.Tests.Spec;
using Xunit;

namespace CabinCrew.Tests.Simulation;

[Clause("ENG-10")]
public sealed class LeftoversTests : IDisposable
{
    private const ulong Mark = 0x2CUL << 56, Unnumbered = 0xFFFF;
    private readonly TempTree tree = new();

    public void Dispose() => tree.Dispose();

    [Fact]
    public void Scratch_that_nobody_holds_is_removed_with_whatever_a_run_left_in_it()
    {
        var dead = Made("cabincrew-0123456789ab");
        Directory.CreateDirectory(Path.Combine(dead, "run", "deep", "deeper"));
        File.WriteAllText(Path.Combine(dead, "run", "deep", "file"), "left");
        File.CreateSymbolicLink(Path.Combine(dead, "run", "link"), tree.Root);
        File.SetUnixFileMode(Path.Combine(dead, "run", "deep"), UnixFileMode.None);
        Age(dead);

        Leftovers.SweepScratch(tree.Root, TimeProvider.System);

        Assert.False(Directory.Exists(dead));
        Assert.True(Directory.Exists(tree.Root));
    }

    [Fact]
    public void Scratch_that_is_held_is_young_or_is_not_ours_stays()
    {
        var held = Made("cabincrew-hhhhhhhhhhhh");
        var young = Made("cabincrew-yyyyyyyyyyyy");
        var other = Made("cabincrew-run-000000");
        var named = Made("cabincrew-ABCDEFGHIJKL");
        var target = Made("elsewhere");
        File.WriteAllText(Path.Combine(target, "kept"), "kept");
        File.CreateSymbolicLink(Path.Combine(tree.Root, "cabincrew-aaaaaaaaaaaa"), target);
        using var hold = DirectoryHandle.Open(held);
        Assert.True(FileCalls.TryHold(hold.Descriptor));
        foreach (var old in (string[])[held, other, named, target]) Age(old);

        Leftovers.SweepScratch(tree.Root, TimeProvider.System);

        Assert.All((string[])[held, young, other, named, Path.Combine(target, "kept"), Path.Combine(tree.Root, "cabincrew-aaaaaaaaaaaa")], p => Assert.True(Path.Exists(p), p));
    }

    [Fact]
    public void Groups_of_processes_that_are_no_more_are_removed_and_those_of_the_living_stay()
    {
        var dead = Made($"cabincrew-{DeadPid()}-3");
        var busy = Made($"cabincrew-{DeadPid()}-4");
        Directory.CreateDirectory(Path.Combine(busy, "inside"));
        var living = Made($"cabincrew-{Environment.ProcessId}-1");
        var named = Made($"cabincrew-{DeadPid()}-x");
        var young = Made($"cabincrew-{DeadPid()}-5");
        foreach (var old in (string[])[dead, busy, living, named]) Age(old);

        Leftovers.SweepNumbered([tree.Root, tree["not-there"]], TimeProvider.System);

        Assert.False(Directory.Exists(dead));
        Assert.All((string[])[busy, living, named, young], p => Assert.True(Directory.Exists(p), p));
    }

    [Fact]
    public void A_launcher_whose_owner_is_dead_is_ended_and_what_else_its_owner_started_lives_on()
    {
        using var launcher = Sleeper("--hostname", "cabincrew");
        using var daemon = Sleeper();
        using var ours = Sleeper("--hostname", "cabincrew");
        try
        {
            // The first process lives, but did not begin when this one says: a number so low may be put on by an ordinary user too.
            var ownerless = new ProcessBrand(Mark | 1UL << 34 | 0x3FFFFUL << 16 | Unnumbered);
            Assert.True(ownerless.Put(launcher.Id));
            Assert.True(ownerless.Put(daemon.Id));

            ProcessBrand.Sweep();

            Assert.True(launcher.WaitForExit(TimeSpan.FromSeconds(60)));
            Assert.Equal(128 + 9, launcher.ExitCode);
            Assert.False(daemon.HasExited);
            Assert.False(ours.HasExited);
        }
        finally
        {
            foreach (var one in (Process[])[launcher, daemon, ours])
                if (!one.HasExited) one.Kill();
        }
    }

    [Fact]
    public async Task The_half_of_a_launcher_that_stands_in_its_own_namespace_is_ended_too()
    {
        var (living, other) = await InNamespaceAsync(null);
        var (dead, first) = await InNamespaceAsync(new ProcessBrand(Mark | 1UL << 34 | 0x3FFFFUL << 16 | Unnumbered));
        try
        {
            ProcessBrand.Sweep();
            for (var i = 0; i < 600 && Directory.Exists($"/proc/{first}"); i++) await Task.Delay(100);
            Assert.False(Directory.Exists($"/proc/{first}"));
            Assert.True(Directory.Exists($"/proc/{other}"));
        }
        finally
        {
            foreach (var pid in (int[])[first, other])
                if (ProcessTable.IsFirstBelow(pid)) SpawnNative.Kill(pid, 9);
            foreach (var starter in (Process[])[dead, living])
            {
                await starter.WaitForExitAsync();
                starter.Dispose();
            }
        }
    }

    // As bubblewrap does it: one that starts, and one that is the first of a pid namespace; both have its arguments, and the number of their owner.
    private static async Task<(Process Starter, int First)> InNamespaceAsync(ProcessBrand? brand)
    {
        var starter = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "read go; exec unshare \"$@\" 2>/dev/null", "starter", .. AttackProgram.AsRoot ? (string[])[] : ["--user", "--map-root-user"],
            "--pid", "--fork", "--", "/bin/sh", "-c", "while :; do sleep 1; done", "sleeper", "--hostname", "cabincrew", "end"]) { RedirectStandardInput = true })!;
        if (brand is { } number) Assert.True(number.Put(starter.Id));
        await starter.StandardInput.WriteLineAsync("go");
        await starter.StandardInput.FlushAsync();
        // Seen once: whatever else sweeps meanwhile may be quicker than the test.
        for (var i = 0; i < 3_000; i++)
        {
            if (ProcessTable.Tree(starter.Id).Pids.FirstOrDefault(p => ProcessTable.IsFirstBelow(p) && Bubblewrap.IsLauncher(p)) is > 0 and var first) return (starter, first);
            await Task.Delay(20);
        }
        throw new InvalidOperationException("the namespace was not made");
    }

    private static Process Sleeper(params string[] arguments) => Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "while :; do sleep 1; done", "sleeper", .. arguments, "end"]))!;

    private static int DeadPid()
    {
        using var gone = Process.Start(new ProcessStartInfo("/bin/true"))!;
        gone.WaitForExit();
        return gone.Id;
    }

    private string Made(string name) => Directory.CreateDirectory(tree[name]).FullName;

    private static void Age(string directory) => Directory.SetLastWriteTimeUtc(directory, TimeProvider.System.GetUtcNow().UtcDateTime - TimeSpan.FromMinutes(2));
}
