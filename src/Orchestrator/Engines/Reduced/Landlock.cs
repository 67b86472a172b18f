// Landlock: what the kernel has of it, and a set of rules for one run. Whatever is not granted by path is denied; rights add up along a path and cannot be
// taken away further down. What Landlock does not know at all (modes, owners, times, attributes, sockets by name) is the system call filter's business.
using System.Runtime.InteropServices;
using CabinCrew.Orchestrator.Engines.Processes;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Engines.Reduced;

[Flags]
internal enum PathAccess : ulong
{
    None = 0,
    Execute = 1, WriteFile = 1 << 1, ReadFile = 1 << 2, ReadDirectory = 1 << 3, RemoveDirectory = 1 << 4, RemoveFile = 1 << 5, MakeDevice = 1 << 6, MakeDirectory = 1 << 7,
    MakeFile = 1 << 8, MakeSocket = 1 << 9, MakeFifo = 1 << 10, MakeBlockDevice = 1 << 11, MakeLink = 1 << 12, Move = 1 << 13, Truncate = 1 << 14, ControlDevice = 1 << 15,

    All = (1 << 16) - 1,
    /// <summary>What a rule on a file, not a directory, may grant.</summary>
    OfFiles = Execute | WriteFile | ReadFile | Truncate | ControlDevice,
    Read = Execute | ReadFile | ReadDirectory,
    ReadOnlyFile = Execute | ReadFile,
    Device = ReadFile | WriteFile | Truncate,
    Write = Read | WriteFile | RemoveDirectory | RemoveFile | MakeDirectory | MakeFile | MakeLink | Move | Truncate,
}

/// <param name="Path">Absolute. What is not there, or is a link where <paramref name="Follow"/> is false, is passed over.</param>
internal readonly record struct PathRule(string Path, PathAccess Access, bool Follow = true);

internal static unsafe class Landlock
{
    /// <summary>Linux 6.12: the first that keeps signals in.</summary>
    public const int AbiNeeded = 6;

    private static readonly (int Abi, string Lack)[] Lacks =
    [
        (2, "moving files between directories"), (3, "cutting files short without opening them for writing"), (4, "TCP connections"), (5, "control calls on devices"),
        (6, "signals to your other processes, and their abstract sockets"),
    ];

    /// <summary>The version of the interface; 0 with the reason where there is none.</summary>
    public static int Abi(out string? why)
    {
        const uint version = 1;
        const int noSuchCall = 38, notSupported = 95;
        var abi = ConfinementNative.CreateRuleset(null, 0, version);
        why = abi > 0 ? null : Marshal.GetLastPInvokeError() switch
        {
            noSuchCall => "the kernel was built without Landlock",
            notSupported => "Landlock is switched off at boot",
            var error => $"the call is denied: {Marshal.GetPInvokeErrorMessage(error)}",
        };
        return Math.Max(abi, 0);
    }

    /// <summary>What a kernel with this interface cannot keep an engine from; null where nothing is missing.</summary>
    public static string? LackOf(int abi)
    {
        var missing = Lacks.Where(l => abi < l.Abi).Select(l => l.Lack).ToList();
        return missing.Count == 0 ? null : string.Join("; ", missing);
    }

    /// <param name="network">TCP is left alone.</param>
    /// <exception cref="IOException">A rule could not be made.</exception>
    public static SafeFileHandle Ruleset(IEnumerable<PathRule> rules, bool network)
    {
        const ulong bindAndConnect = 3, signalsAndAbstractSockets = 3;
        var attributes = new ConfinementNative.RulesetAttributes { Files = (ulong)PathAccess.All, Network = network ? 0 : bindAndConnect, Scoped = signalsAndAbstractSockets };
        var ruleset = SpawnNative.Opened(ConfinementNative.CreateRuleset(&attributes, (nuint)sizeof(ConfinementNative.RulesetAttributes), 0)) ?? throw Failed("no ruleset", "");
        try
        {
            foreach (var rule in rules) Add(ruleset, rule);
            return ruleset;
        }
        catch
        {
            ruleset.Dispose();
            throw;
        }
    }

    private static void Add(SafeFileHandle ruleset, PathRule rule)
    {
        const int pathOnly = 0x200000, absent = 2, notADirectory = 20;
        var noFollow = rule.Follow ? 0 : Posix.FileCalls.NoFollow;
        using var at = SpawnNative.Opened(SpawnNative.Open(rule.Path, pathOnly | noFollow | SpawnNative.CloseOnExec));
        if (at is null)
        {
            if (Marshal.GetLastPInvokeError() is absent or notADirectory) return;
            throw Failed("cannot be opened", rule.Path);
        }
        var kind = Posix.FileCalls.Status(at).Kind;
        if (kind == Posix.EntryKind.Link) return;
        var path = new ConfinementNative.PathBeneath
        {
            Allowed = (ulong)(kind == Posix.EntryKind.Directory ? rule.Access : rule.Access & PathAccess.OfFiles), Parent = (int)at.DangerousGetHandle(),
        };
        if (path.Allowed != 0 && ConfinementNative.AddPathRule((int)ruleset.DangerousGetHandle(), &path) != 0) throw Failed("cannot be granted", rule.Path);
    }

    private static IOException Failed(string what, string path) =>
        new($"Landlock: {(path.Length == 0 ? "" : $"'{path}' ")}{what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
}
