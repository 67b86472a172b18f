// Assembles the seccomp program (classic BPF, seccomp(2)) that every process of a sandbox carries. Pure: the same bytes on any machine (ENG-06).
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace CabinCrew.Orchestrator.Engines.Sandbox;

internal static class SeccompFilter
{
    public const uint Allow = 0x7fff0000;
    public const uint KillProcess = 0x80000000;
    public const uint PermissionDenied = 0x00050000 | 1;
    public const uint NoSuchCall = 0x00050000 | 38;
    public const uint NoSuchFamily = 0x00050000 | 97;
    public const uint NotSupported = 0x00050000 | 95;
    /// <summary>The call waits for the orchestrator's answer.</summary>
    public const uint Ask = 0x7fc00000;
    public const uint NoMemory = 0x00050000 | 12;

    public const uint ArchX64 = 0xC000003E;
    public const uint ArchArm64 = 0xC00000B7;

    /// <summary>Any new namespace: mount, cgroup, UTS, IPC, user, pid, network.</summary>
    public const uint NewNamespaces = 0x7E020000;

    private const ushort Load = 0x20, JumpEqual = 0x15, JumpGreater = 0x25, JumpAnySet = 0x45, And = 0x54, Return = 0x06;
    // struct seccomp_data: number, architecture, instruction pointer, six arguments of 64 bits, little endian.
    private const uint NumberAt = 0, ArchAt = 4, FirstArgumentAt = 16;
    private const uint X32Bit = 0x40000000;

    /// <param name="network">The host's network is visible: then its abstract unix sockets would be too, and no unix socket can be made.</param>
    /// <param name="reduced">No namespace is between the engine and the host: no socket by name, no other program's memory, queues, limits or schedule, and
    /// file attributes only through the orchestrator.</param>
    /// <returns>An array of struct sock_filter (8 bytes each), as bwrap's --seccomp reads it; null for an architecture without a list.</returns>
    public static byte[]? Assemble(Architecture architecture, bool network, bool reduced = false) => architecture switch
    {
        Architecture.X64 => Assemble(ArchX64, static c => c.X64, network, reduced),
        Architecture.Arm64 => Assemble(ArchArm64, static c => c.Arm64, network, reduced),
        _ => null,
    };

