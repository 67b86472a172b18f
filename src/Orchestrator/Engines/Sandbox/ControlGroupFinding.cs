// Whether a run gets a control group here, and if not, why: what is mounted, who owns it, what is handed down.
using CabinCrew.Orchestrator.Workflows;

namespace CabinCrew.Orchestrator.Engines.Sandbox;

internal static class ControlGroupFinding
{
    private const string Name = "control groups", Root = "/sys/fs/cgroup";

    public static ProbeFinding Look(HostFacts facts)
    {
        using (var group = ControlGroup.TryCreate(EngineLimits.Default))
            if (group is not null) return new(Name, true, "A run's tasks and memory are capped by the kernel.");
        var (why, remedy) = Cause(facts);
        return new(Name, true, $"None can be made here ({why}): memory and tasks are watched every 100 ms and limited per process.", remedy);
    }

    internal static (string Why, string Remedy) Cause(HostFacts facts)
    {
        const string delegated = "Start with a group of your own: `systemd-run --user --scope -p Delegate=yes cabincrew ...`.";
        if (facts.MountOf(Root) is not { Path: not "/" } mount || (facts.Text("/proc/self/cgroup") ?? "").Length == 0) return ("no control groups are mounted", "Mount them: `sudo mount -t cgroup2 none /sys/fs/cgroup`.");
        if (mount.Options.Contains("ro"))
            return ("/sys/fs/cgroup is mounted read-only", facts.Surroundings is Surroundings.Machine ? "Mount it writable: `sudo mount -o remount,rw /sys/fs/cgroup`."
                : "Give the container its own groups, writable: `--cgroupns=private -v /sys/fs/cgroup:/sys/fs/cgroup:rw`; or set limits on the container itself.");
        var own = (facts.Text("/proc/self/cgroup") ?? "").Split('\n').FirstOrDefault(l => l.StartsWith("0::", StringComparison.Ordinal))?[3..] ?? "/";
        var handedDown = facts.Text($"{Root}{(own == "/" ? "" : own)}/cgroup.controllers") ?? "";
        return handedDown.Contains("memory", StringComparison.Ordinal) && handedDown.Contains("pids", StringComparison.Ordinal)
            ? ($"{own} is not delegated to this user", delegated)
            : ($"memory and pids are not handed down to {own}", delegated);
    }
}
