// ORC-04, ORC-05: replay accepts what a flight wrote and nothing else; whatever else it is given, it refuses and never breaks.
using System.Text.Json.Nodes;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;
using CabinCrew.Tests.Spec;

namespace CabinCrew.Tests.Properties;

public sealed class FlightFoldProperties
{
    internal static readonly Lazy<Task<(WorkflowId Id, IReadOnlyList<WalEntry> Entries)>> Recorded = new(RecordAsync);

    [Theory, Clause("ORC-01")]
    [InlineData(1), InlineData(2), InlineData(3)]
    public async Task No_random_walk_gets_through_a_transition_that_is_not_in_the_table(int seed)
    {
        var (id, entries) = await Recorded.Value;
        var random = new Random(seed);
        for (var walk = 0; walk < 300; walk++)
        {
            var state = FlightFold.Replay(id, [entries[0]]).Value;
            var at = LifecycleState.Init;
            for (var step = 0; step < 30; step++)
            {
                var (from, to) = (random.Next(4) == 0 ? Any(random) : at, Any(random));
                var draft = FlightEntries.Moved(StepId.Parse("a"), from, to);
                var next = FlightFold.Apply(id, state, draft.EntryType, draft.Data, step + 1, default);
                Assert.True(next.Ok == (from == at && StateMachine.Allows(from, to)), $"seed {seed}, walk {walk}: {from} to {to} while in {at}");
                if (!next.Ok) continue;
                (state, at) = (next.Value, to);
                Assert.Equal(at, state.Steps[StepId.Parse("a")].State);
            }
        }
    }

    [Fact, Clause("ORC-04"), Clause("ORC-05")]
    public async Task A_log_whose_entries_were_dropped_doubled_or_swapped_is_refused()
    {
        var (id, entries) = await Recorded.Value;
        Assert.Equal(LifecycleState.Completed, FlightFold.Replay(id, entries).Value.Ended);
        var ordered = entries.Select((e, i) => (e, i)).Where(e => e.e.EntryType is WalEntryTypes.StateChanged or WalEntryTypes.StepCompleted or WalEntryTypes.WorkflowStarted).ToList();
        Assert.True(ordered.Count > 20);
        foreach (var (_, i) in ordered.Where(o => o.e.EntryType != WalEntryTypes.StepCompleted))
        {
            Refused(id, [.. entries.Take(i), .. entries.Skip(i + 1)], $"without entry {i}");
            Refused(id, [.. entries.Take(i + 1), .. entries.Skip(i)], $"entry {i} twice");
        }
        foreach (var (_, i) in ordered.Where(o => o.i > 0))
            foreach (var (other, j) in ordered.Where(o => o.i > i && o.e.Data.GetProperty("step_id").GetString() == entries[i].Data.GetProperty("step_id").GetString()))
            {
                var swapped = entries.ToList();
                (swapped[i], swapped[j]) = (other, swapped[i]);
                Refused(id, swapped, $"entries {i} and {j} swapped");
            }
        Refused(id, [], "empty");
        Refused(id, [.. entries, entries[^1]], "an entry after the end");
        Refused(id, [.. entries.Where(e => e.EntryType != WalEntryTypes.StateChanged || e.Data.GetProperty("step_id").GetString() != "b")], "completed without step b");
    }

    [Fact, Clause("ORC-05")]
    public async Task An_entry_with_any_member_missing_or_of_another_kind_never_breaks_the_replay()
    {
        var (id, entries) = await Recorded.Value;
        var tried = 0;
        var refused = 0;
        for (var i = 0; i < entries.Count; i++)
            foreach (var mutant in Mutants(JsonNode.Parse(entries[i].Data.GetRawText())!))
            {
                var log = entries.ToList();
                log[i] = log[i] with { Data = System.Text.Json.JsonElement.Parse(mutant.ToJsonString()) };
                var replayed = FlightFold.Replay(id, log);
                tried++;
                if (replayed.Problem is not { } problem) continue;
                refused++;
                Assert.True(problem.Code is ProblemCode.StoreCorrupt or ProblemCode.IllegalTransition, problem.ToString());
            }
        Assert.True(tried > 1000 && refused > tried / 2, $"{refused} of {tried}");
    }

