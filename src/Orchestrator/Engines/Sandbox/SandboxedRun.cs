// A run inside bubblewrap: spawn, read who the child is, limit it while it waits, keep a hand on its tmpfs, release it; afterwards its whole pid namespace dies.
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Engines.Sandbox;

/// <param name="ownDevices">False only to hear what the launcher says for itself, where devices cannot be made; such a run is no isolation.</param>
internal sealed class SandboxedRun(EngineRun run, string bubblewrap, BubblewrapFeatures features, CancellationToken ct, bool ownDevices = true) : RunThread(run, ct)
{
    private const int SetupMilliseconds = 30_000;
    private const int EndMilliseconds = 60_000;
    private const long Tmpfs = 0x01021994;
    private const int OpenDirectory = 0x10000, OpenPath = 0x200000, OpenNoFollow = 0x20000;

    private readonly Pipe info = Pipe.Create().ReadWithoutBlocking(), status = Pipe.Create().ReadWithoutBlocking(), block = Pipe.Create();
    private readonly NetworkProxy? proxy = run.DeclaredNetwork is { } grant ? new(grant, run.Mode) : null;
    private SafeFileHandle? init, pidNamespace, artifactsFiles, temp, shared;
    private NamespaceMembers? members;
    private HiddenMemory? hiddenMemory;
    private ViewGrowth? view;
    private LauncherFile? launcher;
    private PrivateDevices? devices;
    private ControlGroup? group;
    private ProblemCode? refusedByKernel;
    private bool released;

    protected override Problem? Launch()
    {
        if (HiddenEntries() is not { } hidden)
            return new(ProblemCode.SandboxFailed, "An entry of the workspace that must stay hidden from engines is a link.") { Remedy = $"Replace the link in {Run.Workspace} by a directory." };
        if (SeccompFilter.Assemble(RuntimeInformation.ProcessArchitecture, Run.Network) is not { } filter)
            return new(ProblemCode.SandboxUnavailable, $"There is no system call filter for {RuntimeInformation.ProcessArchitecture} yet.");
        launcher = LauncherFile.Of(bubblewrap, Run.LaunchPrefix);
        if (ownDevices && PrivateDevices.AreNeeded) devices = PrivateDevices.Create();
        group = ControlGroup.TryCreate(Run.Limits);
        if (group is not { CountsMemory: true }) hiddenMemory = new();
        if (Run.Written is { } written) view = new(written, Run.Limits.TempBytes, EntriesMax);
        group?.EnterThread();
        try
        {
            if (Spawn(filter, hidden) is { } failed) return failed;
        }
        finally
        {
            group?.LeaveThread();
        }

        var setup = Stopwatch.StartNew();
        if (ReadInfo(setup) is not { } child) return SetupFailed();
        init = SpawnNative.Opened(SpawnNative.PidfdOpen(child));
        if (init is null || !HoldNamespace(child, setup) || !OpenRoot(child, setup)) return SetupFailed();
        devices?.Dispose();

        if (StartNetwork(child) is { } unconnected) return unconnected;

        group?.Join(child);
        if (ProcessLimits.Set(child, Run.Limits, FileBytesMax, own: 2) is { } limit) return limit;
        if (Clear() is { } refused) return refused;
        Release();
        return null;
    }

