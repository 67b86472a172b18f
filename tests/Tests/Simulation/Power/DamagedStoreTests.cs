// A store whose files were damaged: pages of the database, bits and length of its log, blobs, the key. Each is told with one clear code, what is damaged
// is not gone on with, what is not is, and nothing is applied twice or otherwise than approved (ORC-05).
using CabinCrew.Ledger;
using CabinCrew.Ledger.Signing;
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Contracts;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Simulation.Power;

[Clause("ORC-05")]
public sealed class DamagedStoreTests
{
    private const int PageBytes = 4096;

    private static readonly ProblemCode[] Refusals =
        [ProblemCode.StoreCorrupt, ProblemCode.StoreUnavailable, ProblemCode.AuditUnwritable, ProblemCode.NotFound, ProblemCode.ApprovalNotFound, ProblemCode.IllegalTransition, ProblemCode.TokenMismatch,
            ProblemCode.BlobMissing, ProblemCode.BlobCorrupt];

    [Fact]
    public Task Every_page_of_the_database_may_be_damaged_and_no_flight_goes_wrong() => Disk.InsideAsync(this, async () =>
    {
        using var flight = RecordedFlight.Build(outside: false);
        using var lazy = Disk.Attach(flight.Root, null);
        await (await flight.WaitingAsync(null)).DisposeAsync();
        var path = Path.Combine(flight.Store, "state.db");
        var whole = await File.ReadAllBytesAsync(path);
        Assert.False(File.Exists(path + "-wal"));
        Assert.InRange(whole.Length / PageBytes, 15, 400);
        var random = new Random(11);
        var (refused, landed) = (0, 0);
        for (var page = 0; page < whole.Length / PageBytes; page++)
        {
            var damaged = (byte[])whole.Clone();
            var at = damaged.AsSpan(page * PageBytes, PageBytes);
            switch (page == 0 ? 2 : page % 3)
            {
                case 0: at.Clear(); break;
                case 1: random.NextBytes(at); break;
                default: at[random.Next(8)] ^= (byte)(1 << random.Next(8)); break;
            }
            await flight.WithAsync(path, damaged, async () =>
            {
                if (await DamagedAsync(flight, $"page {page}")) landed++;
                else refused++;
            });
        }
        Assert.True(refused > landed, $"{refused} damaged stores were refused, {landed} were not");
    });

    [Fact]
    public Task Flipped_bits_anywhere_never_change_what_is_applied() => Disk.InsideAsync(this, async () =>
    {
        using var flight = RecordedFlight.Build(outside: false);
        using var lazy = Disk.Attach(flight.Root, null);
        await (await flight.WaitingAsync(null)).DisposeAsync();
        var path = Path.Combine(flight.Store, "state.db");
        var whole = await File.ReadAllBytesAsync(path);
        var random = new Random(12);
        for (var i = 0; i < 40; i++)
        {
            var damaged = (byte[])whole.Clone();
            var bit = random.Next(damaged.Length * 8);
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            await flight.WithAsync(path, damaged, async () => await DamagedAsync(flight, $"bit {bit}"));
        }
    });

    [Fact, Clause("AUD-03")]
    public Task A_log_that_was_damaged_or_cut_short_loses_nothing_in_silence() => Disk.InsideAsync(this, async () =>
    {
        using var flight = RecordedFlight.Build(outside: false);
        using var lazy = Disk.Attach(flight.Root, null);
        // The process dies: its log stands there, whole and flushed.
        var house = await flight.WaitingAsync(null);
        var path = Path.Combine(flight.Store, "state.db-wal");
        var (log, database) = (await File.ReadAllBytesAsync(path), await File.ReadAllBytesAsync(path[..^4]));
        var mark = await File.ReadAllBytesAsync(Path.Combine(flight.Store, "state.head"));
        var events = (await house.AuditAsync()).Count;
        await house.DisposeAsync();
        var random = new Random(13);
        var told = 0;
        for (var i = 0; i < 40; i++)
        {
            var damaged = (byte[])log.Clone();
            if (i % 2 == 0) damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            else Array.Resize(ref damaged, i == 1 ? 0 : random.Next(damaged.Length));
            await File.WriteAllBytesAsync(path[..^4], database);
            await File.WriteAllBytesAsync(Path.Combine(flight.Store, "state.head"), mark);
            await flight.WithAsync(path, damaged, async () =>
            {
                var opened = await Stores.OpenAsync(flight.Store, Later(), new RandomIds(), default);
                if (!opened.Try(out var room, out var problem))
                {
                    Assert.Equal(ProblemCode.StoreCorrupt, problem.Code);
                    told++;
                    return;
                }
                await using (room)
                {
                    var there = (await room.Store.ReadAuditAsync(TenantId.Local, 1, 10_000, default)).Value.Rows.Count;
                    var joined = await room.Store.JoinAsync("node", default);
                    Assert.True(there == events == joined.Ok, $"damage {i}: {there} of {events} events are there, and writing gave {joined.Problem}");
                    if (joined.Problem is not { } refused) return;
                    told++;
                    Assert.Equal(ProblemCode.StoreCorrupt, refused.Code);
                    Assert.Contains("backup", refused.Remedy);
                    Assert.Equal(ProblemCode.AuditUnwritable, (await room.Store.AppendAuditAsync(TenantId.Local, [new() { EventId = "e", Timestamp = DateTimeOffset.UnixEpoch, EventType = "state_changed" }], default)).Problem?.Code);
                }
            });
        }
        Assert.True(told > 30, $"only {told} of 40 damages were told");
    });