    private static byte[] Assemble(uint arch, Func<SystemCall, int> number, bool network, bool reduced)
    {
        var program = new List<(ushort Code, byte IfTrue, byte IfFalse, uint Value)>();
        void Emit(ushort code, uint value, byte ifTrue = 0, byte ifFalse = 0) => program.Add((code, ifTrue, ifFalse, value));
        void Answer(ushort test, uint value, uint answer)
        {
            Emit(test, value, 0, 1);
            Emit(Return, answer);
        }

        Emit(Load, ArchAt);
        Emit(JumpEqual, arch, 1, 0);
        Emit(Return, KillProcess);
        Emit(Load, NumberAt);
        Answer(JumpGreater, X32Bit - 1, KillProcess);
        Answer(JumpGreater, SystemCalls.LastReviewed, NoSuchCall);
        foreach (var call in SystemCalls.Forbidden.Where(c => number(c) >= 0)) Answer(JumpEqual, (uint)number(call), PermissionDenied);
        foreach (var call in SystemCalls.Absent) Answer(JumpEqual, (uint)number(call), NoSuchCall);
        if (reduced) Reduced();

        // Each block below is skipped whole when the number is another's, and ends in a return.
        Block(SystemCalls.Clone, [(Load, FirstArgumentAt, 0, 0), (JumpAnySet, NewNamespaces, 0, 1), (Return, PermissionDenied, 0, 0), (Return, Allow, 0, 0)]);
        // The low half only: the kernel reads an int, and what stands above it must not hide the request. TIOCSTI, TIOCLINUX.
        if (reduced)
            // Flags and projects of any file that can be opened, its generation, its encryption; then as below.
            Block(SystemCalls.Ioctl,
            [
                (Load, FirstArgumentAt + 8, 0, 0), (JumpEqual, 0x40086602, 6, 0), (JumpEqual, 0x401C5820, 5, 0), (JumpEqual, 0x40087602, 4, 0), (JumpEqual, 0x800C6613, 3, 0),
                (JumpEqual, 0x5412, 2, 0), (JumpEqual, 0x541C, 1, 0), (Return, Allow, 0, 0), (Return, PermissionDenied, 0, 0),
            ]);
        Block(SystemCalls.Ioctl, [(Load, FirstArgumentAt + 8, 0, 0), (JumpEqual, 0x5412, 1, 0), (JumpEqual, 0x541C, 0, 1), (Return, PermissionDenied, 0, 0), (Return, Allow, 0, 0)]);
        // A lease (F_SETLEASE) on a file of the host makes whoever wants to write it wait.
        Block(SystemCalls.FileControl, [(Load, FirstArgumentAt + 8, 0, 0), (JumpEqual, 1024, 0, 1), (Return, PermissionDenied, 0, 0), (Return, Allow, 0, 0)]);
        // Huge pages (MAP_HUGETLB) are the machine's reserve, and no process's resident size shows them.
        Block(SystemCalls.MemoryMap, [(Load, FirstArgumentAt + 24, 0, 0), (JumpAnySet, 0x40000, 0, 1), (Return, NoMemory, 0, 0), (Return, Allow, 0, 0)]);
        // Linux's own personality, and the question which one it is.
        Block(SystemCalls.Personality, [(Load, FirstArgumentAt, 0, 0), (JumpEqual, 0, 1, 0), (JumpEqual, 0xffffffff, 0, 1), (Return, Allow, 0, 0), (Return, PermissionDenied, 0, 0)]);
        // UNIX 1, INET 2, INET6 10; NETLINK 16 for protocol ROUTE (0) only.
        Block(SystemCalls.Socket,
        [
            (Load, FirstArgumentAt, 0, 0), (JumpEqual, 1, (byte)(network ? 5 : 6), 0), (JumpEqual, 2, 5, 0), (JumpEqual, 10, 4, 0), (JumpEqual, 16, 0, 2),
            (Load, FirstArgumentAt + 16, 0, 0), (JumpEqual, 0, 1, 0), (Return, NoSuchFamily, 0, 0), (Return, Allow, 0, 0),
        ]);
        // A pair that knows no peer (datagrams) can be sent to any socket of the host's by its name.
        if (network || reduced)
            Block(SystemCalls.SocketPair,
            [
                (Load, FirstArgumentAt + 8, 0, 0), (And, 0xf, 0, 0), (JumpEqual, 1, 2, 0), (JumpEqual, 5, 1, 0), (Return, NoSuchFamily, 0, 0), (Return, Allow, 0, 0),
            ]);
        Emit(Return, Allow);
        return Bytes(program);

        void Reduced()
        {
            foreach (var call in SystemCalls.Supervised.Where(c => number(c) >= 0)) Answer(JumpEqual, (uint)number(call), Ask);
            foreach (var call in SystemCalls.AbsentWhenReduced.Where(c => number(c) >= 0)) Answer(JumpEqual, (uint)number(call), NoSuchCall);
            foreach (var call in SystemCalls.AttributesWhenReduced) Answer(JumpEqual, (uint)number(call), NotSupported);
            foreach (var call in SystemCalls.OwnOnlyWhenReduced) Block(call, [(Load, FirstArgumentAt, 0, 0), (JumpEqual, 0, 1, 0), (Return, PermissionDenied, 0, 0), (Return, Allow, 0, 0)]);
            // Of one process (0 and 1 in their own countings), and that the caller.
            foreach (var (call, process) in (ReadOnlySpan<(SystemCall, uint)>)[(SystemCalls.SetPriority, 0), (SystemCalls.SetIoPriority, 1)])
                Block(call, [(Load, FirstArgumentAt, 0, 0), (JumpEqual, process, 0, 2), (Load, FirstArgumentAt + 8, 0, 0), (JumpEqual, 0, 1, 0), (Return, PermissionDenied, 0, 0), (Return, Allow, 0, 0)]);
            // Nobody else's limits, and never the one that marks the run's processes.
            Block(SystemCalls.Limits,
            [
                (Load, FirstArgumentAt, 0, 0), (JumpEqual, 0, 0, 2), (Load, FirstArgumentAt + 8, 0, 0), (JumpEqual, Processes.ProcessBrand.Limit, 0, 1),
                (Return, PermissionDenied, 0, 0), (Return, Allow, 0, 0),
            ]);
            Block(SystemCalls.SetLimit, [(Load, FirstArgumentAt, 0, 0), (JumpEqual, Processes.ProcessBrand.Limit, 0, 1), (Return, PermissionDenied, 0, 0), (Return, Allow, 0, 0)]);
            if (!network) Answer(JumpEqual, (uint)number(SystemCalls.Socket), NoSuchFamily);
        }

        void Block(SystemCall call, (ushort Code, uint Value, byte IfTrue, byte IfFalse)[] body)
        {
            Emit(JumpEqual, (uint)number(call), 0, (byte)body.Length);
            foreach (var i in body) Emit(i.Code, i.Value, i.IfTrue, i.IfFalse);
        }
    }

    private static byte[] Bytes(List<(ushort Code, byte IfTrue, byte IfFalse, uint Value)> program)
    {
        var bytes = new byte[program.Count * 8];
        for (var i = 0; i < program.Count; i++)
        {
            var at = bytes.AsSpan(i * 8);
            BinaryPrimitives.WriteUInt16LittleEndian(at, program[i].Code);
            (at[2], at[3]) = (program[i].IfTrue, program[i].IfFalse);
            BinaryPrimitives.WriteUInt32LittleEndian(at[4..], program[i].Value);
        }
        return bytes;
    }
}
