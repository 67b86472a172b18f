// The program's start on a store of 10,000 flights, a hundred of them open, one of those cut off in the middle of its take-off: `cabincrew resume` of that one,
// from the start of the process to its end. The first commit lies within; so the whole is held against the bound.
using System.Globalization;
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Benchmarks;

internal sealed class RecoveryBenchmark : IBenchmark
{
    private const int Stored = 10_000, Open = 100;
    private const int Lanes = 16;
    private const int Rounds = 7;
    private const double BoundMs = 2000;

    public string Name => "recovery";

    public async Task<IReadOnlyList<Measure>> RunAsync(string scratch)
    {
        var program = Path.Combine(Environment.GetEnvironmentVariable("CABINCREW_APP") ?? throw new InvalidOperationException("CABINCREW_APP names the built program; use benchmarks/run"), "cabincrew");
        var root = Directory.CreateDirectory(Path.Combine(scratch, "home")).FullName;
        var definition = Ground.Lay(root, "#!/bin/sh", [("a.txt", "one\n")]);
        var store = Path.Combine(root, WorkspaceStore);
        var cut = await FillAsync(scratch, store, definition);

        List<double> wall = [], cpu = [];
        foreach (var id in cut)
        {
            var cost = await Timing.ProcessAsync(program, ["resume", id.ToString()], root);
            wall.Add(cost.WallMs);
            cpu.Add(cost.CpuMs);
        }
        var size = new FileInfo(Path.Combine(store, "state.db")).Length >> 20;
        return
        [
            new($"resume with {Stored} stored flights, time", "ms", wall.Max(), "bound", BoundMs, 1)
                { Note = string.Create(CultureInfo.InvariantCulture, $"the slowest of {wall.Count}; median {Pairs.Median(wall):0}, first {wall[0]:0}; CPU {Pairs.Median(cpu):0}; store {size} MiB, {Open} flights open; load {Usage.Load()}") },
        ];
    }

    private const string WorkspaceStore = ".cabincrew";

    // One real flight is flown; the others are its entries and events under other names, by the store's own front door.
    // All of it happened an hour ago, so that whoever was cut off then counts as dead.
    private static async Task<IReadOnlyList<WorkflowId>> FillAsync(string scratch, string store, WorkflowDefinition definition)
    {
        var empty = Directory.CreateDirectory(Path.Combine(scratch, "empty")).FullName;
        await using var ground = await Ground.OpenAsync(store, new IdleRunner(empty), clock: new Earlier());
        var model = await ground.StartAsync(definition);
        await ground.AdvanceAsync(model, FlightGoal.Land, LifecycleState.Completed);
        var snapshot = (await ground.Ledger.Store.ReadAsync(TenantId.Local, model, default)).Value;
        var events = (await ground.Ledger.Store.ReadAuditAsync(TenantId.Local, 1, 1000, default)).Value.Rows
            .Select(r => System.Text.Json.JsonSerializer.Deserialize(r.Json, ProtocolJson.Default.AuditEvent)!).ToList();
        var marker = 1 + snapshot.Entries.ToList().FindIndex(e => e.EntryType == WalEntryTypes.TakeOffCommit);

        var cut = new List<WorkflowId>();
        var session = (await ground.Ledger.Store.JoinAsync("filler", default)).Value;
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(lane => Task.Run(async () =>
        {
            for (var i = lane; i < Stored - 1; i += Lanes)
            {
                var id = WorkflowId.Parse(string.Create(CultureInfo.InvariantCulture, $"wf-stored{i:00000}"));
                var isCut = i % (Stored / Rounds) == 1;
                var isOpen = isCut || i % (Stored / Open) == 0;
                if (isCut) lock (cut) cut.Add(id);
                if (lane == 0) session = (await ground.Ledger.Store.RenewAsync(session, default)).Value;
                await StoreAsync(ground, session, snapshot, events, id, isCut ? marker : isOpen ? 3 : snapshot.Entries.Count, keepClaim: isCut);
            }
        })));
        return cut;
    }

    private static async Task StoreAsync(Ground ground, NodeSession session, StreamSnapshot model, List<AuditEvent> events, WorkflowId id, int entries, bool keepClaim)
    {
        var store = ground.Ledger.Store;
        var ended = entries == model.Entries.Count;
        IReadOnlyList<AuditEvent> told = [.. events.Select(e => e with { EventId = ground.Ledger.Ids.Next("evt"), Workflow = e.Workflow is { } w ? w with { WorkflowId = id.ToString() } : null })];
        (await store.StartAsync(new()
        {
            Tenant = TenantId.Local,
            Workflow = id,
            WorkspaceKey = model.Header.WorkspaceKey,
            Header = model.Header.State with { State = LifecycleState.Init, Finished = false },
            Entries = [Draft(model.Entries[0])],
            Audit = [told[0]],
        }, default)).Value.ToString();
        var claim = (await store.ClaimAsync(session, TenantId.Local, id, default)).Value;
        _ = (await store.CommitAsync(session, claim, new()
        {
            ExpectedSequence = claim.NextSequence,
            Entries = [.. model.Entries.Skip(1).Take(entries - 1).Select(Draft)],
            Audit = [.. told.Skip(1)],
            Header = ended ? model.Header.State : model.Header.State with { State = LifecycleState.PlanRunning, Finished = false },
            ReleaseClaim = !keepClaim,
            Deferred = true,
        }, default)).Value;
    }

    private static EntryDraft Draft(WalEntry entry) => new(entry.EntryType, entry.Data);

    private sealed class Earlier : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() - TimeSpan.FromHours(1);

        // Leases on the same machine go by this one.
        public override long GetTimestamp() => System.GetTimestamp() - (long)(TimeSpan.FromHours(1).TotalSeconds * TimestampFrequency);
    }
}
