// One launcher and what runs inside of it, engine or server alike: spawned, held while it waits for the word, limited, released, and ended with its whole
// pid namespace. What it is shown and what is read of it is its owner's business. All of it is called on the one thread that outlives it.
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using Microsoft.Win32.SafeHandles;
using static CabinCrew.Orchestrator.Engines.RunThread;

namespace CabinCrew.Orchestrator.Engines.Sandbox;

/// <param name="Prefix">Put before the launcher (see <see cref="EngineRun.LaunchPrefix"/>).</param>
/// <param name="UnixSockets">Whether it may make any: not where it can see one of the host's.</param>
/// <param name="Arguments">The launcher's, given the directory with devices of its own (null: none is needed).</param>
/// <param name="Inherited">What it finds besides, under which number.</param>
internal sealed record SandboxLaunch(IReadOnlyList<string> Prefix, bool UnixSockets, Func<string?, IReadOnlyList<string>> Arguments, IReadOnlyList<(SafeFileHandle Ours, int Theirs)> Inherited);

/// <param name="ownDevices">False only to hear what the launcher says for itself, where devices cannot be made; such a run is no isolation.</param>
internal sealed class SandboxedProcess(string bubblewrap, EngineLimits limits, NetworkProxy? proxy, bool ownDevices = true) : IDisposable
{
    private const int SetupMilliseconds = 30_000;
    private const int EndMilliseconds = 60_000;
    private const long Tmpfs = 0x01021994;
    private const int OpenDirectory = 0x10000, OpenPath = 0x200000, OpenNoFollow = 0x20000;

    private readonly Pipe info = Pipe.Create().ReadWithoutBlocking(), status = Pipe.Create().ReadWithoutBlocking(), block = Pipe.Create();
    private readonly Stopwatch setup = new();
    private SafeFileHandle? init, pidNamespace, temp, shared;
    private NamespaceMembers? members;
    private HiddenMemory? hiddenMemory;
    private LauncherFile? launcher;
    private PrivateDevices? devices;
    private ControlGroup? group;
    private ProblemCode? refusedByKernel;

    public ChildProcess? Leader { get; private set; }

    /// <summary>The first process of its namespace, by the number that it has outside.</summary>
    public int Child { get; private set; }

    public bool Released { get; private set; }

    /// <summary>The kernel itself counts its memory and its tasks, wherever they are.</summary>
    public bool IsCounted => group is { CountsMemory: true };

    /// <summary>What the kernel has refused or killed so far.</summary>
    public ProblemCode? Refused => refusedByKernel ?? group?.Breach();

    public Problem? Spawn(SandboxLaunch launch)
    {
        if (SeccompFilter.Assemble(RuntimeInformation.ProcessArchitecture, network: !launch.UnixSockets) is not { } filter)
            return new(ProblemCode.SandboxUnavailable, $"There is no system call filter for {RuntimeInformation.ProcessArchitecture} yet.");
        launcher = LauncherFile.Of(bubblewrap, launch.Prefix);
        if (ownDevices && PrivateDevices.AreNeeded) devices = PrivateDevices.Create();
        group = ControlGroup.TryCreate(limits);
        if (group is not { CountsMemory: true }) hiddenMemory = new();
        group?.EnterThread();
        try
        {
            return Start(launch, filter);
        }
        finally
        {
            group?.LeaveThread();
        }
    }

