// From bubblewrap's complaint and the kernel's switches to what a person must type.
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Sandbox;

internal static class Diagnosis
{
    public static IEnumerable<ProbeFinding> Of(Problem problem)
    {
        var words = problem.Evidence.GetValueOrDefault("bubblewrap", problem.Message);
        if (words.Contains("Unknown option", StringComparison.Ordinal))
            yield return new("bubblewrap version", false, $"bubblewrap is too old: {words}.", "Install bubblewrap 0.7 or newer.");
        if (Switch("/proc/sys/kernel/unprivileged_userns_clone") == "0")
            yield return new("user namespaces", false, "The kernel forbids user namespaces to ordinary users.", "sudo sysctl -w kernel.unprivileged_userns_clone=1");
        if (Switch("/proc/sys/user/max_user_namespaces") == "0")
            yield return new("user namespaces", false, "The kernel allows no user namespaces at all.", "sudo sysctl -w user.max_user_namespaces=15000");
        if (Switch("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1")
            yield return new("AppArmor", false, "AppArmor restricts user namespaces (Ubuntu 24.04 and newer).",
                "Allow bubblewrap: write `abi <abi/4.0>, profile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }` (with `include <tunables/global>` before it) to /etc/apparmor.d/bwrap and run `sudo apparmor_parser -r /etc/apparmor.d/bwrap`; "
                + "or `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`.");
        if (InContainer && words.Contains("mount proc", StringComparison.OrdinalIgnoreCase))
            yield return new("container", false, $"The container masks /proc, so no new one can be mounted: {words}.", "Start the container with `--security-opt systempaths=unconfined` (Docker) or `--security-opt unmask=ALL` (Podman).");
        else if (InContainer && words.Contains("not permitted", StringComparison.OrdinalIgnoreCase))
            yield return new("container", false, $"The container's own filter forbids namespaces: {words}.",
                "Start the container with `--security-opt seccomp=unconfined --security-opt apparmor=unconfined`, or run on a virtual machine.");
        yield return new("isolation", false, $"A trial run failed: {problem.Message}", "Mend what is named here, or accept the risk with `--unsandboxed` (it is recorded).");
    }

    public static ProbeFinding ControlGroups()
    {
        using var group = ControlGroup.TryCreate(EngineLimits.Default);
        return group is not null
            ? new("control groups", true, "A run's tasks and memory are capped by the kernel.")
            : new("control groups", true, "None can be made here: memory and tasks are watched every 100 ms and limited per process.");
    }

    private static bool InContainer => File.Exists("/.dockerenv") || File.Exists("/run/.containerenv");

    private static string? Switch(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