    [Theory, Clause("ORC-05")]
    [InlineData("no_such_entry", "{}")]
    [InlineData(WalEntryTypes.WorkflowStarted, "{}")]
    [InlineData(WalEntryTypes.WorkflowCompleted, """{"final_state":"COMPLETED","artifacts":[]}""")]
    [InlineData(WalEntryTypes.StateChanged, """{"step_id":"nobody","from":"INIT","to":"PLAN_RUNNING"}""")]
    [InlineData(WalEntryTypes.StateChanged, """{"step_id":"a","from":"INIT","to":"READY_FOR_TAKEOFF"}""")]
    [InlineData(WalEntryTypes.TakeOffInDoubt, """{"step_id":"a","reason":"x"}""")]
    public async Task An_entry_that_does_not_fit_is_corruption(string type, string data)
    {
        var (id, entries) = await Recorded.Value;
        var state = FlightFold.Replay(id, [entries[0]]).Value;
        Assert.True(FlightFold.Apply(id, state, type, System.Text.Json.JsonElement.Parse(data), 1, default).Problem?.Code is ProblemCode.StoreCorrupt or ProblemCode.IllegalTransition);
    }

    private static void Refused(WorkflowId id, IReadOnlyList<WalEntry> entries, string what)
    {
        var problem = FlightFold.Replay(id, entries).Problem;
        Assert.True(problem?.Code is ProblemCode.StoreCorrupt or ProblemCode.IllegalTransition, $"{what}: {problem?.ToString() ?? "accepted"}");
    }

    private static IEnumerable<JsonNode> Mutants(JsonNode root)
    {
        foreach (var path in Paths(root, []))
            foreach (var value in (JsonNode?[])[null, 7, "x", new JsonArray(), new JsonObject()])
            {
                var copy = root.DeepClone();
                var at = path.SkipLast(1).Aggregate(copy, (n, key) => key is int i ? n[i]! : n[(string)key]!);
                if (value is null && at is JsonObject holder) holder.Remove((string)path[^1]);
                else if (path[^1] is int index) at[index] = value?.DeepClone();
                else at[(string)path[^1]] = value?.DeepClone();
                yield return copy;
            }
    }

    private static IEnumerable<object[]> Paths(JsonNode node, object[] above)
    {
        IEnumerable<(object Key, JsonNode? Node)> members = node switch
        {
            JsonObject o => o.Select(m => ((object)m.Key, m.Value)),
            JsonArray a => a.Select((m, i) => ((object)i, m)),
            _ => [],
        };
        foreach (var (key, inner) in members.ToList())
        {
            object[] path = [.. above, key];
            yield return path;
            if (inner is not null)
                foreach (var deeper in Paths(inner, path)) yield return deeper;
        }
    }

    private static LifecycleState Any(Random random) => StateMachineTests.All[random.Next(StateMachineTests.All.Length)];

    // Two steps, one of them approved: every type of entry but the failures.
    private static async Task<(WorkflowId, IReadOnlyList<WalEntry>)> RecordAsync()
    {
        await using var house = await FlightHouse.OpenAsync(FlightHouse.Ask, new StagedRunner());
        house.Script("e", "");
        var report = await house.FlyAsync(house.Workflow("  - { id: a, engine: ./engines/e }\n  - { id: b, engine: ./engines/e, needs: [a] }"));
        while (report.Problem?.Code == ProblemCode.ApprovalRequired)
        {
            Assert.Null((await house.AnswerAsync(report.State.Id, "ann")).Problem);
            report = await house.AdvanceAsync(report.State.Id);
        }
        Assert.Null(report.Problem);
        await house.ProveAsync(report.State.Id, report.State);
        return (report.State.Id, await house.EntriesAsync(report.State.Id));
    }
}
