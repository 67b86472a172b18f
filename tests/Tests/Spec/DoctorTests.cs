// What `cabincrew doctor` says to each failure that people meet: the cause found by looking, and the remedy to type. The machine is made up: a root of files, and the answers of two trials.
using CabinCrew.Orchestrator.Engines.Sandbox;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Spec;

[Clause("ENG-06")]
public sealed class DoctorTests : IDisposable
{
    private readonly TempTree tree = new();

    public void Dispose() => tree.Dispose();

    private const string Denied = "unshare: unshare failed: Operation not permitted";

    /// <summary>A machine where all is well, but for what is written over it.</summary>
    private HostFacts Host(bool isRoot, (int, string) userNamespace, (int, string) mount, params IEnumerable<(string Path, string Text)> files)
    {
        foreach (var (path, text) in new[]
        {
            ("proc/self/ns/user", ""), ("proc/sys/user/max_user_namespaces", "15000\n"), ("proc/self/status", "Name:\tcabincrew\nSeccomp:\t0\n"), ("etc/os-release", "ID=debian\n"),
            ("proc/self/mountinfo", "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n23 22 0:20 / /proc rw,nosuid - proc proc rw\n"),
        }.Concat(files)) tree.File(path, text);
        return new(tree.Root, command => command.Contains("--mount") ? mount : userNamespace, isRoot);
    }

    private static Problem Bubblewrap(string words) => new Problem(ProblemCode.SandboxFailed, $"The sandbox could not be set up: {words}.").With("bubblewrap", words);

