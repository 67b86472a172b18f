// Runs all attacks of the table three times: outside, in a flight-plan, and in a take-off on the view that real flights have. What they aim at is set up
// by the test and belongs to the same user: files, sockets, memory, and a process that stands for any other of the host's.
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Tests.Spec;

namespace CabinCrew.Tests.Attacks;

public sealed class SurfaceRange : IAsyncLifetime
{
    private const string Unseen = "not to be seen";

    private readonly EngineBench bench = new();
    private readonly byte[] memory = GC.AllocateArray<byte>(64, pinned: true);
    private readonly string shared = "cabincrew-" + Guid32();
    private readonly List<Socket> listeners = [];
    private Process? victim;

    public IReadOnlyDictionary<string, string> Outside { get; private set; } = null!;
    public IReadOnlyDictionary<string, string> Plan { get; private set; } = null!;
    public IReadOnlyDictionary<string, string> TakeOff { get; private set; } = null!;

    /// <summary>What became of the workspace, of the other process, of the launcher's program.</summary>
    public List<string> Harm { get; } = [];

    public async ValueTask InitializeAsync()
    {
        System.Text.Encoding.ASCII.GetBytes(Unseen).CopyTo(memory, 0);
        File.WriteAllText(In("secret"), Unseen);
        File.WriteAllText("/dev/shm/" + shared, Unseen);
        Directory.CreateDirectory(In("temp"));
        Directory.CreateDirectory(In("artifacts"));
        Directory.CreateDirectory(In("frozen"));
        victim = Victim();
        var port = Listen(AddressFamily.InterNetwork, new IPEndPoint(IPAddress.Loopback, 0));
        Listen(AddressFamily.Unix, new UnixDomainSocketEndPoint(In("socket")));
        Listen(AddressFamily.Unix, new UnixDomainSocketEndPoint("\0" + shared));
        string[] aims =
        [
            $"HOST={Environment.ProcessId}", $"VICTIM={victim.Id}", $"ADDRESS={Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0)}", $"SECRET={In("secret")}", $"SOCKET={In("socket")}",
            $"ABSTRACT={shared}", $"PORT={((IPEndPoint)port.LocalEndPoint!).Port}", $"SHARED=/{shared}",
        ];
        var setUser = SetUserProgram();
        var engine = AttackProgram.Engine(bench, "try");

        FillWorkspace();
        Listen(AddressFamily.Unix, new UnixDomainSocketEndPoint(Path.Join(bench.Workspace, "socket")));
        Outside = Answers(TempTree.Run(In("engine"), In("engine/attack"),
        [
            "try", .. aims, $"WORKSPACE={bench.Workspace}", $"TEMP={In("temp")}", $"ARTIFACTS={In("artifacts")}", $"LEADER={victim.Id}", $"LAUNCHER=/proc/{victim.Id}/exe", $"PROGRAM={In("sleep")}",
            $"SETUID={setUser.Outside}",
        ]));

        FillWorkspace();
        var launcherMode = File.GetUnixFileMode("/usr/bin/bwrap");
        var before = Tree();
        string[] inside = ["LOG=1", .. aims, "WORKSPACE=/workspace", "TEMP=/tmp", "ARTIFACTS=/cabincrew/artifacts", "LEADER=1", "LAUNCHER=/proc/1/exe", "PROGRAM=/usr/bin/bwrap", $"SETUID={setUser.Inside}"];
        engine = AttackProgram.Engine(bench, ["try", .. inside]);
        Plan = Answers(Said(await bench.RunAsync(bench.Run(engine))));

        Listen(AddressFamily.Unix, new UnixDomainSocketEndPoint(Path.Join(bench.Workspace, "socket")));
        using (var view = WorkspaceViews.Create(bench.Workspace, In("scratch")).Value)
        {
            Assert.Equal("overlay", view.Kind);
            var run = bench.Run(engine, EngineMode.TakeOff) with { Workspace = view.Root, LaunchPrefix = view.LaunchPrefix, Written = view.Written, FrozenArtifacts = In("frozen"), HiddenEntries = [] };
            TakeOff = Answers(Said(await bench.RunAsync(run)));
        }
        if (Tree() != before) Harm.Add($"the workspace: {Tree()}");
        if (victim.HasExited) Harm.Add("the other process was ended");
        if (File.GetUnixFileMode("/usr/bin/bwrap") != launcherMode) Harm.Add("the launcher's program has another mode");
        Harm.AddRange(AttackProgram.Alive(shared).Select(l => "left: " + l));
    }

    /// <summary>The program writes no receipt, only what it was answered, to the log: so the run has failed, as it must.</summary>
    private static string Said(Ran ran)
    {
        Assert.True(ran.Code == ProblemCode.ReceiptMissing, ran.ToString());
        return ran.Log;
    }

    private static Dictionary<string, string> Answers(string lines) =>
        lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(' ', 2)).ToDictionary(l => l[0], l => l[1]);

    private string In(string name) => Path.Join(bench.Root, name);

    private static string Guid32() => Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));

    private void FillWorkspace()
    {
        foreach (var entry in Directory.EnumerateFileSystemEntries(bench.Workspace)) File.Delete(entry);
        File.WriteAllText(Path.Join(bench.Workspace, "file.txt"), "content\n");
        File.WriteAllText(Path.Join(bench.Workspace, "second.txt"), "content\n");
    }

    /// <summary>A process of the host, with something open and something in its environment, in a group of its own; its program belongs to us.</summary>
    private Process Victim()
    {
        File.Copy("/usr/bin/sleep", In("sleep"));
        var start = new ProcessStartInfo("/bin/bash", ["-c", $"exec 5<secret setsid ./sleep 300"]) { WorkingDirectory = bench.Root };
        start.Environment["UNSEEN"] = Unseen;
        var process = Process.Start(start)!;
        while (File.ReadAllText($"/proc/{process.Id}/cmdline") is var line && !line.StartsWith("./sleep", StringComparison.Ordinal)) Thread.Sleep(2);
        return process;
    }

    /// <summary>For root, who is everybody else's better, a program of some other user; for the others, one of root's.</summary>
    private (string Outside, string Inside) SetUserProgram()
    {
        if (!AttackProgram.AsRoot) return ("/usr/bin/su", "/usr/bin/su");
        Directory.CreateDirectory(In("engine"));
        TempTree.Run(bench.Root, "/bin/sh", "-c", "cp /usr/bin/true engine/other && chown 54320 engine/other && chmod 4755 engine/other");
        return (In("engine/other"), "/engine/other");
    }

    private Socket Listen(AddressFamily family, EndPoint at)
    {
        var listener = new Socket(family, SocketType.Stream, ProtocolType.Unspecified);
        listeners.Add(listener);
        listener.Bind(at);
        listener.Listen();
        return listener;
    }

    private string Tree() => string.Join('\n', Directory.EnumerateFileSystemEntries(bench.Workspace).Where(e => !e.EndsWith("/socket", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        .Select(e => $"{Path.GetFileName(e)} {File.GetUnixFileMode(e)} {File.GetLastWriteTimeUtc(e):O} {File.ReadAllText(e)}"));

    public ValueTask DisposeAsync()
    {
        foreach (var listener in listeners) listener.Dispose();
        if (victim is { HasExited: false }) victim.Kill();
        victim?.Dispose();
        File.Delete("/dev/shm/" + shared);
        bench.Dispose();
        return default;
    }
}