    private Problem? Spawn(byte[] filter, IReadOnlyList<(string, bool)> hidden)
    {
        using var seccomp = MemoryFile.Sealed("seccomp", filter);
        using var passwd = MemoryFile.Sealed("passwd", Encoding.ASCII.GetBytes(Bubblewrap.Passwd));
        using var groups = MemoryFile.Sealed("group", Encoding.ASCII.GetBytes(Bubblewrap.Group));
        IReadOnlyList<string> command = [.. launcher!.Command, .. Bubblewrap.Arguments(Run, hidden, HostLayout.OfThisMachine, features, devices?.Path)];
        using var certificate = proxy is null ? null : MemoryFile.Sealed("certificate", Encoding.ASCII.GetBytes(proxy.Certificates.Pem));
        if (Programs.Find(command[0]) is not { } program)
            return new(ProblemCode.SandboxUnavailable, $"The program '{command[0]}' was not found.");
        // Bubblewrap takes the end of the stream for the word to go: had our death closed it first, the engine would run before death reaches it.
        using var waiting = block.WaitingEnd();
        Failpoint.Reach("engine spawn");
        var started = Processes.Spawn.Start(new(program, [.. command.Skip(1)], ["PATH=" + Programs.SearchPath],
        [
            (Input, 0), (Output.Writer, 1), (Log.Writer, 2), (seccomp, Bubblewrap.SeccompFd), (info.Writer, Bubblewrap.InfoFd), (status.Writer, Bubblewrap.StatusFd),
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

    /// <summary>The one way out, for a run that has one: a socket of the sandbox's, answered by us.</summary>
    private Problem? StartNetwork(int child)
    {
        if (proxy is null) return null;
        if (!SandboxSocket.Listen(child, NetworkProxy.Port).Try(out var listener, out var problem)) return problem;
        proxy.Start(listener);
        // Still alive: so it was its own network namespace that was opened through its number.
        return WaitFor(Number(init!), 0) ? SetupFailed() : null;
    }

    protected override NetworkLog? EndNetwork() => proxy?.Stop();

    /// <summary>What there is to cover. In a view that only the launcher sees, the caller vouches for it (see <see cref="EngineRun.LaunchPrefix"/>).</summary>
    private List<(string, bool)>? HiddenEntries()
    {
        var hidden = new List<(string, bool)>();
        foreach (var name in Run.HiddenEntries)
        {
            var entry = new FileInfo(Path.Join(Run.Workspace, name));
            if (Run.LaunchPrefix.Count > 0) hidden.Add((name, true));
            else if (entry.LinkTarget is not null) return null;
            else if (Directory.Exists(entry.FullName)) hidden.Add((name, true));
            else if (entry.Exists) hidden.Add((name, false));
        }
        return hidden;
    }

    /// <summary>To the end of the stream: then it is complete.</summary>
    private unsafe int? ReadInfo(Stopwatch setup)
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
        return Number("child-pid", Encoding.UTF8.GetString(buffer, length));
    }

    private static int? Number(string member, string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.TryGetProperty(member, out var value) && value.TryGetInt32(out var number) ? number : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Open: as long as it is, the number of the namespace is nobody else's. A child that is just changing who it is may not be looked at for a moment.</summary>
    private bool HoldNamespace(int child, Stopwatch setup)
    {
        while (setup.ElapsedMilliseconds < SetupMilliseconds)
        {
            pidNamespace ??= SpawnNative.Opened(SpawnNative.Open($"/proc/{child}/ns/pid", SpawnNative.CloseOnExec));
            if (pidNamespace is not null && ProcessTable.Namespace(child) is { } name)
            {
                members = new(name);
                return true;
            }
            if (WaitFor(Leader!.Descriptor, 1)) return false;
        }
        return false;
    }

    /// <summary>Waits until the child stands in its own root, and opens the file systems that it will write to. It cannot be past the block, so nobody races us.</summary>
    private bool OpenRoot(int child, Stopwatch setup)
    {
        while (setup.ElapsedMilliseconds < SetupMilliseconds)
        {
            temp = SpawnNative.Opened(SpawnNative.Open($"/proc/{child}/root{Bubblewrap.Temp}", OpenPath | OpenDirectory | OpenNoFollow | SpawnNative.CloseOnExec));
            // Our own /tmp through a root that has not been changed yet is not it.
            if (temp is not null && SpawnNative.FStatFs(Number(temp), out var s) == 0 && s.Type == Tmpfs && SizeOf(s) == Pages(Run.Limits.TempBytes) && OpenArtifacts(child)) break;
            temp?.Dispose();
            temp = null;
            if (WaitFor(Leader!.Descriptor, 1)) return false;
        }
        // Still alive: so everything that was opened through its number was its own.
        shared = SpawnNative.Opened(SpawnNative.Open($"/proc/{child}/root/dev/shm", OpenPath | OpenDirectory | OpenNoFollow | SpawnNative.CloseOnExec));
        return temp is not null && shared is not null && !WaitFor(Number(init!), 0);
    }

    private bool OpenArtifacts(int child)
    {
        var handle = SpawnNative.Opened(SpawnNative.Open($"/proc/{child}/root{Bubblewrap.Artifacts}", OpenDirectory | OpenNoFollow | SpawnNative.CloseOnExec));
        if (handle is null) return false;
        if (Run.FrozenArtifacts is not null)
        {
            handle.Dispose();
            return true;
        }
        if (SpawnNative.FStatFs(Number(handle), out var s) != 0 || s.Type != Tmpfs || SizeOf(s) != Pages(Run.Limits.ArtifactBytes))
        {
            handle.Dispose();
            return false;
        }
        artifactsFiles = SpawnNative.Opened(SpawnNative.Open($"/proc/{child}/root{Bubblewrap.Artifacts}", OpenPath | OpenDirectory | OpenNoFollow | SpawnNative.CloseOnExec));
        Artifacts = DirectoryHandle.From(handle);
        return artifactsFiles is not null;
    }

    private static long SizeOf(SpawnNative.FileSystemStat s) => (long)s.Blocks * s.BlockSize;

    private static long Pages(long limit) => (limit + Bubblewrap.Slack + Environment.SystemPageSize - 1) / Environment.SystemPageSize * Environment.SystemPageSize;

    private unsafe void Release()
    {
        byte go = 1;
        released = true;
        Failpoint.Reach("engine release lost");
        SpawnNative.Write(Number(block.Writer), &go, 1);
        block.Writer.Dispose();
        Failpoint.Reach("engine release kept");
    }

    /// <summary>The launcher's own words: the engine has written nothing yet.</summary>
    private Problem SetupFailed()
    {
        Leader!.Kill();
        Leader.Wait();
        Output.Writer.Dispose();
        Log.Writer.Dispose();
        var words = PeekLog();
        return new Problem(ProblemCode.SandboxFailed, $"The sandbox could not be set up: {(words.Length == 0 ? "bubblewrap ended without a word" : words)}.")
            .With("bubblewrap", words);
    }

    protected override ProcessUse Measure()
    {
        var use = members!.Measure();
        // Without the sandbox's own first process.
        use = use with { Tasks = Math.Max(0, use.Tasks - 1) };
        return hiddenMemory is null ? use : use with { ResidentBytes = use.ResidentBytes + hiddenMemory.Of(use.Pids, Run.Limits.MemoryBytes) };
    }

    protected override Problem? CheckFiles(bool final)
    {
        var limits = Run.Limits;
        if ((refusedByKernel ?? group?.Breach()) is { } code)
            return code == ProblemCode.LimitMemory ? Exceeded(code, "memory", limits.MemoryBytes, "bytes") : Exceeded(code, "processes and threads", limits.Processes, "");
        if (temp is not null && SpawnNative.FStatFs(Number(temp), out var t) == 0)
        {
            if (Used(t) > limits.TempBytes) return Exceeded(ProblemCode.LimitFiles, "temporary files", limits.TempBytes, "bytes", Used(t));
            if (t.Files - t.FilesFree > (ulong)EntriesMax) return Exceeded(ProblemCode.LimitFiles, "temporary files", EntriesMax, "entries");
        }
        if (shared is not null && SpawnNative.FStatFs(Number(shared), out var m) == 0 && m.Files - m.FilesFree > (ulong)EntriesMax)
            return Exceeded(ProblemCode.LimitFiles, "shared memory files", EntriesMax, "entries");
        if (view?.Beyond(() => final ? [] : members!.Pids()) is var (bytes, entries))
            return bytes > limits.TempBytes
                ? Exceeded(ProblemCode.LimitFiles, "what a take-off writes to the workspace", limits.TempBytes, "bytes", bytes)
                : Exceeded(ProblemCode.LimitFiles, "what a take-off writes to the workspace", EntriesMax, "entries", entries);
        if (artifactsFiles is null || SpawnNative.FStatFs(Number(artifactsFiles), out var a) != 0) return null;
        if (Used(a) > limits.ArtifactBytes) return Exceeded(ProblemCode.LimitArtifactBytes, "artifacts", limits.ArtifactBytes, "bytes", Used(a));
        // A directory and two files each, and the root.
        return (long)(a.Files - a.FilesFree) > limits.ArtifactCount * 3L + 1 ? Exceeded(ProblemCode.LimitArtifactCount, "artifacts", limits.ArtifactCount, "") : null;
    }

    private static long Used(SpawnNative.FileSystemStat s) => (long)(s.Blocks - s.BlocksFree) * s.BlockSize;

    /// <summary>In each place: an entry takes memory or disk however small it is.</summary>
    private long EntriesMax => Math.Clamp(Run.Limits.TempBytes / 4096, 1000, 200_000);

    protected override bool End()
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

    protected override unsafe Outcome<int> ExitCode()
    {
        var buffer = stackalloc byte[4096];
        var length = (int)SpawnNative.Read(Number(status.Reader), buffer, 4096);
        var last = Encoding.UTF8.GetString(buffer, Math.Max(length, 0)).TrimEnd().Split('\n')[^1];
        if (Number("exit-code", last) is { } code) return code;
        var words = PeekLog();
        var start = words.LastIndexOf("bwrap: ", StringComparison.Ordinal);
        return new Problem(released && start >= 0 ? ProblemCode.EngineStartFailed : ProblemCode.EngineKilled,
            start >= 0 ? $"The engine could not be started: {words[(start + 7)..]}." : "The engine's sandbox was ended from outside.")
        {
            Remedy = start >= 0 ? "Check that the program and its interpreter exist inside the sandbox: of the host it sees /usr, and what the engine brings." : null,
        };
    }

    public override void Dispose()
    {
        info.Dispose();
        status.Dispose();
        block.Dispose();
        init?.Dispose();
        pidNamespace?.Dispose();
        artifactsFiles?.Dispose();
        temp?.Dispose();
        shared?.Dispose();
        view?.Dispose();
        launcher?.Dispose();
        devices?.Dispose();
        group?.Dispose();
        proxy?.Dispose();
        base.Dispose();
    }
}