    private static void Tells(IEnumerable<ProbeFinding> findings, string name, string detail, string remedy)
    {
        var all = findings.ToList();
        Assert.All(all, f => Assert.False(f.Ok));
        Assert.Equal(name, all[0].Name);
        Assert.Contains(detail, all[0].Detail, StringComparison.Ordinal);
        Assert.Contains(remedy, all[0].Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ID=debian\n", "sudo apt-get install bubblewrap")]
    [InlineData("ID=ubuntu\nID_LIKE=debian\n", "sudo apt-get install bubblewrap")]
    [InlineData("NAME=x\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "sudo dnf install bubblewrap")]
    [InlineData("ID=alpine\n", "apk add bubblewrap")]
    [InlineData("ID=arch\n", "sudo pacman -S bubblewrap")]
    [InlineData("ID=opensuse-leap\nID_LIKE=\"suse opensuse\"\n", "sudo zypper install bubblewrap")]
    [InlineData("ID=something\n", "bubblewrap")]
    public void no_bubblewrap(string release, string remedy) =>
        Tells([Diagnosis.NoBubblewrap(Host(false, (0, ""), (0, ""), ("etc/os-release", release)))], "bubblewrap", "was not found", remedy);

    [Fact]
    public void a_bubblewrap_that_is_too_old_and_which_option_it_lacks() => Tells(
        Diagnosis.Of(Bubblewrap("bwrap: Unknown option --disable-userns"), Host(false, (0, ""), (0, ""))), "bubblewrap version", "does not know --disable-userns", "apt-get install bubblewrap");

    [Fact]
    public void user_namespaces_forbidden_to_ordinary_users() => Tells(
        Diagnosis.Of(Bubblewrap("bwrap: No permissions to create new namespace"), Host(false, (1, Denied), (1, Denied), ("proc/sys/kernel/unprivileged_userns_clone", "0\n"))),
        "user namespaces", "kernel.unprivileged_userns_clone=0", "sudo sysctl -w kernel.unprivileged_userns_clone=1");

    [Fact]
    public void a_switch_that_is_off_is_not_blamed_on_root() => Tells(
        Diagnosis.Of(Bubblewrap("bwrap: Can't mount proc on /newroot/proc: Operation not permitted"),
            Host(true, (0, ""), (0, ""), ("proc/sys/kernel/unprivileged_userns_clone", "0\n"), ("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n"))),
        "container", "No new /proc can be mounted", "--unsandboxed");

    [Theory]
    [InlineData("0\n", "allows no user namespaces at all", "sudo sysctl -w user.max_user_namespaces=15000")]
    [InlineData("7\n", "limit is used up", "(now 7)")]
    public void the_number_of_user_namespaces(string max, string detail, string remedy) => Tells(
        Diagnosis.Of(Bubblewrap("bwrap: Creating new namespace failed: No space left on device"), Host(false, (1, "unshare: unshare failed: No space left on device"), (1, ""), ("proc/sys/user/max_user_namespaces", max))),
        "user namespaces", detail, remedy);

    [Fact]
    public void a_kernel_without_user_namespaces()
    {
        var host = Host(false, (1, "unshare: unshare failed: Invalid argument"), (1, ""));
        File.Delete(tree["proc/self/ns/user"]);
        Tells(Diagnosis.Of(Bubblewrap("bwrap: Creating new namespace failed: Invalid argument"), host), "user namespaces", "built without", "CONFIG_USER_NS");
    }

    [Theory]
    [InlineData(null, "sudo tee /etc/apparmor.d/bwrap")]
    [InlineData("etc/apparmor.d/bwrap-userns-restrict", "sudo apparmor_parser -r /etc/apparmor.d/bwrap-userns-restrict")]
    public void apparmor_on_ubuntu(string? profile, string remedy)
    {
        // There the namespace itself can be made; it is worth nothing.
        if (profile is not null) tree.File(profile, "profile");
        Tells(Diagnosis.Of(Bubblewrap("bwrap: setting up uid map: Permission denied"), Host(false, (0, ""), (1, ""), ("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n"))),
            "AppArmor", "kernel.apparmor_restrict_unprivileged_userns=1", remedy);
    }

    [Theory]
    [InlineData(".dockerenv", "--security-opt systempaths=unconfined")]
    [InlineData("run/.containerenv", "--security-opt unmask=ALL")]
    [InlineData("var/run/secrets/kubernetes.io/serviceaccount/token", "procMount: Unmasked")]
    public void a_masked_proc(string mark, string remedy) => Tells(
        Diagnosis.Of(Bubblewrap("bwrap: Can't mount proc on /newroot/proc: Operation not permitted"), Host(true, (0, ""), (0, ""), (mark, ""),
            ("proc/self/mountinfo", "22 1 0:1 / / rw - overlay overlay rw\n23 22 0:20 / /proc rw - proc proc rw\n24 23 0:20 /bus /proc/bus ro - proc proc rw\n25 23 0:5 /null /proc/kcore rw - tmpfs tmpfs rw\n"))),
        "container", "masked (/proc/bus, /proc/kcore)", remedy);

    [Theory]
    [InlineData(".dockerenv", "--security-opt seccomp=unconfined")]
    [InlineData("run/.containerenv", "--security-opt seccomp=unconfined")]
    [InlineData("var/run/secrets/kubernetes.io/serviceaccount/token", "seccompProfile: { type: Unconfined }")]
    [InlineData("etc/nothing", "RestrictNamespaces=no")]
    public void a_filter_that_denies_namespaces(string mark, string remedy) => Tells(
        Diagnosis.Of(Bubblewrap("bwrap: No permissions to create new namespace"), Host(true, (1, Denied), (1, Denied), (mark, ""), ("proc/self/status", "Seccomp:\t2\n"))),
        "system call filter", "denies clone and unshare", remedy);

    [Fact]
    public void a_filter_that_denies_mounts() => Tells(
        Diagnosis.Of(Bubblewrap("bwrap: Failed to make / slave: Operation not permitted"), Host(true, (0, ""), (1, "mount: permission denied"), (".dockerenv", ""), ("proc/self/status", "Seccomp:\t2\n"))),
        "system call filter", "denies mount", "--privileged");

    [Theory]
    [InlineData(".dockerenv", "--security-opt apparmor=unconfined")]
    [InlineData("var/run/secrets/kubernetes.io/serviceaccount/token", "appArmorProfile: { type: Unconfined }")]
    public void a_profile_of_the_container_s_that_denies_mounts(string mark, string remedy) => Tells(
        Diagnosis.Of(Bubblewrap("bwrap: Failed to make / slave: Permission denied"), Host(true, (0, ""), (1, "mount: permission denied"), (mark, ""), ("proc/self/attr/current", "docker-default (enforce)\n"))),
        "AppArmor", "'docker-default (enforce)'", remedy);

    [Fact]
    public void what_nobody_can_explain_keeps_bubblewrap_s_own_words()
    {
        var findings = Diagnosis.Of(Bubblewrap("bwrap: something new"), Host(false, (0, ""), (0, ""))).ToList();
        Assert.Equal("isolation", Assert.Single(findings).Name);
        Assert.Contains("bwrap: something new", findings[0].Detail, StringComparison.Ordinal);
        Assert.Contains("--reduced-isolation", findings[0].Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("22 1 8:1 / / rw - ext4 a rw\n", "", "no control groups are mounted", "mount -t cgroup2")]
    [InlineData("22 1 8:1 / / rw - ext4 a rw\n30 22 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw\n", "0::/\n", "mounted read-only", "remount,rw")]
    [InlineData("22 1 8:1 / / rw - ext4 a rw\n30 22 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup rw\n", "0::/user.slice\n", "memory and pids are not handed down to /user.slice", "Delegate=yes")]
    public void no_control_group(string mounts, string groups, string why, string remedy)
    {
        var (cause, mend) = ControlGroupFinding.Cause(Host(false, (0, ""), (0, ""), ("proc/self/mountinfo", mounts), ("proc/self/cgroup", groups)));
        Assert.Contains(why, cause, StringComparison.Ordinal);
        Assert.Contains(remedy, mend, StringComparison.Ordinal);
    }

    [Fact]
    public void a_group_that_is_another_s()
    {
        var host = Host(false, (0, ""), (0, ""), ("proc/self/mountinfo", "30 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n"), ("proc/self/cgroup", "0::/a\n"), ("sys/fs/cgroup/a/cgroup.controllers", "cpu memory pids\n"));
        Assert.Equal("/a is not delegated to this user", ControlGroupFinding.Cause(host).Why);
    }

    [Fact]
    public void a_temporary_directory_where_nothing_can_be_started()
    {
        var host = Host(false, (0, ""), (0, ""), ("proc/self/mountinfo", "22 1 8:1 / / rw - ext4 a rw\n30 22 0:26 / /tmp rw,noexec - tmpfs tmpfs rw\n"));
        var finding = Assert.Single(Machine.Temporary(host));
        Assert.Equal(("/tmp", "note"), (finding.Name, finding.Level));
        Assert.Contains("remount,exec /tmp", finding.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void a_clock_that_woke_up_without_its_battery_and_one_that_nobody_holds()
    {
        var host = Host(false, (0, ""), (0, ""));
        Assert.Equal("fail", Machine.Clock(host, DateTimeOffset.UnixEpoch, true).Level);
        Assert.Equal("note", Machine.Clock(host, new(2027, 1, 1, 0, 0, 0, default), false).Level);
        Assert.Equal("ok", Machine.Clock(host, new(2027, 1, 1, 0, 0, 0, default), true).Level);
    }

    [Fact]
    public async Task a_program_that_is_no_bubblewrap_is_told_with_what_it_said()
    {
        var program = tree.File("bwrap", "#!/bin/sh\necho \"bwrap: Unknown option $1\" >&2\nexit 1\n", executable: true)["bwrap"];
        var report = await SandboxProbe.FindOutAsync(program, Host(false, (0, ""), (0, "")));
        Assert.False(report.Ok);
        Assert.Contains("does not know --unshare-user", report.Problem!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_bubblewrap_that_is_setuid_root_is_noted()
    {
        var program = tree.File("bwrap", "#!/bin/sh\nexit 1\n", executable: true)["bwrap"];
        File.SetUnixFileMode(program, File.GetUnixFileMode(program) | UnixFileMode.SetUser);
        var report = await SandboxProbe.FindOutAsync(program, Host(false, (0, ""), (0, "")));
        Assert.Contains(report.Findings, f => f is { Name: "bubblewrap", Level: "note" } && f.Remedy!.Contains($"chmod u-s {program}", StringComparison.Ordinal));
    }
}
