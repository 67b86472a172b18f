// The child of a crash test: flies several houses at once, each on the real store and sandbox, each to its own failpoint, and there its time stands still.
// When all of them stand still (or have come to their end) the whole process is killed by SIGKILL, or waits to be stopped, continued and told to go on.
using System.Diagnostics;
using System.Globalization;
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Engines;

namespace CabinCrew.Tests.Hangar;

/// <param name="Cut">The failpoint to die at, or null: fly on to the end.</param>
/// <param name="Occurrence">From 1: the how manieth time it is reached.</param>
internal sealed record CrashOrder(string Root, string? Cut = null, int Occurrence = 1)
{
    public string Line => $"{Root}\t{Cut}\t{Occurrence}";

    public static CrashOrder Parse(string line) => line.Split('\t') is [var root, var cut, var occurrence]
        ? new(root, cut.Length == 0 ? null : cut, int.Parse(occurrence, CultureInfo.InvariantCulture))
        : throw new FormatException(line);
}

internal static class CrashHost
{
    public const string Verb = "crash-host";

    /// <summary>Die when all have arrived.</summary>
    public const string Die = "die";

    /// <summary>Say "held" when all have arrived, and wait on standard input for the word to go on.</summary>
    public const string Hold = "hold";

    /// <summary>In each house: how its life in the last process ended, and every point that it came by.</summary>
    public const string Heard = "heard";

    private const int AtOnce = 4;

    // Flows with whatever a house starts: its tasks, its writer's thread, its engines' threads.
    private static readonly AsyncLocal<Life?> Current = new();

    /// <summary>crash-host ORDERS die|hold WALL-CLOCK-OFFSET-SECONDS</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        ThreadPool.SetMinThreads(256, 64);
        // Found out once for a process: before anybody's time can stand still over it.
        await EngineRunners.CreateAsync(unsandboxed: false, default);
        Failpoint.Hook = static point => Current.Value?.Reach(point);
        var wrong = TimeSpan.FromSeconds(double.Parse(args[3], CultureInfo.InvariantCulture));
        var lives = File.ReadAllLines(args[1]).Select(l => new Life(CrashOrder.Parse(l), new(wrong), dies: args[2] == Die)).ToList();
        using var places = new SemaphoreSlim(AtOnce);
        var flown = lives.Select(life => Task.Run(() => LiveAsync(life, places))).ToList();
        var rest = Task.WhenAll(flown);
        await Task.WhenAll(lives.Zip(flown, (life, flight) => Task.WhenAny(flight, life.Stopped)));
        foreach (var life in lives) life.Write();
        if (args[2] == Hold)
        {
            Console.Out.WriteLine("held");
            Console.Out.Flush();
            if (Console.In.ReadLine() is null) return 1;
            foreach (var life in lives) life.GoOn();
            await rest;
            foreach (var life in lives) life.Write();
            return 0;
        }
        if (!lives.Exists(l => l.IsStopped)) return 0;
        Process.GetCurrentProcess().Kill();
        Thread.Sleep(Timeout.Infinite);
        return 1;
    }

    private static async Task LiveAsync(Life life, SemaphoreSlim places)
    {
        await places.WaitAsync();
        Current.Value = life;
        var flight = Task.Run(life.FlyAsync);
        // Whoever stands still gives his place to the next.
        await Task.WhenAny(flight, life.Stopped);
        places.Release();
        await flight;
    }

    private sealed class Life(CrashOrder order, HostClock clock, bool dies)
    {
        private readonly TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim goOn = new();
        private readonly Dictionary<string, int> reached = new(StringComparer.Ordinal);
        private readonly List<string> trace = [];
        private readonly Lock gate = new();
        private string outcome = "died";

        public Task Stopped => stopped.Task;

        public bool WasStopped => stopped.Task.IsCompleted;

        public bool IsStopped => WasStopped && !goOn.IsSet;

        public void Reach(string point)
        {
            lock (gate)
            {
                // From the moment of its death on, nothing else of this house reaches another point either. While it lives, its other threads go on.
                if (!IsStopped || !dies)
                {
                    trace.Add(point);
                    reached[point] = reached.GetValueOrDefault(point) + 1;
                    if (WasStopped || point != order.Cut || reached[point] != order.Occurrence) return;
                    stopped.SetResult();
                }
            }
            goOn.Wait();
        }

        public void GoOn() => goOn.Set();

        public async Task FlyAsync()
        {
            string end;
            try
            {
                end = await CrashScene.FlyAsync(order.Root, clock);
            }
            catch (Exception e)
            {
                end = $"broken {e}".ReplaceLineEndings(" ");
            }
            lock (gate) outcome = end;
        }

        public void Write()
        {
            lock (gate) File.WriteAllLines(Path.Combine(order.Root, Heard), [outcome, .. trace]);
        }
    }
}

/// <summary>The machine's clocks, with the wall clock set wrong; leases are renewed often where a house asks for it.</summary>
internal sealed class HostClock(TimeSpan wrong) : TimeProvider
{
    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(4);

    public bool RenewsOften { get; set; }

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + wrong;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, RenewsOften && dueTime == Renewal ? dueTime / 40 : dueTime, RenewsOften && period == Renewal ? period / 40 : period);
}
