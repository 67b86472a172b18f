// An engine that tries to reach out of the reduced isolation, which has no namespaces to keep it in: other files, other processes, other sockets, the marks that find it.
// Each attack is first shown to work without isolation.
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Engines.Reduced;
using CabinCrew.Protocol;
using CabinCrew.Tests.Contracts;
using CabinCrew.Tests.Spec;
using Xunit;

namespace CabinCrew.Tests.Attacks;

public sealed class ReducedIsolationTests : IDisposable
{
    private readonly EngineBench bench = new();

    public void Dispose() => bench.Dispose();

    private static bool IsX64 => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    private const string Head = """
        #!/usr/bin/python3
        import ctypes, errno, json, os, resource, signal, socket, struct, subprocess, sys
        libc = ctypes.CDLL(None, use_errno=True)
        X64 = os.uname().machine == "x86_64"
        def call(x64, arm64, *a):
            ctypes.set_errno(0)
            r = libc.syscall(ctypes.c_long(x64 if X64 else arm64), *[x if isinstance(x, (bytes, ctypes.Array)) else ctypes.c_long(x) for x in a])
            return errno.errorcode.get(ctypes.get_errno(), "?") if r == -1 else "OK"
        def tell(name, f):
            try: r = f(); r = "OK" if r is None else r
            except OSError as e: r = errno.errorcode.get(e.errno, "?")
            print(name, r, file=sys.stderr)
        def done():
            print(json.dumps({"protocol_version": "draft-1", "engine_id": "t", "mode": sys.argv[-1], "receipt_id": "r", "status": "success"}))

        """;

    private Task<Ran> ReducedAsync(string body, EngineMode mode = EngineMode.FlightPlan, Func<EngineRun, EngineRun>? change = null)
    {
        var run = bench.Run(bench.Engine(body), mode);
        return bench.RunAsync(change?.Invoke(run) ?? run, new ReducedRunner());
    }

    private Task<Ran> FreeAsync(string body, EngineMode mode = EngineMode.FlightPlan) => bench.RunAsync(bench.Run(bench.Engine(body), mode), unsandboxed: true);

    /// <summary>Each line of what the engine tells is a name and an answer: OK without isolation, and what is expected in the reduced one.</summary>
    private async Task Fails(string body, string expected, EngineMode mode = EngineMode.FlightPlan)
    {
        var reduced = await ReducedAsync(Head + body + "\ndone()\n", mode);
        Assert.NotNull(reduced.Success);
        Assert.Equal(expected, string.Join("; ", reduced.Log.TrimEnd().Split('\n')));
        var free = await FreeAsync(Head + body + "\ndone()\n", mode);
        Assert.NotNull(free.Success);
        Assert.All(free.Log.TrimEnd().Split('\n'), line => Assert.EndsWith(" OK", line, StringComparison.Ordinal));
    }

    [Fact, Clause("ENG-06")]
    public async Task files_outside_can_neither_be_read_nor_written_nor_moved()
    {
        var outside = Directory.CreateDirectory(Path.Join(bench.Root, "outside")).FullName;
        foreach (var name in (string[])["secret", "cut", "gone", "moved"]) File.WriteAllText(Path.Join(outside, name), "secret\n");
        File.CreateSymbolicLink(Path.Join(bench.Workspace, "link"), Path.Join(outside, "secret"));
        await Fails($$"""
            o = {{Quoted(outside)}}; w = os.environ["CABINCREW_WORKSPACE"]; t = os.environ["CABINCREW_TEMP_DIR"]
            tell("read", lambda: open(o + "/secret").close())
            tell("link", lambda: open(w + "/link").close())
            tell("list", lambda: os.close(os.open(o, os.O_RDONLY | os.O_DIRECTORY)))
            tell("make", lambda: os.mkdir(o + "/made"))
            tell("cut", lambda: os.truncate(o + "/cut", 0))
            tell("workspace", lambda: open(w + "/file.txt", "a").close())
            tell("workspace-cut", lambda: os.truncate(w + "/file.txt", 1))
            tell("workspace-make", lambda: open(w + "/new.txt", "w").close())
            tell("hard-link", lambda: os.link(o + "/secret", t + "/hard"))
            tell("move", lambda: os.rename(o + "/moved", t + "/moved"))
            tell("delete", lambda: os.unlink(o + "/gone"))
            """, "read EACCES; link EACCES; list EACCES; make EACCES; cut EACCES; workspace EACCES; workspace-cut EACCES; workspace-make EACCES; hard-link EXDEV; move EACCES; delete EACCES");
    }

