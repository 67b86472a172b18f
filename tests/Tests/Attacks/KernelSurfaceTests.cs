// An engine that talks to the kernel behind its libraries' back. Live: what the filter promises is what the kernel answers.
using CabinCrew.Protocol;
using CabinCrew.Tests.Spec;
using System.Runtime.InteropServices;
using Xunit;

namespace CabinCrew.Tests.Attacks;

public sealed class KernelSurfaceTests : IDisposable
{
    private readonly EngineBench bench = new();

    public void Dispose() => bench.Dispose();

    private const string Head = """
        #!/usr/bin/python3
        import ctypes, errno, json, os, socket, sys, threading
        libc = ctypes.CDLL(None, use_errno=True)
        def call(number, *a):
            ctypes.set_errno(0)
            r = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(x) for x in a])
            return errno.errorcode.get(ctypes.get_errno(), "?") if r == -1 else "OK"
        def done():
            print(json.dumps({"protocol_version": "draft-1", "engine_id": "t", "mode": sys.argv[2], "receipt_id": "r", "status": "success"}))

        """;

    private static bool IsX64 => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    private Task<Ran> PythonAsync(string body, bool unsandboxed = false) => bench.RunAsync(bench.Run(bench.Engine(Head + body)), unsandboxed);

    [Fact, Clause("ENG-06")]
    public async Task calls_that_no_engine_needs_are_refused()
    {
        // name: number on x86-64, number on arm64, arguments
        var ran = await PythonAsync("""
            calls = {"ptrace": (101, 117, 0, 0, 0, 0), "keyctl": (250, 219, 0, -3, 0), "add_key": (248, 217, 0, 0, 0), "bpf": (321, 280, 0, 0, 0), "userfaultfd": (323, 282, 0),
                "perf_event_open": (298, 241, 0, 0, 0, 0, 0), "unshare": (272, 97, 0x10000000), "setns": (308, 268, 0, 0), "mount": (165, 40, 0, 0, 0, 0, 0), "fsopen": (430, 430, 0, 0),
                "open_tree": (428, 428, -100, 0, 0), "pidfd_getfd": (438, 438, 0, 0, 0), "kexec_load": (246, 104, 0, 0, 0, 0), "init_module": (175, 105, 0, 0, 0), "reboot": (169, 142, 0, 0, 0),
                "process_vm_readv": (310, 270, 1, 0, 0, 0, 0), "open_by_handle_at": (304, 265, 0, 0, 0), "clone_newuser": (56, 220, 0x10000011, 0, 0, 0, 0),
                "clone3": (435, 435, 0, 0), "io_uring_setup": (425, 425, 1, 0), "memfd_create": (319, 279, 0, 0), "shmget": (29, 194, 0, 4096, 0o1600), "later": (463, 463, 0, 0)}
            index = 0 if os.uname().machine == "x86_64" else 1
            for name, c in calls.items(): print(name, call(c[index], *c[2:]), file=sys.stderr)
            done()
            """);
        Assert.NotNull(ran.Success);
        string[] absent = ["clone3", "io_uring_setup", "memfd_create", "shmget", "later"];
        foreach (var line in ran.Log.TrimEnd().Split('\n'))
        {
            var (name, answer) = (line.Split(' ')[0], line.Split(' ')[1]);
            Assert.True(answer == (absent.Contains(name) ? "ENOSYS" : "EPERM"), line);
        }
        Assert.Equal(23, ran.Log.TrimEnd().Split('\n').Length);
    }

    [Fact, Clause("ENG-06")]
    public async Task odd_sockets_do_not_exist_and_ordinary_ones_and_threads_do()
    {
        const string body = """
            def family(f, t, p=0):
                try: socket.socket(f, t, p).close(); return "OK"
                except OSError as e: return errno.errorcode[e.errno]
            print(family(38, socket.SOCK_SEQPACKET), family(40, socket.SOCK_STREAM), family(17, socket.SOCK_RAW), family(16, socket.SOCK_RAW, 9), file=sys.stderr)
            print(family(1, 1), family(2, 1), family(10, 1), family(16, socket.SOCK_RAW, 0), file=sys.stderr)
            t = threading.Thread(target=lambda: None); t.start(); t.join()
            done()
            """;
        var ran = await PythonAsync(body);
        Assert.NotNull(ran.Success);
        Assert.Equal("EAFNOSUPPORT EAFNOSUPPORT EAFNOSUPPORT EAFNOSUPPORT\nOK OK OK OK\n", ran.Log);
    }

    [Fact, Clause("ENG-06")]
    public async Task another_calling_convention_is_the_end_of_the_process()
    {
        if (!IsX64)
        {
            // Only x86-64 has one: there, the filter's own check of the architecture is what stands in its place.
            Assert.NotNull(Orchestrator.Engines.Sandbox.SeccompFilter.Assemble(RuntimeInformation.ProcessArchitecture, network: false));
            return;
        }
        var ran = await PythonAsync("print(call(0x40000000 | 39), file=sys.stderr)\ndone()");
        Assert.Equal(ProblemCode.EngineKilled, ran.Code);
        Assert.Contains("forbidden system call", ran.Failure!.Problem.Message);
        Assert.Equal("", ran.Log);
        Assert.NotNull((await PythonAsync("print(call(0x40000000 | 39), file=sys.stderr)\ndone()", unsandboxed: true)).Success);
    }

    [Fact, Clause("ENG-06")]
    public async Task the_first_process_of_the_sandbox_is_behind_the_filter_too()
    {
        var ran = await PythonAsync("""
            sys.stderr.write("".join(l for l in open("/proc/1/status") if l.startswith(("Seccomp:", "CapEff", "NoNewPrivs"))))
            done()
            """);
        Assert.Equal("CapEff:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n", ran.Log);
    }

    [Fact, Clause("ENG-12")]
    public async Task limits_cannot_be_raised_again()
    {
        var ran = await PythonAsync("""
            import resource
            for name in ("RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_NPROC", "RLIMIT_NOFILE", "RLIMIT_CORE", "RLIMIT_STACK"):
                r = getattr(resource, name)
                soft, hard = resource.getrlimit(r)
                if hard == resource.RLIM_INFINITY: print(name, "is unlimited", file=sys.stderr)
                try: resource.setrlimit(r, (soft, hard + 1)); print(name, "was raised", file=sys.stderr)
                except (ValueError, OSError): pass
            print(resource.getrlimit(resource.RLIMIT_CORE), file=sys.stderr)
            done()
            """);
        Assert.NotNull(ran.Success);
        Assert.Equal("(0, 0)\n", ran.Log);
    }
}
