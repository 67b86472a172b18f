// The sandbox's command line, word by word: a change to what an engine may see or do shows up here first.
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Engines.Sandbox;
using CabinCrew.Orchestrator.Engines.Servers;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Golden;

public sealed class BubblewrapArgumentsTests
{
    private static readonly HostLayout Host = new([("bin", "usr/bin"), ("lib64", "usr/lib64")], ["/usr", "/etc/ssl/certs"], ["/etc/resolv.conf"]);

    private static readonly EngineRun Plan = new()
    {
        Engine = new("./hello.sh", Digest.Of("x"u8), ["/engine/hello.sh"], [new("/home/me/hello.sh", "/engine/hello.sh", false)]),
        Mode = EngineMode.FlightPlan, Clearance = EngineRun.Cleared(default), Limits = EngineLimits.Default, Workspace = "/home/me/repo", HiddenEntries = [".cabincrew", ".secret"],
    };

    private static string Write(EngineRun run, BubblewrapFeatures? features = null) =>
        string.Join(' ', Bubblewrap.Arguments(run, [(".cabincrew", true), (".secret", false)], Host, features ?? new())).Replace(" --", "\n--", StringComparison.Ordinal);

    [Fact, Clause("ENG-02"), Clause("ENG-06")]
    public void of_a_flight_plan() => Assert.Equal("""
        --unshare-user
        --disable-userns
        --uid 65534
        --gid 65534
        --unshare-pid
        --unshare-net
        --unshare-ipc
        --unshare-uts
        --unshare-cgroup-try
        --hostname cabincrew
        --die-with-parent
        --new-session
        --cap-drop ALL
        --ro-bind /usr /usr
        --ro-bind /etc/ssl/certs /etc/ssl/certs
        --symlink usr/bin /bin
        --symlink usr/lib64 /lib64
        --ro-bind-data 7 /etc/passwd
        --ro-bind-data 8 /etc/group
        --proc /proc
        --remount-ro /proc
        --dev /dev
        --size 67108864
        --tmpfs /dev/shm
        --remount-ro /dev
        --size 1073807360
        --tmpfs /tmp
        --dir /run
        --dir /var
        --symlink ../tmp /var/tmp
        --size 268500992
        --tmpfs /cabincrew/artifacts
        --ro-bind /home/me/repo /workspace
        --size 4096
        --tmpfs /workspace/.cabincrew
        --remount-ro /workspace/.cabincrew
        --ro-bind /dev/null /workspace/.secret
        --ro-bind /home/me/hello.sh /engine/hello.sh
        --remount-ro /
        --clearenv
        --setenv CABINCREW_WORKSPACE /workspace
        --setenv CABINCREW_ARTIFACTS_DIR /cabincrew/artifacts
        --setenv CABINCREW_TEMP_DIR /tmp
        --setenv CABINCREW_MODE flight-plan
        --setenv PATH /usr/bin:/bin
        --setenv HOME /tmp
        --setenv LANG C.UTF-8
        --setenv LC_ALL C.UTF-8
        --setenv TZ UTC
        --setenv SOURCE_DATE_EPOCH 0
        --chdir /workspace
        --seccomp 3
        --info-fd 4
        --json-status-fd 5
        --block-fd 6
        -- /engine/hello.sh
        --mode flight-plan
        """, Write(Plan));

    [Fact, Clause("ENG-06"), Clause("ENG-08")]
    public void take_off_differs_only_in_what_it_may_write_and_reach()
    {
        var takeOff = Plan with { Mode = EngineMode.TakeOff, FrozenArtifacts = "/store/frozen", Network = true, Outside = [new("/srv/data", "/srv/data", true), new("/srv/ro", "/srv/ro", false)] };
        var (before, after) = (Write(Plan).Split('\n'), Write(takeOff).Split('\n'));
        Assert.Equal(
            ["--unshare-net", "--size 268500992", "--tmpfs /cabincrew/artifacts", "--ro-bind /home/me/repo /workspace", "--setenv CABINCREW_MODE flight-plan", "--mode flight-plan"],
            before.Except(after));
        Assert.Equal(
            ["--ro-bind /etc/resolv.conf /etc/resolv.conf", "--ro-bind /store/frozen /cabincrew/artifacts", "--bind /home/me/repo /workspace", "--bind /srv/data /srv/data", "--ro-bind /srv/ro /srv/ro",
             "--setenv CABINCREW_MODE take-off", "--mode take-off"],
            after.Except(before));
    }

    [Fact, Clause("ENG-06")]
    public void flight_plan_never_gets_a_writable_outside() =>
        Assert.DoesNotContain("--bind", Write(Plan with { Outside = [new("/srv/data", "/srv/data", true)] }).Split('\n').Select(l => l.Split(' ')[0]));

    [Fact]
    public void an_old_bubblewrap_loses_one_word_only() =>
        Assert.Equal(["--disable-userns"], Write(Plan).Split('\n').Except(Write(Plan, new(DisableUserNamespaces: false)).Split('\n')));

    [Fact, Clause("ENG-06")]
    public void a_workspace_under_usr_is_covered_in_both_places()
    {
        var words = Write(Plan with { Workspace = "/usr/src/app" });
        Assert.Contains("--tmpfs /workspace/.cabincrew\n--remount-ro /workspace/.cabincrew", words);
        Assert.Contains("--tmpfs /usr/src/app/.cabincrew\n--remount-ro /usr/src/app/.cabincrew", words);
        Assert.Contains("--ro-bind /dev/null /usr/src/app/.secret", words);
    }

    [Fact, Clause("ENG-06")]
    public void of_a_server_what_it_declares_in_place_of_a_workspace_and_no_value_of_a_variable()
    {
        var server = new ServerRun
        {
            Name = "s", Command = ["node", "/opt/s/index.js"], Environment = new Dictionary<string, string> { ["TOKEN"] = "hush" }, Network = ["example.org"], WorkingDirectory = "/home/me/repo",
            Mounts = [new("/home/me/repo/vendor", "/home/me/repo/vendor", false), new("/home/me/repo", "/home/me/repo", true), new("/opt/s", "/opt/s", false)],
            Limits = ServerLimits.Default with { TempBytes = EngineLimits.Default.TempBytes },
        };
        var words = string.Join(' ', Bubblewrap.Arguments(server, [new("/home/me/repo/.cabincrew", true)], Host, new())).Replace(" --", "\n--", StringComparison.Ordinal).Split('\n');
        var engine = Write(Plan).Split('\n');
        Assert.Equal(engine.TakeWhile(w => w != "--size 268500992"), words.TakeWhile(w => !w.StartsWith("--bind", StringComparison.Ordinal)));
        Assert.Equal("""
            --bind /home/me/repo /home/me/repo
            --ro-bind /home/me/repo/vendor /home/me/repo/vendor
            --ro-bind /opt/s /opt/s
            --size 4096
            --tmpfs /home/me/repo/.cabincrew
            --remount-ro /home/me/repo/.cabincrew
            --ro-bind-data 9 /cabincrew/network-ca.pem
            --remount-ro /
            --clearenv
            --args 10
            --chdir /home/me/repo
            --seccomp 3
            --info-fd 4
            --json-status-fd 5
            --block-fd 6
            -- node /opt/s/index.js
            """, string.Join('\n', words.SkipWhile(w => !w.StartsWith("--bind", StringComparison.Ordinal))));
    }
}
