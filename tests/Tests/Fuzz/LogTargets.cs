// Doors for what was written once and is read back: a flight's log, replayed; an audit export, verified by an outsider.
using System.Text;
using System.Text.Json;
using CabinCrew.Ledger.Audit;
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Properties;
using CabinCrew.Tests.Tidy;
using static CabinCrew.Tests.Fuzz.FuzzTarget;

namespace CabinCrew.Tests.Fuzz;

internal static class LogTargets
{
    public static IEnumerable<FuzzTarget> All =>
    [
        new("replay", [Flight()], Replay, [.. StateWords, "a", "b", "step_id", "problem", "extensions", "takeoff_commit", "workflow_failed", "sha256:", "0001-01-01T00:00:00+00:00"]) { Short = 2500, Memory = (48 << 20, 600), BytesMax = 60_000 },
        new("audit", [File.ReadAllBytes(Kit("good.jsonl")), .. Directory.EnumerateFiles(Kit(""), "*.jsonl").Order(StringComparer.Ordinal).Select(File.ReadAllBytes)], Verify,
            "audit_head", "audit_export", "sequence", "chain_hash", "signature", "\n", "\r\n", " ", "sha256:") { Short = 1200, Memory = (24 << 20, 600), Time = (1500, 30) },
    ];

    private static string Kit(string file) => Path.Combine(Repository.Root, "testkit", "audit", file);

    private static IEnumerable<string> StateWords => Enum.GetValues<LifecycleState>().Select(s => s.Word());

    // A line for each entry: its type, and its data.
    private static byte[] Flight() => Encoding.UTF8.GetBytes(string.Concat(FlightFoldProperties.Recorded.Value.GetAwaiter().GetResult().Entries.Select(e => $"{e.EntryType} {e.Data.GetRawText()}\n")));

    private static string Replay(byte[] input)
    {
        var id = FlightFoldProperties.Recorded.Value.GetAwaiter().GetResult().Id;
        var entries = new List<WalEntry>();
        var at = new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
        foreach (var line in Encoding.UTF8.GetString(input).Split('\n').Take(500))
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space < 0 || !StrictJson.Parse(Encoding.UTF8.GetBytes(line[(space + 1)..])).Try(out var data, out _)) continue;
            entries.Add(WalEntries.Seal(entries.Count, at.AddSeconds(entries.Count), id.ToString(), line[..space], data));
        }
        Holds(WalEntries.VerifyStream(entries, id.ToString()).Ok, "sealed entries do not verify");
        if (!FlightFold.Replay(id, entries).Try(out var state, out var problem))
        {
            Holds(problem.Code is ProblemCode.StoreCorrupt or ProblemCode.IllegalTransition, $"refused otherwise than as corrupt: {problem.Code}");
            return $"{Math.Min(entries.Count, 80) / 10} {Refused(problem)}";
        }
        // What is taken whole was taken at each entry, and reads the same again.
        for (var count = entries.Count; count > 0; count -= 7) Holds(FlightFold.Replay(id, [.. entries.Take(count)]).Ok, "a log whose beginning is corrupt was taken");
        var header = Headers.Of(state);
        Holds(Headers.Of(FlightFold.Replay(id, entries).Value) == header, "replayed twice it is another");
        return $"{header.State} {Math.Min(entries.Count, 80) / 10} {state.InDoubt}";
    }

    private static readonly Lazy<(string Key, Dictionary<long, string> Events)> Good = new(() => (File.ReadAllText(Kit("pub.pem")), Bodies(File.ReadAllBytes(Kit("good.jsonl")))));

    private static string Verify(byte[] input)
    {
        using var stream = new MemoryStream(input);
        var report = AuditVerifier.VerifyAsync(stream, Good.Value.Key, null, default).GetAwaiter().GetResult();
        if (!report.Try(out var good, out var problem)) return Refused(problem);
        // Whoever verifies must have seen exactly what was signed, up to some head.
        var events = Bodies(input);
        Holds(events.Count == good.Events, $"verified {good.Events} events where there are {events.Count}");
        foreach (var (sequence, body) in events) Holds(Good.Value.Events.TryGetValue(sequence, out var original) && original == body, $"verified an event that nobody wrote: {sequence}");
        return $"good {good.Events}";
    }

    private static Dictionary<long, string> Bodies(byte[] export)
    {
        var bodies = new Dictionary<long, string>();
        foreach (var line in Encoding.UTF8.GetString(export).Split('\n'))
            if (AuditLine.Parse(Encoding.UTF8.GetBytes(line)) is { Kind: AuditLineKind.Event } parsed) bodies[parsed.Sequence] = Encoding.UTF8.GetString(parsed.Body);
        return bodies;
    }
}