    [Fact]
    public async Task A_missing_key_is_told_and_no_other_takes_its_place()
    {
        using var flight = RecordedFlight.Build(outside: false);
        await (await flight.WaitingAsync(null)).DisposeAsync();
        var key = Path.Combine(flight.Store, "keys", Signer.PrivateKeyFile);
        File.Move(key, key + ".away");
        var refused = (await Stores.OpenAsync(flight.Store, Later(), new RandomIds(), default)).Problem;
        Assert.Equal(ProblemCode.StoreUnavailable, refused?.Code);
        Assert.Contains("signing key is missing", refused!.Message);
        Assert.False(File.Exists(key));
        File.Move(key + ".away", key);
        Assert.True(await flight.GoOnAsync(new(), null));
    }

    [Fact, Clause("ART-05")]
    public async Task A_change_whose_content_is_gone_waits_half_applied_and_is_completed_when_it_is_back()
    {
        using var flight = RecordedFlight.Build(outside: false);
        Digest content = default;
        byte[] bytes = [];
        await using (var house = await flight.WaitingAsync(null))
        {
            Assert.True((await house.AnswerAsync(flight.Id, "ann")).Ok);
            house.Store.OnCommit = c => c.Entries.Any(e => e.EntryType == WalEntryTypes.TakeOffCommit) ? Cut.Kept : Cut.No;
            await house.TryAdvanceAsync(flight.Id);
            Assert.True(house.Store.IsDead);
        }
        await using (var house = await FlightHouse.AtAsync(flight.Root, Later(), runner: new StagedRunner()))
        {
            content = (await house.StateAsync(flight.Id)).Steps[StepId.Parse("b")].TakeOff!.Changes.Select(c => c.ToChange()).First(c => c.After is not null).After!.Content;
            var kept = new KeptBlob(flight.Store, content);
            bytes = (await house.Ledger.Blobs.GetAsync(TenantId.Local, content, default)).Value.ToArray();
            kept.TakeAway();
            var stuck = await house.AdvanceAsync(flight.Id);
            Assert.Equal((ProblemCode.BlobMissing, LifecycleState.TakeoffRunning), (stuck.Problem!.Code, stuck.State.Overall));
            Assert.Contains(await house.AuditAsync(), e => e is { EventType: AuditEventTypes.ProblemReported, WorkflowState: "TAKEOFF_RUNNING" });
            kept.Alter("altered"u8);
            Assert.Equal(ProblemCode.BlobCorrupt, (await house.AdvanceAsync(flight.Id)).Problem?.Code);
            kept.Alter(bytes);
        }
        Assert.True(await flight.GoOnAsync(new(), null));
    }

    // True: the flight came to its approved end. Else it was refused, with a code that says so; and never anything else.
    private static async Task<bool> DamagedAsync(RecordedFlight flight, string what)
    {
        var opened = await Stores.OpenAsync(flight.Store, Later(), new RandomIds(), default);
        if (!opened.Try(out var room, out var problem))
        {
            Assert.True(Refusals.Contains(problem.Code) && !string.IsNullOrEmpty(problem.Remedy ?? problem.Code.Entry().Remedy), $"{what}: {problem}");
            return false;
        }
        await room.DisposeAsync();
        await using var house = await FlightHouse.AtAsync(flight.Root, Later(), runner: flight.FreshRunner());
        for (var round = 0; round < 8; round++)
        {
            var advanced = await house.TryAdvanceAsync(flight.Id);
            var stop = advanced.Try(out var report, out problem) ? report.Problem : problem;
            if (stop is null)
            {
                Assert.True(house.Tree() == RecordedFlight.After, $"{what}: {house.Tree()}");
                return true;
            }
            if (stop.Code == ProblemCode.ApprovalRequired)
            {
                var answered = await house.Flights.FindApprovalAsync(flight.Id.ToString(), default);
                if (answered.Try(out var open, out stop))
                {
                    if (open.Responses.Count > 0) continue;
                    if ((await house.AnswerAsync(flight.Id, "ann")).Try(out _, out stop)) continue;
                }
            }
            Assert.True(Refusals.Contains(stop!.Code), $"{what}: {stop}");
            return false;
        }
        Assert.Fail($"{what}: it neither lands nor stops");
        return false;
    }

    private static SetClock Later()
    {
        var later = new SetClock();
        later.Advance(TimeSpan.FromHours(1));
        return later;
    }
}