    private Problem? Start(SandboxLaunch launch, byte[] filter)
    {
        using var seccomp = MemoryFile.Sealed("seccomp", filter);
        using var passwd = MemoryFile.Sealed("passwd", Encoding.ASCII.GetBytes(Bubblewrap.Passwd));
        using var groups = MemoryFile.Sealed("group", Encoding.ASCII.GetBytes(Bubblewrap.Group));
        IReadOnlyList<string> command = [.. launcher!.Command, .. launch.Arguments(devices?.Path)];
        using var certificate = proxy is null ? null : MemoryFile.Sealed("certificate", Encoding.ASCII.GetBytes(proxy.Certificates.Pem));
        if (Programs.Find(command[0]) is not { } program)
            return new(ProblemCode.SandboxUnavailable, $"The program '{command[0]}' was not found.");
        // Bubblewrap takes the end of the stream for the word to go: had our death closed it first, the engine would run before death reaches it.
        using var waiting = block.WaitingEnd();
        Failpoint.Reach("engine spawn");
        var started = Processes.Spawn.Start(new(program, [.. command.Skip(1)], ["PATH=" + Programs.SearchPath],
        [
            .. launch.Inherited, (seccomp, Bubblewrap.SeccompFd), (info.Writer, Bubblewrap.InfoFd), (status.Writer, Bubblewrap.StatusFd),
            (waiting, Bubblewrap.BlockFd), (passwd, Bubblewrap.PasswdFd), (groups, Bubblewrap.GroupFd),
            .. certificate is null ? Array.Empty<(SafeFileHandle, int)>() : [(certificate, Bubblewrap.CertificateFd)],
        ]));
        info.Writer.Dispose();
        status.Writer.Dispose();
        block.Reader.Dispose();
        if (!started.Try(out var leader, out var problem)) return problem with { Code = ProblemCode.SandboxUnavailable };
        Leader = leader;
        return null;
    }

    /// <summary>Takes hold of the child that waits, and of the file systems that it will write to. False: the launcher has said why not.</summary>
    /// <param name="alsoStands">Called with the child's number once its own root stands; false: not yet.</param>
    public bool Hold(Func<int, bool> alsoStands)
    {
        setup.Restart();
        if (ReadInfo() is not { } child) return false;
        Child = child;
        init = SpawnNative.Opened(SpawnNative.PidfdOpen(child));
        if (init is null || !HoldNamespace() || !OpenRoot(alsoStands)) return false;
        devices?.Dispose();
        return true;
    }

    /// <summary>To the end of the stream: then it is complete.</summary>
    private unsafe int? ReadInfo()
    {
        var buffer = stackalloc byte[4096];
        var length = 0;
        while (length < 4096 && setup.ElapsedMilliseconds < SetupMilliseconds)
        {
            WaitFor(Number(info.Reader), 100);
            var n = (int)SpawnNative.Read(Number(info.Reader), buffer + length, (nuint)(4096 - length));
            if (n == 0) break;
            length += Math.Max(n, 0);
        }
        return Member("child-pid", Encoding.UTF8.GetString(buffer, length));
    }

