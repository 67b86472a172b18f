// The oracle of the crash tests: looks at files, at the effects log and at the log's own bytes, and never asks the process that was killed.
// Whatever the moment of death: the workspace is as it was or as approved, outside at most once, doubt is told where there is any, the lock says the same, every log proves itself.
using System.Text.Json;
using CabinCrew.Ledger.Streams;
using CabinCrew.Ledger.Streams.Sqlite;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Spec;

namespace CabinCrew.Tests.Hangar;

/// <param name="Intent">Epoch and token of the last intent, as the engine would write them.</param>
internal sealed record Remains(bool Marked, string? Intent, LifecycleState? Ended);

internal static class CrashVerdict
{
    /// <summary>Right after a death, before anybody has mended anything.</summary>
    public static Remains AfterDeath(CrashScene scene)
    {
        var remains = Read(scene);
        if (!remains.Marked) Assert.Equal(scene.Before, scene.Tree());
        AtMostOnce(scene, remains);
        return remains;
    }

    /// <summary>When the flight has come to where it stays.</summary>
    /// <param name="dead">What was found after the last death before.</param>
    public static async Task AfterEndAsync(CrashScene scene, Remains dead)
    {
        var remains = Read(scene);
        AtMostOnce(scene, remains);
        var unknown = dead is { Intent: not null, Marked: false, Ended: null };
        Assert.Equal(scene.Kind switch
        {
            CrashKind.Outside when unknown => "doubt",
            CrashKind.Refused => "failed",
            CrashKind.Doubt => "resolved",
            _ => "landed",
        }, scene.Outcome.Split(' ')[0]);

        await using var house = await FlightHouse.AtAsync(scene.Root, TimeProvider.System);
        var header = Assert.Single((await house.Ledger.Store.ListAsync(TenantId.Local, new StreamFilter(), default)).Value);
        var state = await house.StateAsync(header.Workflow);
        await house.ProveAsync(header.Workflow);
        var landed = scene.Outcome == "landed";
        Assert.Equal(landed ? scene.After : scene.Before, scene.Tree());
        Assert.Equal((landed ? scene.Kind == CrashKind.TwoSteps ? 2 : 1 : 0, scene.Outcome == "doubt"), ((await house.EntriesAsync(header.Workflow)).Count(e => e.EntryType == WalEntryTypes.TakeOffCommit), header.InDoubt));
        Assert.Equal(scene.Outcome.Split(' ')[0] switch
        {
            "landed" => LifecycleState.Completed,
            "doubt" => null,
            "resolved" when scene.Effects.Count == 1 => LifecycleState.Completed,
            _ => (LifecycleState?)LifecycleState.Failed,
        }, state.Ended);
        if (landed && scene.Kind == CrashKind.Outside) Assert.Equal([remains.Intent!], scene.Effects);
        if (scene.Kind == CrashKind.Git) Assert.Equal("Change a\nfirst\n", TempTree.Run(scene["workspace"], "git", "log", "--format=%s") + TempTree.Run(scene["workspace"], "git", "fsck", "--strict") + TempTree.Run(scene["workspace"], "git", "status", "--porcelain"));

        // The lock is held by the doubt, and by nothing else; nobody owns a flight any more, and nobody is thought to live.
        using var db = Database.Open(Path.Combine(house.StoreDirectory, "state.db"), readOnly: true);
        Assert.Equal((scene.Outcome == "doubt" ? 1 : 0, 0, 0), (db.Number("SELECT count(*) FROM locks WHERE holder IS NOT NULL"), db.Number("SELECT count(*) FROM streams WHERE owner IS NOT NULL"), db.Number("SELECT count(*) FROM sessions")));
        Assert.Equal("ok", db.Pragma("quick_check(1)"));
        if (scene.Outcome != "doubt") return;

        // Asked again, it is told again, and not done again; and nobody else takes off there.
        var effects = scene.Effects;
        Assert.Equal(ProblemCode.TakeOffOutcomeUnknown, (await house.AdvanceAsync(header.Workflow)).Problem?.Code);
        Assert.Equal(effects, scene.Effects);
        house.Script("other", "propose a.txt other");
        house.Rules(FlightHouse.Allow);
        Assert.Equal(ProblemCode.WorkspaceLocked, (await house.FlyAsync(house.Workflow("  - { id: two, engine: ./engines/other }"))).Problem?.Code);
        Assert.Equal(scene.Before, scene.Tree());
    }

    // Nothing outside without an intent that was durable before it, and nothing twice.
    private static void AtMostOnce(CrashScene scene, Remains remains)
    {
        Assert.True(scene.Effects.Count <= 1, $"the effect happened {scene.Effects.Count} times");
        if (scene.Effects is [var effect]) Assert.Equal(remains.Intent, effect);
    }

    /// <summary>The entries of every flight, as they are stored.</summary>
    public static IReadOnlyList<string> Log(CrashScene scene)
    {
        var path = Path.Combine(scene["store"], "state.db");
        if (!File.Exists(path)) return [];
        using var db = Database.Open(path, readOnly: true);
        return db.Number("SELECT count(*) FROM sqlite_schema WHERE name = 'entries'") == 0 ? [] : db.Query("SELECT json FROM entries ORDER BY stream, sequence", r => r.GetString(0));
    }

    public static Remains Read(CrashScene scene)
    {
        var entries = Log(scene).Select(json => JsonSerializer.Deserialize(json, ProtocolJson.Default.WalEntry)!).ToList();
        var intent = entries.LastOrDefault(e => e.EntryType == WalEntryTypes.TakeOffIntent)?.Data;
        return new(
            entries.Exists(e => e.EntryType == WalEntryTypes.TakeOffCommit),
            intent is { } data ? $"{data.GetProperty("epoch").GetInt64()} {data.GetProperty("token").GetString()}" : null,
            entries.Exists(e => e.EntryType == WalEntryTypes.WorkflowCompleted) ? LifecycleState.Completed : entries.Exists(e => e.EntryType == WalEntryTypes.WorkflowFailed) ? LifecycleState.Failed : null);
    }
}
