// Starts a process with exactly the descriptors that are named, default signals and a given environment (ENG-02).
// The thread that spawns must outlive the child where the child asks to die with its parent: the kernel means the thread.
using System.Runtime.InteropServices;
using CabinCrew.Protocol;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Engines.Processes;

/// <param name="Program">Absolute path.</param>
/// <param name="Environment">NAME=value, complete: nothing is inherited.</param>
/// <param name="Descriptors">Ours, and the number under which the child finds it. Everything else is closed.</param>
internal sealed record SpawnRequest(
    string Program, IReadOnlyList<string> Arguments, IReadOnlyList<string> Environment, IReadOnlyList<(SafeFileHandle Ours, int Theirs)> Descriptors)
{
    public bool NewGroup { get; init; }
    /// <summary>A session of its own, and so a group of its own and no terminal.</summary>
    public bool NewSession { get; init; }
    /// <summary>Called on the spawning thread, immediately before the child is made: what the thread gives up here, the child never has. 0, or the error.
    /// A thread that has given something up is not to be used for anything else.</summary>
    public Func<int>? Confine { get; init; }
}

/// <summary>A child that was started and not yet waited for.</summary>
internal sealed class ChildProcess(int pid, SafeFileHandle pidfd) : IDisposable
{
    private bool collected;
    private int? exitCode;

    public int Pid => pid;
    public int Descriptor => (int)pidfd.DangerousGetHandle();

    public void Kill() => SpawnNative.PidfdSendSignal(Descriptor, SpawnNative.SigKill);

    /// <summary>Blocks until it is dead. Exit code, or 128 + signal; null when somebody else collected it.</summary>
    public int? Wait()
    {
        if (collected) return exitCode;
        collected = true;
        const int interrupted = 4;
        int got, status;
        while ((got = SpawnNative.WaitPid(pid, out status, 0)) < 0 && Marshal.GetLastPInvokeError() == interrupted) { }
        if (got != pid) return null;
        var signal = status & 0x7f;
        return exitCode = signal == 0 ? (status >> 8) & 0xff : 128 + signal;
    }

    public void Dispose() => pidfd.Dispose();
}

internal static unsafe class Spawn
{
    private const short SetGroup = 2, SetSignalDefaults = 4, SetSignalMask = 8, SetSession = 0x80;
    private const int DuplicateCloseOnExec = 1030, DuplicateFrom = 64;

    public static Outcome<ChildProcess> Start(SpawnRequest request)
    {
        // Ours all have it; a descriptor inherited from whoever started us may not. Old kernels have no such call: then one by one.
        if (!SpawnNative.CloseOnExecFrom(3)) CloseInheritedOneByOne();

        // Room for any libc's structures: glibc's are 80, 336 and 128 bytes.
        var actions = stackalloc byte[512];
        var attributes = stackalloc byte[1024];
        var signals = stackalloc byte[256];
        if ((SpawnNative.FileActionsInit(actions) | SpawnNative.AttributesInit(attributes)) is not 0 and var none) return Failed(request, none);
        // Far numbers first, so that no duplication overwrites the source of a later one.
        var far = new List<int>();
        var texts = new List<nint>();
        try
        {
            foreach (var (ours, theirs) in request.Descriptors)
            {
                var copy = SpawnNative.Fcntl((int)ours.DangerousGetHandle(), DuplicateCloseOnExec, DuplicateFrom);
                if (copy < 0) return Failed(request, Marshal.GetLastPInvokeError());
                far.Add(copy);
                if (SpawnNative.FileActionsAddDup2(actions, copy, theirs) is not 0 and var refused) return Failed(request, refused);
            }
            // The runtime ignores SIGPIPE; an engine must not inherit that.
            SpawnNative.SignalSetFill(signals);
            var set = SpawnNative.AttributesSetSignalDefaults(attributes, signals);
            SpawnNative.SignalSetEmpty(signals);
            set |= SpawnNative.AttributesSetSignalMask(attributes, signals);
            set |= SpawnNative.AttributesSetFlags(attributes, (short)(SetSignalDefaults | SetSignalMask | (request.NewGroup ? SetGroup : 0) | (request.NewSession ? SetSession : 0)));
            if (set != 0) return Failed(request, set);

            var argv = Texts([request.Program, .. request.Arguments], texts);
            var envp = Texts(request.Environment, texts);
            fixed (byte** a = argv, e = envp)
            {
                if (request.Confine?.Invoke() is not (null or 0) and { } denied) return Failed(request, denied);
                var error = SpawnNative.PosixSpawn(out var pid, request.Program, actions, attributes, a, e);
                if (error != 0) return Failed(request, error);
                if (SpawnNative.Opened(SpawnNative.PidfdOpen(pid)) is { } pidfd) return new ChildProcess(pid, pidfd);
                error = Marshal.GetLastPInvokeError();
                SpawnNative.Kill(pid, SpawnNative.SigKill);
                SpawnNative.WaitPid(pid, out _, 0);
                return Failed(request, error);
            }
        }
        finally
        {
            foreach (var descriptor in far) SpawnNative.Close(descriptor);
            foreach (var text in texts) Marshal.FreeCoTaskMem(text);
            SpawnNative.FileActionsDestroy(actions);
            SpawnNative.AttributesDestroy(attributes);
        }
    }

    private static byte*[] Texts(IReadOnlyList<string> texts, List<nint> owned)
    {
        var pointers = new byte*[texts.Count + 1];
        for (var i = 0; i < texts.Count; i++)
        {
            var text = Marshal.StringToCoTaskMemUTF8(texts[i]);
            owned.Add(text);
            pointers[i] = (byte*)text;
        }
        return pointers;
    }

    private static Problem Failed(SpawnRequest request, int error) =>
        new(ProblemCode.EngineStartFailed, $"'{request.Program}' could not be started: {Marshal.GetPInvokeErrorMessage(error)}.");

    private static void CloseInheritedOneByOne()
    {
        const int setDescriptorFlags = 2, closeOnExec = 1;
        foreach (var name in Directory.EnumerateFiles("/proc/self/fd"))
            if (int.TryParse(Path.GetFileName(name), out var descriptor) && descriptor > 2)
                SpawnNative.Fcntl(descriptor, setDescriptorFlags, closeOnExec);
    }
}