    private static int? Member(string name, string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.TryGetProperty(name, out var value) && value.TryGetInt32(out var number) ? number : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Open: as long as it is, the number of the namespace is nobody else's. A child that is just changing who it is may not be looked at for a moment.</summary>
    private bool HoldNamespace()
    {
        while (setup.ElapsedMilliseconds < SetupMilliseconds)
        {
            pidNamespace ??= SpawnNative.Opened(SpawnNative.Open($"/proc/{Child}/ns/pid", SpawnNative.CloseOnExec));
            if (pidNamespace is not null && ProcessTable.Namespace(Child) is { } name)
            {
                members = new(name);
                return true;
            }
            if (WaitFor(Leader!.Descriptor, 1)) return false;
        }
        return false;
    }

    /// <summary>Waits until the child stands in its own root, and opens the file systems that it will write to. It cannot be past the block, so nobody races us.</summary>
    private bool OpenRoot(Func<int, bool> alsoStands)
    {
        while (setup.ElapsedMilliseconds < SetupMilliseconds)
        {
            temp = SpawnNative.Opened(SpawnNative.Open($"/proc/{Child}/root{Bubblewrap.Temp}", OpenPath | OpenDirectory | OpenNoFollow | SpawnNative.CloseOnExec));
            // Our own /tmp through a root that has not been changed yet is not it.
            if (temp is not null && IsTmpfs(temp, limits.TempBytes) && alsoStands(Child)) break;
            temp?.Dispose();
            temp = null;
            if (WaitFor(Leader!.Descriptor, 1)) return false;
        }
        // Still alive: so everything that was opened through its number was its own.
        shared = SpawnNative.Opened(SpawnNative.Open($"/proc/{Child}/root/dev/shm", OpenPath | OpenDirectory | OpenNoFollow | SpawnNative.CloseOnExec));
        return temp is not null && shared is not null && !WaitFor(Number(init!), 0);
    }

    /// <summary>Whether it is a tmpfs of the size that one of this limit is made with.</summary>
    public static bool IsTmpfs(SafeFileHandle directory, long limit) =>
        SpawnNative.FStatFs(Number(directory), out var s) == 0 && s.Type == Tmpfs && (long)s.Blocks * s.BlockSize == Pages(limit);

    private static long Pages(long limit) => (limit + Bubblewrap.Slack + Environment.SystemPageSize - 1) / Environment.SystemPageSize * Environment.SystemPageSize;

    /// <summary>The one way out, for a run that has one: a socket of the sandbox's, answered by us.</summary>
    /// <returns>False: it ended meanwhile, so that what was opened may have been another's.</returns>
    public Outcome<bool> Connect()
    {
        if (proxy is null) return true;
        if (!SandboxSocket.Listen(Child, NetworkProxy.Port).Try(out var listener, out var problem)) return problem;
        proxy.Start(listener);
        return !WaitFor(Number(init!), 0);
    }

    /// <param name="processorPercent">A ceiling for its share of the processors, where there is one: 100 is one of them.</param>
    public Problem? Limit(long fileBytesMax, int? processorPercent = null)
    {
        group?.Join(Child);
        if (processorPercent is { } percent && group?.LimitProcessors(percent) is not true) SpawnNative.MakeNice(Child);
        return ProcessLimits.Set(Child, limits, fileBytesMax, own: 2);
    }

    public unsafe void Release()
    {
        byte go = 1;
        Released = true;
        Failpoint.Reach("engine release lost");
        SpawnNative.Write(Number(block.Writer), &go, 1);
        block.Writer.Dispose();
        Failpoint.Reach("engine release kept");
    }

    public IReadOnlyCollection<int> Pids() => members!.Pids();

    public ProcessUse Measure()
    {
        var use = members!.Measure();
        // Without the sandbox's own first process.
        use = use with { Tasks = Math.Max(0, use.Tasks - 1) };
        return hiddenMemory is null ? use : use with { ResidentBytes = use.ResidentBytes + hiddenMemory.Of(use.Pids, limits.MemoryBytes) };
    }

    /// <summary>Bytes and entries of its temporary files, and entries of its shared memory.</summary>
    public (long TempBytes, long TempEntries, long SharedEntries) Files()
    {
        var (t, m) = (UseOf(temp), UseOf(shared));
        return (t.Bytes, t.Entries, m.Entries);
    }

    public static (long Bytes, long Entries) UseOf(SafeFileHandle? directory) =>
        directory is not null && SpawnNative.FStatFs(Number(directory), out var s) == 0 ? ((long)(s.Blocks - s.BlocksFree) * s.BlockSize, (long)(s.Files - s.FilesFree)) : default;

    /// <summary>Kills all of it, and returns when none is left; false if one would not go.</summary>
    public bool End()
    {
        Failpoint.Reach("engine end");
        if (init is not null)
        {
            // The first process of a pid namespace ends only after all others are gone: the kernel sees to that.
            SpawnNative.PidfdSendSignal(Number(init), SpawnNative.SigKill);
            if (!WaitFor(Number(init), EndMilliseconds)) return false;
        }
        if (Leader is { } leader)
        {
            if (init is null) leader.Kill();
            if (!WaitFor(leader.Descriptor, EndMilliseconds)) return false;
            leader.Wait();
        }
        // Its counters go with it.
        refusedByKernel = group?.Breach();
        group?.Dispose();
        Failpoint.Reach("engine ended");
        return init is not null || members is null || members.Pids().Count == 0;
    }

    /// <summary>Of what ran inside; null where the launcher did not come to tell it.</summary>
    public unsafe int? ExitCode()
    {
        var buffer = stackalloc byte[4096];
        var length = (int)SpawnNative.Read(Number(status.Reader), buffer, 4096);
        return Member("exit-code", Encoding.UTF8.GetString(buffer, Math.Max(length, 0)).TrimEnd().Split('\n')[^1]);
    }

    public void Dispose()
    {
        info.Dispose();
        status.Dispose();
        block.Dispose();
        init?.Dispose();
        pidNamespace?.Dispose();
        temp?.Dispose();
        shared?.Dispose();
        launcher?.Dispose();
        devices?.Dispose();
        group?.Dispose();
    }
}
