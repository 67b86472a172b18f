// A disk that is full, that does not confirm a flush, or that has become read-only, at every operation of a whole flight in turn.
// The program says so with one clear code and does nothing that it cannot record; when the disk is well again the flight goes on to the same end.
using CabinCrew.Ledger;
using CabinCrew.Protocol;
using CabinCrew.Tests.Contracts;
using CabinCrew.Tests.Spec;

namespace CabinCrew.Tests.Simulation.Power;

[Clause("ORC-05")]
public sealed class FailingDiskTests
{
    private static readonly string[] Clear = [ProblemCode.StoreUnavailable.Id(), ProblemCode.AuditUnwritable.Id(), ProblemCode.IoFailed.Id()];

    // What a store says that trusts its disk no longer; a blob that was not flushed is merely not there.
    private const string Over = "writes no more";

    [Fact, Clause("AUD-05"), Clause("ORC-04")]
    public Task A_full_disk_stops_a_flight_where_it_is_and_it_goes_on_when_there_is_room() => Disk.InsideAsync(this, () => EachAsync(Fault.Room, count: 32));

    [Fact(Explicit = true), Clause("AUD-05")]
    public Task A_full_disk_at_every_single_write() => Disk.InsideAsync(this, () => EachAsync(Fault.Room, count: int.MaxValue));

    [Fact, Clause("AUD-05"), Clause("ORC-04"), Clause("ART-05")]
    public Task After_a_flush_that_failed_nothing_is_believed_to_be_durable() => Disk.InsideAsync(this, () => EachAsync(Fault.Flush, count: 32));

    [Fact(Explicit = true), Clause("AUD-05")]
    public Task Every_single_flush_fails_in_turn() => Disk.InsideAsync(this, () => EachAsync(Fault.Flush, count: int.MaxValue));

    [Fact, Clause("AUD-05")]
    public Task A_disk_that_has_become_read_only_is_told_and_nothing_is_done() => Disk.InsideAsync(this, async () =>
    {
        foreach (var (error, whileOpen) in ((int, bool)[])[(Disk.ReadOnlyFileSystem, false), (Disk.NotPermitted, false), (Disk.ReadOnlyFileSystem, true)])
        {
            using var flight = RecordedFlight.Build(outside: false);
            using var disk = Disk.Attach(flight.Root, null);
            // Up to the first question to a person.
            await using (var house = await flight.WaitingAsync(disk))
                if (whileOpen)
                {
                    disk.Fail(Fault.ReadOnly, 0, error, isLasting: true);
                    var answered = await house.AnswerAsync(flight.Id, "ann");
                    Assert.Equal(ProblemCode.StoreUnavailable, answered.Problem?.Code);
                }
            disk.Fail(Fault.ReadOnly, 0, error, isLasting: true);
            var before = flight.Fingerprint();
            var refused = (await Stores.OpenAsync(flight.Store, new SetClock(), new RandomIds(), default)).Problem;
            Assert.True(refused is { Code: ProblemCode.StoreUnavailable, Remedy: not null }, $"errno {error}: {refused}");
            Assert.Equal(before, flight.Fingerprint());
            disk.Fail(Fault.None, 0, 0, isLasting: false);
            Assert.True(await flight.GoOnAsync(new(), null));
        }
    });

    // Two side by side, each with every other operation; evenly spread where there are more than are asked for.
    private static async Task EachAsync(Fault fault, int count)
    {
        var total = await CountAsync(fault);
        Assert.InRange(total, 60, 5_000);
        var step = Math.Max(1, (double)total / count);
        var chosen = Enumerable.Range(0, (int)(total / step)).Select(i => (long)(i * step)).ToList();
        var stopped = 0;
        await Parallel.ForEachAsync(chosen, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (at, _) =>
        {
            try
            {
                if (await FailAsync(fault, at)) Interlocked.Increment(ref stopped);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"{fault} {at} of {total}: {e.Message}", e);
            }
        });
        Assert.True(stopped > chosen.Count / 2, $"only {stopped} of {chosen.Count} flights were stopped");
    }

    private static async Task<long> CountAsync(Fault fault)
    {
        using var flight = RecordedFlight.Build(outside: true);
        using var disk = Disk.Attach(flight.Root, null);
        disk.Fail(fault, long.MaxValue, 0, isLasting: false);
        var (house, _, said) = await flight.FlyAsync(disk);
        Assert.Equal("", said);
        await house!.DisposeAsync();
        return disk.Seen;
    }

    // True: the flight was stopped by it.
    private static async Task<bool> FailAsync(Fault fault, long at)
    {
        using var flight = RecordedFlight.Build(outside: true);
        using var scratch = new TempTree();
        var model = new DiskModel(flight.Root);
        string said;
        using (var disk = Disk.Attach(flight.Root, scratch["journal"]))
        {
            disk.Fail(fault, at, fault == Fault.Flush ? Disk.InputOutput : Disk.NoSpace, isLasting: fault == Fault.Room);
            (var house, var id, said) = await flight.FlyAsync(disk);
            if (said.Length > 0) Assert.Contains(said.Split(':')[0], Clear);
            // The same process tries once more: the disk is still full; or it works again, but what was dropped stays dropped.
            if (house is not null && id is { } begun && said.Length > 0)
            {
                var again = await house.TryAdvanceAsync(begun);
                var problem = again.Try(out var report, out var refused) ? report.Problem : refused;
                if (fault == Fault.Flush && said.Contains(Over, StringComparison.Ordinal))
                    Assert.True(problem?.Message.Contains(Over, StringComparison.Ordinal), $"it went on after {said}: {problem}");
            }
            if (house is not null) await house.DisposeAsync();
            disk.Fail(Fault.None, 0, 0, isLasting: false);
            // Another process goes on to the end with what the kernel still shows of it; then the power goes.
            if (fault == Fault.Flush && at % 3 == 0) await flight.GoOnAsync(Said(scratch["journal"], null), null, disk);
        }
        // What was promised before, meanwhile and after must be on the disk itself.
        var promises = Said(scratch["journal"], model);
        using var well = Disk.Attach(flight.Root, null);
        // Room: the process lives or dies, the machine goes on. Flush: the machine goes down as well, and comes up with what its disk really holds.
        if (fault == Fault.Flush) model.Restore(at % 2 == 0 ? Fate.Lost : Fate.Torn, new Random((int)at));
        await flight.GoOnAsync(promises, null);
        return said.Length > 0;
    }

    private static Promises Said(string journal, DiskModel? model)
    {
        var promises = new Promises();
        foreach (var record in DiskJournal.Read(journal))
        {
            if (record.Kind is not (DiskKind.Mark or DiskKind.Printed)) model?.Apply(record);
            promises.Read(record);
        }
        return promises;
    }
}