    [Theory, Clause("ENG-06")]
    [InlineData(EngineMode.FlightPlan)]
    [InlineData(EngineMode.TakeOff)]
    public async Task modes_owners_and_times_change_only_where_the_engine_may_write(EngineMode mode)
    {
        var outside = Path.Join(bench.Root, "outside");
        File.WriteAllText(outside, "x");
        File.SetUnixFileMode(outside, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var before = File.GetLastWriteTimeUtc(outside);
        var script = Head + $$"""
            o = {{Quoted(outside)}}; t = os.environ["CABINCREW_TEMP_DIR"]; w = os.environ["CABINCREW_WORKSPACE"]
            open(t + "/mine", "w").close(); os.symlink(o, t + "/to-outside"); os.symlink("mine", t + "/to-mine")
            fd = os.open("/usr/bin/env", os.O_RDONLY)
            mode = os.fstat(fd).st_mode & 0o7777 # as it is: where nothing prevents it, the machine is to stay what it was
            mine = os.open(t + "/mine", os.O_RDONLY)
            here = os.open(t, os.O_RDONLY)
            for name, f in {
                "chmod-outside": lambda: os.chmod(o, 0o777), "chmod-by-link": lambda: os.chmod(t + "/to-outside", 0o777), "chmod-by-dots": lambda: os.chmod(t + "/../../" + os.path.relpath(o, os.path.dirname(os.path.dirname(t))), 0o777),
                "fchmod-of-system": lambda: os.fchmod(fd, mode), "times-outside": lambda: os.utime(o, (1, 1)), "owner-outside": lambda: os.chown(o, os.getuid(), os.getgid()),
                "workspace": lambda: os.chmod(w + "/file.txt", 0o755), "engine": lambda: os.chmod(sys.argv[0], 0o777),
                "chmod": lambda: os.chmod(t + "/mine", 0o750), "chmod-link": lambda: os.chmod(t + "/to-mine", 0o751), "fchmod": lambda: os.fchmod(mine, 0o752),
                "chmod-at": lambda: os.chmod("mine", 0o753, dir_fd=here), "relative": lambda: (os.chdir(t), os.chmod("mine", 0o754))[0], "self": lambda: os.chmod("/proc/self/fd/%d" % mine, 0o755),
                "times": lambda: os.utime(t + "/mine", (5, 6)), "times-of-link": lambda: os.utime(t + "/to-mine", (7, 8), follow_symlinks=False), "owner": lambda: os.chown(t + "/mine", os.getuid(), -1),
                "absent": lambda: os.chmod(t + "/absent", 0o700), "somebody": lambda: os.chown(t + "/mine", 12345, 12345),
            }.items(): tell(name, f)
            print("mode %o %d" % (os.stat(t + "/mine").st_mode & 0o7777, os.stat(t + "/mine").st_mtime), file=sys.stderr)
            done()
            """;
        var ran = await ReducedAsync(script, mode);
        Assert.NotNull(ran.Success);
        var free = mode == EngineMode.TakeOff;
        Assert.Equal(
            "chmod-outside EPERM; chmod-by-link EPERM; chmod-by-dots EPERM; fchmod-of-system EPERM; times-outside EPERM; owner-outside EPERM; "
            + $"workspace {(free ? "OK" : "EPERM")}; engine EPERM; chmod OK; chmod-link OK; fchmod OK; chmod-at OK; relative OK; self OK; times OK; times-of-link OK; owner OK; absent ENOENT; somebody EPERM; mode 755 6",
            string.Join("; ", ran.Log.TrimEnd().Split('\n')));
        Assert.Equal((UnixFileMode.UserRead | UnixFileMode.UserWrite, before), (File.GetUnixFileMode(outside), File.GetLastWriteTimeUtc(outside)));
        Assert.Contains("chmod-outside OK", (await FreeAsync(script, mode)).Log);
    }

    [Fact, Clause("ENG-06")]
    public async Task other_processes_can_neither_be_signalled_nor_read_nor_limited()
    {
        using var victim = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("/bin/sleep", "60"))!;
        try
        {
            var pid = victim.Id.ToString(CultureInfo.InvariantCulture);
            await Fails($"""
                v = {pid}
                tell("signal", lambda: os.kill(v, 0))
                tell("pidfd", lambda: signal.pidfd_send_signal(os.pidfd_open(v), 0))
                tell("environment", lambda: open("/proc/%d/environ" % v).close())
                tell("files", lambda: (os.readlink("/proc/%d/fd/0" % v), None)[1])
                tell("limits", lambda: resource.prlimit(v, resource.RLIMIT_NOFILE, (100, 1000)))
                tell("schedule", lambda: os.sched_setaffinity(v, os.sched_getaffinity(0)))
                tell("priority", lambda: os.setpriority(os.PRIO_PROCESS, v, 19))
                """
                  .Replace("resource.prlimit(v, resource.RLIMIT_NOFILE, (100, 1000))", "(resource.prlimit(v, resource.RLIMIT_NOFILE, (100, 1000)), None)[1]", StringComparison.Ordinal),
                "signal EPERM; pidfd EPERM; environment EACCES; files EACCES; limits EPERM; schedule EPERM; priority EPERM");
            Assert.False(victim.HasExited);
        }
        finally
        {
            victim.Kill();
        }
    }

