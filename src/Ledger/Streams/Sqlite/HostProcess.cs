// Who a process is on its host, so that the claims of a killed one are freed at once instead of when its lease ends.
// A process counts as dead only when we are sure: same boot, same pid namespace, and the pid is gone or was given to another.
using System.Globalization;

namespace CabinCrew.Ledger.Streams.Sqlite;

/// <param name="Realm">Boot id and pid namespace: pids mean the same only within one. Empty where the system does not tell.</param>
/// <param name="Started">Clock ticks since boot.</param>
internal sealed record HostProcess(string Realm, long Pid, long Started)
{
    private static readonly Lazy<HostProcess> OfThis = new(() => new(ReadRealm(), Environment.ProcessId, StartOf(Environment.ProcessId) ?? 0));

    public static HostProcess This => OfThis.Value;

    /// <summary>Its clocks are ours, whatever pid namespace it lives in.</summary>
    public bool IsOfThisBoot => Boot.Length > 0 && Boot.SequenceEqual(This.Boot);

    private ReadOnlySpan<char> Boot => Realm.AsSpan(0, Math.Max(0, Realm.IndexOf(' ', StringComparison.Ordinal)));

    public bool IsSurelyDead
    {
        get
        {
            if (Realm.Length == 0 || Started == 0 || Realm != This.Realm || this == This) return false;
            return StartOf(Pid) != Started;
        }
    }

    private static string ReadRealm()
    {
        try
        {
            var boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
            return new FileInfo("/proc/self/ns/pid").LinkTarget is { Length: > 0 } space ? $"{boot} {space}" : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    // Null when there is no such process, or only its zombie.
    private static long? StartOf(long pid)
    {
        try
        {
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
            // The name in brackets may hold anything; the fields that count follow the last bracket: state is the first, start time the twentieth.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : long.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
