// What this machine can and cannot do, each thing by trying it: the whole of what `cabincrew doctor` tells.
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Engines.Reduced;
using CabinCrew.Orchestrator.Engines.Sandbox;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows;

public static class Machine
{
    /// <summary>Isolation decides whether flights can go at all; the rest only says what is slower, weaker or absent.</summary>
    public static async Task<ProbeReport> ExamineAsync(CancellationToken ct)
    {
        var facts = new HostFacts();
        var sandbox = await SandboxProbe.RunAsync(ct).ConfigureAwait(false);
        return sandbox with
        {
            Findings =
            [
                .. sandbox.Findings, await ReducedAsync(facts, ct).ConfigureAwait(false), ControlGroupFinding.Look(facts), Scratch(), View(facts), .. Temporary(facts),
                await GitAsync(facts, ct).ConfigureAwait(false), Clock(facts, TimeProvider.System.GetUtcNow(), KernelClock.IsHeld()),
            ],
        };
    }

    private static async Task<ProbeFinding> ReducedAsync(HostFacts facts, CancellationToken ct)
    {
        const string name = "reduced isolation";
        if (await ReducedProbe.RunAsync(ct).ConfigureAwait(false) is not { } problem)
            return new(name, true, $"Landlock ABI {Landlock.Abi(out _)} and a system call filter held an engine: what `--reduced-isolation` falls back to.");
        var modules = facts.Text("/sys/kernel/security/lsm");
        return new(name, true, $"Not to be had: {problem.Message}", Landlock.Abi(out _) == 0 && modules is not null && !modules.Contains("landlock", StringComparison.Ordinal)
            ? $"Boot with `lsm=landlock,{modules}`." : problem.Remedy ?? "Needed only where the full isolation cannot be had.");
    }

    private static ProbeFinding Scratch()
    {
        const string name = "scratch";
        if (!ScratchPlace.Choose(null).Try(out var place, out var problem)) return new(name, true, problem.Message, problem.Remedy);
        var text = $"{place.Path} on {place.FileSystem.Name}, {place.FileSystem.FreeBytes >> 20} MiB free";
        if (place.Passed.Count > 0) text += $"; passed over: {string.Join("; ", place.Passed)}";
        return place.HoldsOverlay ? new(name, true, text + ".") : new(name, true, text + "; take-off copies the workspace.", $"Name a directory on a disk: `export {ScratchPlace.Variable}=/path`.");
    }

    private static ProbeFinding View(HostFacts facts)
    {
        const string name = "take-off view";
        try
        {
            using var scratch = PrivateDirectory.Create(new RandomIds());
            var workspace = Directory.CreateDirectory(Path.Combine(scratch.Path, "workspace")).FullName;
            var trial = Directory.CreateDirectory(Path.Combine(scratch.Path, "view")).FullName;
            if (WorkspaceViews.OverlayRefusal(workspace, trial) is not { } why) return new(name, true, "Copy-on-write by an overlay mount: fast, whatever the workspace's size.");
            var known = facts.Text("/proc/filesystems")?.Contains("overlay", StringComparison.Ordinal) ?? true;
            return new(name, true, $"By copying the workspace: works, and takes longer the larger it is. No overlay mount is to be had: {(known ? why : "the kernel has no overlayfs loaded")}.",
                known ? "Nothing need be done; for large workspaces, allow mounts in user namespaces, or a scratch directory on ext4, xfs or btrfs." : "`sudo modprobe overlay`");
        }
        catch (IOException e)
        {
            return new(name, false, e.Message, $"Name a directory on a disk: `export {ScratchPlace.Variable}=/path`.");
        }
    }

    internal static IEnumerable<ProbeFinding> Temporary(HostFacts facts) =>
        from path in (string[])["/tmp", "/var/tmp"]
        where facts.MountOf(path)?.Options.Contains("noexec") == true
        select new ProbeFinding(path, true, $"{path} is mounted noexec: no program there can be started, so scratch is laid elsewhere, and engines without the full isolation cannot run what they put into their temp.",
            $"`sudo mount -o remount,exec {facts.MountOf(path)!.Path}`, or set TMPDIR and {ScratchPlace.Variable} to directories elsewhere.");

    private static async Task<ProbeFinding> GitAsync(HostFacts facts, CancellationToken ct)
    {
        var version = await HostGit.RunAsync(Path.GetTempPath(), ["--version"], ct).ConfigureAwait(false);
        return version.Try(out var text, out var problem)
            ? new("git", true, text.Trim())
            : new("git", true, $"{problem.Message}: the git engine and the demo need it.", $"Install git: {facts.Install("git")}.");
    }

    /// <param name="held">Whether a time source holds it; null: nobody says.</param>
    internal static ProbeFinding Clock(HostFacts facts, DateTimeOffset now, bool? held)
    {
        // Younger than the program itself: a machine that woke up without its battery.
        if (now.Year < 2025) return new("clock", false, $"The clock says {now:yyyy-MM-dd}: approvals, leases and the audit log go by it.", "Set it: `sudo timedatectl set-ntp true`, or `sudo date -s ...`.");
        return held is not false
            ? new("clock", true, held is null ? "Nobody tells whether a time source holds it." : "Held by a time source.")
            : new("clock", true, "No time source holds it: the audit log's times and the expiry of approvals are as good as this clock.",
                facts.Surroundings is Surroundings.Machine ? "`sudo timedatectl set-ntp true`, or run chrony." : "Synchronize the machine that this container runs on.");
    }
}