    [Fact, Clause("ENG-06")]
    public async Task no_socket_reaches_anything()
    {
        var path = Path.Join(bench.Root, "listening");
        using var named = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        named.Bind(new UnixDomainSocketEndPoint(path));
        using var stream = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        stream.Bind(new UnixDomainSocketEndPoint("\0" + Path.GetFileName(bench.Root)));
        stream.Listen();
        using var tcp = new TcpListener(System.Net.IPAddress.Loopback, 0);
        tcp.Start();
        var port = ((System.Net.IPEndPoint)tcp.LocalEndpoint).Port;
        await Fails($$"""
            p = {{Quoted(path)}}; a = "\0" + {{Quoted(Path.GetFileName(bench.Root))}}
            tell("tcp", lambda: socket.create_connection(("127.0.0.1", {{port}})).close())
            tell("udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close())
            tell("path", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).connect(p))
            tell("abstract", lambda: socket.socket(socket.AF_UNIX).connect(a))
            tell("pair", lambda: (socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b"x", p), None)[1])
            tell("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close())
            """, "tcp EAFNOSUPPORT; udp EAFNOSUPPORT; path EAFNOSUPPORT; abstract EAFNOSUPPORT; pair EAFNOSUPPORT; netlink EAFNOSUPPORT");
        var pair = await ReducedAsync(Head + "a, b = socket.socketpair(); a.send(b'hello'); print(b.recv(9), file=sys.stderr)\ndone()\n");
        Assert.Equal("b'hello'\n", pair.Log);
    }

    [Fact, Clause("ENG-06")]
    public async Task with_the_network_no_local_socket_can_be_reached_either()
    {
        var path = Path.Join(bench.Root, "listening");
        using var named = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        named.Bind(new UnixDomainSocketEndPoint(path));
        using var tcp = new TcpListener(System.Net.IPAddress.Loopback, 0);
        tcp.Start();
        var ran = await ReducedAsync(Head + $"""
            tell("tcp", lambda: socket.create_connection(("127.0.0.1", {((System.Net.IPEndPoint)tcp.LocalEndpoint).Port})).close())
            tell("path", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).connect({Quoted(path)}))
            tell("pair", lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b"x", {Quoted(path)}))
            done()
            """, EngineMode.TakeOff, r => r with { Network = true });
        Assert.NotNull(ran.Success);
        Assert.Equal("tcp OK; path EAFNOSUPPORT; pair EAFNOSUPPORT", string.Join("; ", ran.Log.TrimEnd().Split('\n')));
    }

    [Fact, Clause("ENG-06")]
    public async Task the_kernel_is_as_narrow_as_in_the_full_isolation_and_narrower()
    {
        var ran = await ReducedAsync(Head + """
            tell("ptrace", lambda: call(101, 117, 0, 0, 0, 0))
            tell("unshare", lambda: call(272, 97, 0x10000000))
            tell("mount", lambda: call(165, 40, 0, 0, 0, 0, 0))
            tell("bpf", lambda: call(321, 280, 0, 0, 0))
            tell("io_uring", lambda: call(425, 425, 1, 0))
            tell("shmat", lambda: call(30, 196, 0, 0, 0))
            tell("semget", lambda: call(64, 190, 0, 1, 0o1600))
            tell("mq_open", lambda: call(240, 180, 0, 0, 0, 0))
            tell("setxattr", lambda: os.setxattr(os.environ["CABINCREW_TEMP_DIR"], "user.a", b"x"))
            tell("inotify", lambda: call(294, 26, 0))
            fd = os.open("/usr/bin/env", os.O_RDONLY)
            tell("flags", lambda: call(16, 29, fd, 0x40086602, ctypes.create_string_buffer(8)))
            tell("brand", lambda: call(302, 261, 0, 10, ctypes.create_string_buffer(struct.pack("QQ", 1, 1)), 0))
            tell("brand-old", lambda: call(160, 164, 10, ctypes.create_string_buffer(struct.pack("QQ", 1, 1))))
            tell("own-limit", lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 1000)))
            tell("setuid", lambda: call(105, 146, 0 if os.getuid() else 12345))
            print(open("/proc/self/status").read().split("CapBnd:\t")[1].split()[0] if os.getuid() == 0 else "0" * 16, file=sys.stderr)
            done()
            """);
        Assert.NotNull(ran.Success);
        Assert.Equal(
            "ptrace EPERM; unshare EPERM; mount EPERM; bpf EPERM; io_uring ENOSYS; shmat ENOSYS; semget ENOSYS; mq_open ENOSYS; setxattr EOPNOTSUPP; inotify ENOSYS; flags EPERM; brand EPERM; brand-old EPERM; own-limit OK; setuid EPERM; 0000000000000000",
            string.Join("; ", ran.Log.TrimEnd().Split('\n')).Replace(" ENOTSUP;", " EOPNOTSUPP;", StringComparison.Ordinal));
    }

