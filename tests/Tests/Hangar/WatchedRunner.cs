// The real sandbox (or its absence), watched: which runs were begun, which of them got the word to go, which are over, and what of them is on the machine.
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;

namespace CabinCrew.Tests.Hangar;

internal sealed class WatchedRunner(bool unsandboxed = false) : IEngineRunner
{
    private readonly IEngineRunner inner = EngineRunners.Create(unsandboxed).Value;
    private readonly List<string> told = [], scratch = [];

    public string Tier => inner.Tier;

    /// <summary>In order: <c>take-off begun</c>, <c>cleared</c> or <c>refused</c>, <c>ended</c>.</summary>
    public IReadOnlyList<string> Told
    {
        get
        {
            lock (told) return [.. told];
        }
    }

    public async Task<(EngineResult? Result, EngineFailure? Failure)> RunAsync(EngineRun run, CancellationToken ct)
    {
        var mode = run.Mode.Word();
        if (run.Written is { } written)
            lock (told) scratch.Add(Path.GetDirectoryName(written)!);
        Tell($"{mode} begun");
        var ran = await inner.RunAsync(run with
        {
            Clearance = async () =>
            {
                var answer = await run.Clearance();
                Tell($"{mode} {(answer.Ok ? "cleared" : "refused")}");
                return answer;
            },
        }, ct);
        Tell($"{mode} ended");
        return ran;
    }

    public int Times(string what) => Told.Count(t => t == what);

    /// <summary>Returns when a take-off's launcher is on the machine.</summary>
    public async Task StandsAsync()
    {
        for (var tries = 0; Processes().Count == 0; tries++)
        {
            Assert.True(tries < 1000, $"no sandbox was set up: {string.Join(", ", Told)}");
            await Task.Delay(10);
        }
    }

    /// <summary>Of all take-offs that were ever begun here.</summary>
    public void IsNothingLeft()
    {
        Assert.Equal(Times("take-off begun"), Times("take-off ended"));
        Assert.Empty(Processes());
        foreach (var place in scratch)
        {
            Assert.False(Directory.Exists(place), place);
            Assert.DoesNotContain(place, File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
        }
    }

    // A launcher's arguments name the scratch directory that it shows.
    private List<string> Processes()
    {
        string[] places;
        lock (told) places = [.. scratch];
        var found = new List<string>();
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(d => char.IsAsciiDigit(Path.GetFileName(d)[0])))
            try
            {
                var line = File.ReadAllText(Path.Combine(process, "cmdline"));
                if (places.Any(p => line.Contains(p, StringComparison.Ordinal))) found.Add($"{process} {line}");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended while it was looked at.
            }
        return found;
    }

    private void Tell(string what)
    {
        lock (told) told.Add(what);
    }
}
