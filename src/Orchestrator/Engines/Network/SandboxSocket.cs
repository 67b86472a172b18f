// A socket that belongs to a sandbox's network namespace, in our hands: what connects to it there is accepted here, so that nothing of ours runs inside.
// Only the making of a socket looks at where its thread stands; all the rest (bind, listen, accept) works from anywhere.
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Protocol;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Engines.Network;

public static unsafe partial class SandboxSocket
{
    /// <summary>The hidden verb by which the program makes a socket where it was put, and hands it to descriptor 3.</summary>
    public const string Verb = "__socket";

    private const int NewNetwork = 0x40000000, GetUserNamespace = 0xb701, Internet = 2, StreamCloseOnExec = 1 | 0x80000, HandOver = 3, Backlog = 128, MadeMilliseconds = 20_000;

    /// <param name="child">A process of the sandbox that waits, so that its number cannot become another's.</param>
    /// <param name="byProcess">As for an ordinary user, whoever we are.</param>
    internal static Outcome<Socket> Listen(int child, int port, bool byProcess = false)
    {
        using var network = SpawnNative.Opened(SpawnNative.Open($"/proc/{child}/ns/net", SpawnNative.CloseOnExec));
        if (network is null) return Failed("its network namespace cannot be opened");
        var made = (byProcess ? null : MakeBySwitching(network)) ?? MakeByProcess(network);
        if (made is null) return Failed("no socket could be made in its network namespace");
        var socket = new Socket(made);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            return Failed(e.Message);
        }
    }

    private static Problem Failed(string why) => new(ProblemCode.SandboxFailed, $"The sandbox's network could not be set up: {why.TrimEnd('.')}.");

    /// <summary>With the right to (root): a thread of its own steps over, makes the socket, steps back and ends. It makes no thread and no connection meanwhile.</summary>
    private static SafeSocketHandle? MakeBySwitching(SafeFileHandle network)
    {
        using var own = SpawnNative.Opened(SpawnNative.Open("/proc/thread-self/ns/net", SpawnNative.CloseOnExec));
        if (own is null) return null;
        var (there, back, made) = ((int)network.DangerousGetHandle(), (int)own.DangerousGetHandle(), -1);
        // Once with nothing, so that whatever the runtime has to prepare for these calls is prepared on this side.
        Switch(-1, -1);
        var thread = new Thread(() => made = Switch(there, back)) { IsBackground = true, Name = "sandbox socket" };
        thread.Start();
        thread.Join();
        return made < 0 ? null : new SafeSocketHandle(made, ownsHandle: true);
    }

    private static int Switch(int there, int back)
    {
        if (SetNamespace(there, NewNetwork) != 0)
        {
            if (there < 0) Close(NewSocket(-1, 0, 0));
            return -1;
        }
        var made = NewSocket(Internet, StreamCloseOnExec, 0);
        if (SetNamespace(back, NewNetwork) != 0) Environment.FailFast("a thread cannot leave a sandbox's network namespace");
        return made;
    }

    /// <summary>For an ordinary user, who may step over only from a process that has one thread: nsenter does, and becomes this very program, which makes the socket.</summary>
    private static SafeSocketHandle? MakeByProcess(SafeFileHandle network)
    {
        // The namespace's owner, not the sandbox's innermost user namespace, which has no say over it.
        using var owner = SpawnNative.Opened(IoControl((int)network.DangerousGetHandle(), GetUserNamespace));
        if (owner is null || Programs.Find("nsenter") is not { } enter || OwnProgram.Command() is not { } command) return null;
        var ends = stackalloc int[2];
        if (SocketPair(1, 1 | 0x80000, 0, ends) != 0) return null;
        using var ours = new SafeFileHandle(ends[0], ownsHandle: true);
        using var theirs = new SafeFileHandle(ends[1], ownsHandle: true);
        var started = Spawn.Start(new(enter, ["--user=/proc/self/fd/4", "--net=/proc/self/fd/5", "--preserve-credentials", "--", .. command, Verb],
            ["PATH=" + Programs.SearchPath, "DOTNET_TieredPGO=0"], [(theirs, HandOver), (owner, 4), (network, 5)]));
        theirs.Dispose();
        if (!started.Try(out var maker, out _)) return null;
        using (maker)
        {
            var entry = new SpawnNative.PollEntry { Descriptor = ends[0], Events = SpawnNative.PollIn };
            var made = SpawnNative.Poll(&entry, 1, MadeMilliseconds) > 0 ? Receive(ends[0]) : -1;
            maker.Kill();
            maker.Wait();
            return made < 0 ? null : new SafeSocketHandle(made, ownsHandle: true);
        }
    }

    /// <summary>The verb's whole work. Exit code 0: handed over.</summary>
    public static int Make()
    {
        var made = NewSocket(Internet, StreamCloseOnExec, 0);
        return made >= 0 && Send(HandOver, made) ? 0 : 1;
    }

    // A message of one byte with one descriptor (unix(7), SCM_RIGHTS): length, level SOL_SOCKET, type SCM_RIGHTS, the descriptor.
    private const int ControlBytes = 24, ControlLength = 20;

    private static bool Send(int to, int descriptor)
    {
        byte word = 1;
        var control = stackalloc byte[ControlBytes];
        (*(nint*)control, ((int*)control)[2], ((int*)control)[3], ((int*)control)[4]) = (ControlLength, 1, 1, descriptor);
        var part = new Part { Base = &word, Length = 1 };
        var message = new Message { Parts = &part, PartCount = 1, Control = control, ControlLength = ControlBytes };
        return SendMessage(to, &message, 0) == 1;
    }

    private static int Receive(int from)
    {
        const int closeOnExec = 0x40000000;
        byte word;
        var control = stackalloc byte[ControlBytes];
        new Span<byte>(control, ControlBytes).Clear();
        var part = new Part { Base = &word, Length = 1 };
        var message = new Message { Parts = &part, PartCount = 1, Control = control, ControlLength = ControlBytes };
        return ReceiveMessage(from, &message, closeOnExec) == 1 && *(nint*)control == ControlLength && ((int*)control)[2] == 1 && ((int*)control)[3] == 1 ? ((int*)control)[4] : -1;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Part
    {
        public void* Base;
        public nuint Length;
    }

    /// <summary>struct msghdr of 64-bit Linux; where a libc's members are narrower, the rest is padding.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Message
    {
        public void* Name;
        public nuint NameLength;
        public Part* Parts;
        public nuint PartCount;
        public void* Control;
        public nuint ControlLength;
        public nint Flags;
    }

    [LibraryImport("libc", EntryPoint = "setns")]
    private static partial int SetNamespace(int descriptor, int kind);

    [LibraryImport("libc", EntryPoint = "socket")]
    private static partial int NewSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial void Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int IoControl(int descriptor, nuint request);

    [LibraryImport("libc", EntryPoint = "socketpair")]
    private static partial int SocketPair(int family, int type, int protocol, int* ends);

    [LibraryImport("libc", EntryPoint = "sendmsg")]
    private static partial nint SendMessage(int descriptor, Message* message, int flags);

    [LibraryImport("libc", EntryPoint = "recvmsg")]
    private static partial nint ReceiveMessage(int descriptor, Message* message, int flags);
}