    [Fact, Clause("ENG-06")]
    public async Task the_store_in_the_workspace_is_closed_and_git_passes_over_it()
    {
        var store = Directory.CreateDirectory(Path.Join(bench.Workspace, ".cabincrew", "keys")).Parent!.FullName;
        File.WriteAllText(Path.Join(store, "store.db"), "approvals");
        File.WriteAllText(Path.Join(store, "keys", "key"), "key");
        File.WriteAllText(Path.Join(store, ".gitignore"), "*\n");
        Directory.CreateDirectory(Path.Join(bench.Workspace, "src"));
        File.WriteAllText(Path.Join(bench.Workspace, "src", "a"), "seen\n");
        const string script = """
            #!/bin/bash
            receipt() { printf '{"protocol_version":"draft-1","engine_id":"test","mode":"%s","receipt_id":"r-1","status":"success","artifacts":[]}\n' "$CABINCREW_MODE"; }
            cat src/a file.txt >&2
            for f in .cabincrew/store.db .cabincrew/keys/key; do cat $f 2>/dev/null >&2 && echo "read $f" >&2; done
            git -c safe.directory='*' status --porcelain >&2
            receipt
            """;
        System.Diagnostics.Process.Start("git", ["init", "-q", bench.Workspace])!.WaitForExit();
        var ran = await ReducedAsync(script);
        Assert.NotNull(ran.Success);
        Assert.Equal("seen\ncontent\n?? file.txt\n?? src/\n", ran.Log);
        Assert.Contains("read .cabincrew/store.db", (await FreeAsync(script)).Log);
    }

    [Fact, Clause("ENG-10")]
    public async Task a_daemon_that_cleared_its_environment_and_fled_its_session_is_found()
    {
        var mark = "fled-" + Path.GetFileName(bench.Root);
        var ran = await ReducedAsync($"""
            #!/bin/bash
            {EngineBench.ReceiptFunction}
            (trap '' TERM HUP INT; setsid env -i setsid bash -c '(cd /; exec -a {mark} sleep 300) & exit' </dev/null >/dev/null 2>&1 &)
            for i in $(seq 500); do grep -qa '^{mark}' /proc/[0-9]*/cmdline 2>/dev/null && break; sleep 0.02; done
            grep -la '^{mark}' /proc/[0-9]*/cmdline 2>/dev/null | wc -l >&2
            receipt
            """);
        Assert.True("1\n" == ran.Log, "the daemon never ran: " + ran);
        Assert.Equal(0, EngineRunnerContract.Living(mark));
    }

    [Fact, Clause("ENG-12")]
    public async Task a_fork_bomb_ends()
    {
        bench.Limits = EngineBench.Small with { Processes = 30 };
        var ran = await ReducedAsync($$"""
            #!/bin/bash
            {{EngineBench.ReceiptFunction}}
            bomb() { [ $1 -gt 0 ] && { setsid bash -c : & bomb $(($1 - 1)) & bomb $(($1 - 1)) & }; sleep 20; }; bomb 9
            """);
        Assert.True(ran.Code == ProblemCode.LimitProcesses, ran.ToString());
        Assert.True(ran.Failure!.Usage.Wall < TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task our_own_threads_stay_free()
    {
        await ReducedAsync(Head + "done()\n");
        // What a run gave up, no thread of ours gave up with it.
        var confined = Directory.EnumerateDirectories("/proc/self/task").Count(t =>
        {
            try
            {
                return File.ReadAllText(Path.Join(t, "status")).Contains("NoNewPrivs:\t1", StringComparison.Ordinal);
            }
            catch (IOException)
            {
                return false;
            }
        });
        Assert.Equal(File.ReadAllText("/proc/self/status").Contains("NoNewPrivs:\t1", StringComparison.Ordinal) ? -1 : 0, confined);
    }

    private static string Quoted(string text) => "\"" + text + "\"";
}
