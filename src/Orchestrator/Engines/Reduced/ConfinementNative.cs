// The system calls of the reduced tier: Landlock, seccomp with a listener, capabilities. Thin: every return value is checked by the caller.
using System.Runtime.InteropServices;

namespace CabinCrew.Orchestrator.Engines.Reduced;

internal static unsafe partial class ConfinementNative
{
    // These have the same number on every architecture that .NET runs on.
    private const nint CreateRulesetCall = 444, AddRuleCall = 445, RestrictSelfCall = 446, ChangeModeAt2Call = 452;
    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
    private static readonly nint SeccompCall = IsArm ? 277 : 317, SetCapabilitiesCall = IsArm ? 91 : 126;

    /// <summary>struct landlock_ruleset_attr, as of ABI 6.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct RulesetAttributes
    {
        public ulong Files, Network, Scoped;
    }

    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    public struct PathBeneath
    {
        public ulong Allowed;
        public int Parent;
    }

    /// <summary>struct sock_fprog.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FilterProgram
    {
        public ushort Length;
        public void* Instructions;
    }

    /// <summary>struct seccomp_notif.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Notification
    {
        public ulong Id;
        public uint Pid, Flags;
        public int Number;
        public uint Architecture;
        public ulong InstructionPointer;
        public fixed ulong Arguments[6];
    }

    /// <summary>struct seccomp_notif_resp.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Answer
    {
        public ulong Id;
        public long Value;
        public int Error;
        public uint Flags;
    }

    public const nuint ReceiveNotification = 0xC0502100, SendAnswer = 0xC0182101, IsNotificationValid = 0x40082102;

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint a, nint b, nint c, nint d);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    public static partial int ProcessControl(int option, nint a, nint b, nint c, nint d);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(int descriptor, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    public static partial nint ReadAt(int descriptor, byte* buffer, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "utimensat", SetLastError = true)]
    public static partial int SetTimes(int at, byte* path, long* times, int flags);

    /// <summary>With no attributes: the ABI that the kernel has.</summary>
    public static int CreateRuleset(RulesetAttributes* attributes, nuint size, uint flags) => (int)SystemCall(CreateRulesetCall, (nint)attributes, (nint)size, (nint)flags, 0);

    public static int AddPathRule(int ruleset, PathBeneath* rule) => (int)SystemCall(AddRuleCall, ruleset, 1, (nint)rule, 0);

    /// <summary>The calling thread only, and what it starts.</summary>
    public static int RestrictSelf(int ruleset) => (int)SystemCall(RestrictSelfCall, ruleset, 0, 0, 0);

    /// <summary>The calling thread only, and what it starts. With a listener's flag: its descriptor.</summary>
    public static int SetFilter(uint flags, FilterProgram* program) => (int)SystemCall(SeccompCall, 1, (nint)flags, (nint)program, 0);

    /// <summary>The calling thread only.</summary>
    public static int SetCapabilities(void* header, void* data) => (int)SystemCall(SetCapabilitiesCall, (nint)header, (nint)data, 0, 0);

    /// <summary>Of the file that a descriptor stands for, also one of O_PATH.</summary>
    public static int SetMode(int descriptor, uint mode)
    {
        byte nothing = 0;
        const int emptyPath = 0x1000;
        return (int)SystemCall(ChangeModeAt2Call, descriptor, (nint)(&nothing), (nint)mode, emptyPath);
    }
}
