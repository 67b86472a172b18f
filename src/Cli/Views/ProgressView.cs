// Live news of a flight: one line per event, the same on a terminal and in CI. On a terminal a last line tells how long the work has been going on.
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Views;

/// <summary>Goes to standard error where standard output carries a document.</summary>
internal sealed class ProgressView : IProgress<FlightNews>, IDisposable
{
    private const int QuietSeconds = 2;

    private readonly Screen screen;
    private readonly TimeProvider clock;
    private readonly ITimer? timer;
    private readonly Lock gate = new();
    private FlightNews? last;
    private long lastAt;
    private bool lineShown;
    private bool ended;

    private readonly bool waits;

    /// <param name="waits">Whether the flight goes on by itself once somebody has answered: then it is said where to answer.</param>
    public ProgressView(Screen screen, bool waits = false, TimeProvider? clock = null)
    {
        this.screen = screen;
        this.waits = waits;
        this.clock = clock ?? TimeProvider.System;
        lastAt = this.clock.GetTimestamp();
        if (screen.Live) timer = this.clock.CreateTimer(_ => Tick(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    public void Report(FlightNews value)
    {
        lock (gate)
        {
            if (ended) return;
            ClearLine();
            (last, lastAt) = (value, clock.GetTimestamp());
            var state = value.State is { } s ? screen.Mark(s) : " ";
            screen.Progress($"  {state} {value.Step?.ToString() ?? "-"}: {Screen.Safe(value.Text)}");
            if (waits && value.State == LifecycleState.AwaitingApproval) screen.Progress("    waiting for an answer; `cabincrew approvals` in another shell shows what is asked, and of whom");
        }
    }

    public void Dispose()
    {
        timer?.Dispose();
        lock (gate)
        {
            if (ended) return;
            ended = true;
            ClearLine();
        }
    }

    private void Tick()
    {
        lock (gate)
        {
            var seconds = (int)clock.GetElapsedTime(lastAt).TotalSeconds;
            if (ended || last is null || seconds < QuietSeconds) return;
            screen.LiveLine(last.State == LifecycleState.AwaitingApproval
                ? $"    {seconds} s (Ctrl-C ends the wait, not the flight)"
                : $"    {last.Step}: {seconds} s");
            lineShown = true;
        }
    }

    private void ClearLine()
    {
        if (!lineShown) return;
        screen.LiveLine(null);
        lineShown = false;
    }
}
