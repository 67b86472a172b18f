// The power goes at every flush of a whole flight, and at moments in between: bytes, names and modes that were not flushed are kept, lost or torn.
// Whatever the moment: nothing promised is gone, the flight goes on to the same end, nothing outside happens twice, every log proves itself (ORC-05).
using CabinCrew.Tests.Spec;

namespace CabinCrew.Tests.Simulation.Power;

[Clause("ORC-05")]
public sealed class PowerCutTests
{
    [Fact, Clause("ORC-04"), Clause("AUD-03"), Clause("ENG-09"), Clause("ART-05")]
    public Task A_power_cut_at_any_moment_of_a_flight_loses_nothing_that_was_promised() => Disk.InsideAsync(this, () => FliesAsync(images: 90, seed: 1));

    [Fact(Explicit = true), Clause("ORC-04")]
    public Task Thousands_of_power_cuts() => Disk.InsideAsync(this, () => FliesAsync(images: 2_500, seed: Environment.TickCount));

    // One flight within its workspace and one with effects outside, side by side.
    private static Task FliesAsync(int images, int seed) => Task.WhenAll(((bool[])[false, true]).Select(outside => Task.Run(() => CutAsync(outside, images, seed))));

    private static async Task CutAsync(bool outside, int images, int seed)
    {
        using var flight = RecordedFlight.Build(outside);
        using var scratch = new TempTree();
        var model = new DiskModel(flight.Root);
        WholeStore whole;
        using (var disk = Disk.Attach(flight.Root, scratch["journal"]))
        {
            var (house, _, said) = await flight.FlyAsync(disk);
            Assert.Equal("", said);
            whole = await WholeStore.OfAsync(house!.Ledger);
            await house.DisposeAsync();
        }
        using var lazy = Disk.Attach(flight.Root, null);
        var records = DiskJournal.Read(scratch["journal"]);
        var promises = new Promises();
        var (done, resumed) = (0, 0);
        foreach (var cut in PowerCut.Spread(records, images, seed))
        {
            for (; done < cut.At; done++)
            {
                if (records[done].Kind is not (DiskKind.Mark or DiskKind.Printed)) model.Apply(records[done]);
                promises.Read(records[done]);
            }
            try
            {
                model.Restore(cut.Fate, new Random(cut.Seed));
                if (await flight.GoOnAsync(promises, whole)) resumed++;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"{(outside ? "outside" : "inside")}: operation {cut.At} of {records.Count} ({records[cut.At - 1].Kind} {records[cut.At - 1].First}), {cut.Fate}, seed {cut.Seed}: {e.Message}", e);
            }
        }
        Assert.True(resumed > images / 2, $"only {resumed} of {images} images had a flight to go on with");
    }
}
