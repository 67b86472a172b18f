// The queue of events: in order, bounded, flushed at the end, and closed for good once it could not write (AUD-03, AUD-05).
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Gateways.Tests.Gate;

[Clause("AUD-03"), Clause("AUD-05")]
public sealed class AuditQueueTests
{
    private static AuditEvent Event(int number) => new() { EventId = $"evt-{number}", Timestamp = DateTimeOffset.UnixEpoch, EventType = "message_judged" };

    [Fact]
    public async Task Events_are_written_in_order_and_all_of_them_at_an_orderly_end()
    {
        await using var house = await GateHouse.OpenAsync();
        await using (var queue = new AuditQueue(house.Ledger.Store, TenantId.Local, new() { GatherFor = TimeSpan.FromSeconds(30) }, house.Clock))
            for (var i = 0; i < 1500; i++) Assert.True((await queue.RecordAsync(Event(i), strict: false)).Ok);
        Assert.Equal(Enumerable.Range(0, 1500).Select(i => $"evt-{i}"), (await house.EventsAsync()).Select(e => e.GetProperty("event_id").GetString()));
        Assert.Equal(1500, (await house.VerifyLogAsync()).Events);
    }

    [Fact]
    public async Task A_strict_event_is_durable_with_all_before_it_when_it_returns()
    {
        await using var house = await GateHouse.OpenAsync();
        await using var queue = new AuditQueue(house.Ledger.Store, TenantId.Local, new() { GatherFor = TimeSpan.FromMinutes(1) }, house.Clock);
        await queue.RecordAsync(Event(1), strict: false);
        await queue.RecordAsync(Event(2), strict: true);
        var page = (await house.Ledger.Store.ReadAuditAsync(TenantId.Local, 1, 10, default)).Value;
        Assert.Equal(2, page.Rows.Count);
    }

    [Fact]
    public async Task Whoever_is_faster_than_the_disk_waits_for_it_and_a_queue_that_stays_full_takes_nothing()
    {
        await using var house = await GateHouse.OpenAsync();
        await using var queue = new AuditQueue(house.Store, TenantId.Local, new() { QueuedMax = 10, GatherFor = TimeSpan.FromMinutes(1), LagMax = TimeSpan.FromMilliseconds(300) }, house.Clock);
        for (var i = 0; i < 35; i++) Assert.True((await queue.RecordAsync(Event(i), strict: false)).Ok);
        Assert.True((await queue.FlushAsync()).Ok);

        using var disk = new ManualResetEventSlim();
        house.Store.OnWrite = _ =>
        {
            disk.Wait();
            return Cut.No;
        };
        for (var i = 0; i < 10; i++) Assert.True((await queue.RecordAsync(Event(100 + i), strict: false)).Ok);
        Assert.Equal(ProblemCode.AuditUnwritable, (await queue.RecordAsync(Event(200), strict: false)).Problem!.Code);
        disk.Set();
        Assert.True((await queue.FlushAsync()).Ok);
        Assert.True((await queue.RecordAsync(Event(201), strict: true)).Ok);
        Assert.Equal(46, (await house.VerifyLogAsync()).Events);
    }

    [Fact]
    public async Task A_writer_that_is_late_stops_everything()
    {
        await using var house = await GateHouse.OpenAsync();
        await using var queue = new AuditQueue(house.Ledger.Store, TenantId.Local, new() { GatherFor = TimeSpan.FromMinutes(1), LagMax = TimeSpan.FromSeconds(1) }, house.Clock);
        Assert.True((await queue.RecordAsync(Event(1), strict: false)).Ok);
        house.Clock.Advance(TimeSpan.FromMilliseconds(1001));
        Assert.Equal(ProblemCode.AuditUnwritable, (await queue.RecordAsync(Event(2), strict: false)).Problem!.Code);
        Assert.NotNull(queue.Fault);
        Assert.True((await queue.FlushAsync()).Ok);
        Assert.Null(queue.Fault);
    }

    [Fact]
    public async Task Once_it_could_not_write_it_takes_nothing_ever_and_whoever_waited_hears_so()
    {
        await using var house = await GateHouse.OpenAsync();
        await using var queue = new AuditQueue(house.Store, TenantId.Local, new() { GatherFor = TimeSpan.FromMilliseconds(20) }, house.Clock);
        house.Store.OnWrite = _ => Cut.Refused;
        var waiting = Enumerable.Range(0, 20).Select(i => queue.RecordAsync(Event(i), strict: i % 2 == 0).AsTask()).ToList();
        var answers = await Task.WhenAll(waiting);
        Assert.All(answers.Where((_, i) => i % 2 == 0), a => Assert.Equal(ProblemCode.AuditUnwritable, a.Problem!.Code));
        house.Store.OnWrite = _ => Cut.No;
        Assert.Equal(ProblemCode.AuditUnwritable, (await queue.RecordAsync(Event(99), strict: false)).Problem!.Code);
        Assert.NotNull((await queue.FlushAsync()).Problem);
    }

    [Fact]
    public async Task Many_at_once_each_have_their_event_once()
    {
        await using var house = await GateHouse.OpenAsync();
        await using var queue = new AuditQueue(house.Ledger.Store, TenantId.Local, new() { GatherFor = TimeSpan.FromMilliseconds(1) }, house.Clock);
        await Task.WhenAll(Enumerable.Range(0, 32).Select(t => Task.Run(async () =>
        {
            for (var i = 0; i < 40; i++) Assert.True((await queue.RecordAsync(Event((t * 40) + i), strict: i % 10 == 0)).Ok);
        })));
        await queue.FlushAsync();
        Assert.Equal(1280, (await house.EventsAsync()).Select(e => e.GetProperty("event_id").GetString()).Distinct().Count());
        Assert.Equal(1280, (await house.VerifyLogAsync()).Events);
    }
}
