// From bubblewrap's complaint, the kernel's switches and two trials to the cause, and to what a person must type.
// The first finding is the cause that explains the most; what could not be explained says so, with bubblewrap's own words.
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Sandbox;

internal static class Diagnosis
{
    private const string Allowed = "or allow the reduced isolation (`--reduced-isolation`), or none (`--unsandboxed`); both are recorded";

    public static ProbeFinding NoBubblewrap(HostFacts facts) => new("bubblewrap", false, "The program bwrap was not found.", $"Install bubblewrap: {facts.Install("bubblewrap")}.");

    public static IEnumerable<ProbeFinding> Of(Problem problem, HostFacts facts)
    {
        var words = problem.Evidence.GetValueOrDefault("bubblewrap", problem.Message);
        if (TooOld(words, facts) is { } old) yield return old;
        else
        {
            var causes = Namespaces(words, facts).ToList();
            if (causes.Count == 0 && words.Contains("mount proc", StringComparison.OrdinalIgnoreCase)) causes.Add(MaskedProc(words, facts));
            if (causes.Count == 0) causes.AddRange(Mounts(facts));
            foreach (var cause in causes) yield return cause;
        }
        yield return new("isolation", false, $"A trial run failed: {problem.Message}", $"Mend what is named here, {Allowed}.");
    }

    private static ProbeFinding? TooOld(string words, HostFacts facts)
    {
        const string unknown = "Unknown option ";
        var at = words.IndexOf(unknown, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? null : new("bubblewrap version", false, $"bubblewrap is too old: it does not know {words[(at + unknown.Length)..].Split(' ', 2)[0].Trim('.', ',', '\'')}.",
            $"Install bubblewrap 0.8 or newer: {facts.Install("bubblewrap")}, from a newer release of your distribution if need be.");
    }

    /// <summary>Why no user namespace can be made, or be used once it is made.</summary>
    private static IEnumerable<ProbeFinding> Namespaces(string words, HostFacts facts)
    {
        const string name = "user namespaces";
        if (!facts.Exists("/proc/self/ns/user"))
        {
            yield return new(name, false, "The kernel was built without user namespaces.", $"Boot a kernel with CONFIG_USER_NS, {Allowed}.");
            yield break;
        }
        var (exit, said) = facts.TryUserNamespace();
        var restricted = !facts.IsRoot && facts.Text("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1";
        if (exit == 0 && !restricted) yield break;
        var before = 0;
        if (!facts.IsRoot && facts.Text("/proc/sys/kernel/unprivileged_userns_clone") == "0")
        {
            before++;
            yield return new(name, false, "The kernel forbids user namespaces to ordinary users (kernel.unprivileged_userns_clone=0).",
                "`sudo sysctl -w kernel.unprivileged_userns_clone=1`, and the same line in /etc/sysctl.d/ to keep it.");
        }
        if (facts.Text("/proc/sys/user/max_user_namespaces") == "0")
        {
            before++;
            yield return new(name, false, "The kernel allows no user namespaces at all (user.max_user_namespaces=0).", "`sudo sysctl -w user.max_user_namespaces=15000`, and the same line in /etc/sysctl.d/ to keep it.");
        }
        else if (exit != 0 && said.Contains("No space left", StringComparison.OrdinalIgnoreCase))
        {
            before++;
            yield return new(name, false, "No further user namespace can be made: the limit is used up, or they are nested too deep.",
                $"Raise `user.max_user_namespaces` (now {facts.Text("/proc/sys/user/max_user_namespaces") ?? "unknown"}), here and in the namespace around this one.");
        }
        if (restricted && (exit != 0 || Denied(words))) 
        {
            before++;
            var profile = facts.Exists("/etc/apparmor.d/bwrap-userns-restrict") ? "/etc/apparmor.d/bwrap-userns-restrict" : facts.Exists("/etc/apparmor.d/bwrap") ? "/etc/apparmor.d/bwrap" : null;
            yield return new("AppArmor", false, "AppArmor restricts user namespaces (Ubuntu 24.04 and newer: kernel.apparmor_restrict_unprivileged_userns=1).", profile is not null
                ? $"A profile for bubblewrap is here; load it: `sudo apparmor_parser -r {profile}`."
                : "Write a profile for bubblewrap and load it: `printf 'abi <abi/4.0>,\\ninclude <tunables/global>\\nprofile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }\\n' | sudo tee /etc/apparmor.d/bwrap && sudo apparmor_parser -r /etc/apparmor.d/bwrap`; "
                    + "or `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`.");
        }
        if (before == 0 && exit != 0) yield return Filter(facts, "clone and unshare (new namespaces)", said);
    }

    private static IEnumerable<ProbeFinding> Mounts(HostFacts facts)
    {
        var (exit, said) = facts.TryMount();
        if (exit != 0) yield return Filter(facts, "mount", said);
    }

    /// <summary>Something between us and the kernel says no: a filter, a profile, or it cannot be seen what.</summary>
    private static ProbeFinding Filter(HostFacts facts, string calls, string said)
    {
        if (facts.IsFiltered)
            return new("system call filter", false, $"The system call filter around this process denies {calls}: {said}.", facts.Surroundings switch
            {
                Surroundings.Docker => "Start the container with `--security-opt seccomp=unconfined`, or with a profile that also allows clone, clone3, unshare, setns, mount, umount2 and pivot_root. `--privileged` works too, but gives the container the whole machine.",
                Surroundings.Podman => "Start the container with `--security-opt seccomp=unconfined`, or with a profile that also allows unshare, setns, mount, umount2 and pivot_root.",
                Surroundings.Kubernetes => "In the pod: `securityContext: { seccompProfile: { type: Unconfined } }`, or a Localhost profile that also allows clone, clone3, unshare, setns, mount, umount2 and pivot_root.",
                _ => $"Take the filter away from this service or container (systemd: `RestrictNamespaces=no`, `SystemCallFilter=`), {Allowed}.",
            });
        if (facts.Profile is { } profile)
            return new("AppArmor", false, $"The AppArmor profile '{profile}' around this process denies {calls}: {said}.", facts.Surroundings switch
            {
                Surroundings.Kubernetes => "In the pod: `securityContext: { appArmorProfile: { type: Unconfined } }`.",
                Surroundings.Docker or Surroundings.Podman => "Start the container with `--security-opt apparmor=unconfined`.",
                _ => $"Allow them in that profile, {Allowed}.",
            });
        return new("namespaces", false, $"{calls} is denied, and neither a switch, a filter nor a profile that can be seen from here tells why: {said}.", $"In a chroot, leave it; under SELinux, look at `ausearch -m avc`; {Allowed}.");
    }

    private static ProbeFinding MaskedProc(string words, HostFacts facts)
    {
        var masks = facts.Masks;
        return new("container", false, $"No new /proc can be mounted: {(masks.Count == 0 ? words : $"this one is masked ({string.Join(", ", masks.Take(4))}{(masks.Count > 4 ? ", ..." : "")})")}.", facts.Surroundings switch
        {
            Surroundings.Docker => "Start the container with `--security-opt systempaths=unconfined`.",
            Surroundings.Podman => "Start the container with `--security-opt unmask=ALL`.",
            Surroundings.Kubernetes => "In the pod: `hostUsers: false`, and in the container `securityContext: { procMount: Unmasked }`.",
            _ => $"Take away what is mounted below /proc, {Allowed}.",
        });
    }

    private static bool Denied(string words) => words.Contains("denied", StringComparison.OrdinalIgnoreCase) || words.Contains("not permitted", StringComparison.OrdinalIgnoreCase);
}
