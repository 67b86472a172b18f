// Live news of a flight: a spinner-free, one-line-per-event log that reads the same on a terminal and in CI.
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Views;

/// <summary>Goes to standard error where standard output carries a document.</summary>
internal sealed class ProgressView(Screen screen) : IProgress<FlightNews>, IDisposable
{
    private readonly Lock gate = new();
    private bool ended;

    public void Report(FlightNews value)
    {
        lock (gate)
        {
            if (ended) return;
            var state = value.State is { } s ? screen.Mark(s) : " ";
            screen.Progress($"  {state} {value.Step?.ToString() ?? "-"}: {Screen.Safe(value.Text)}");
        }
    }

    public void Dispose()
    {
        lock (gate) ended = true;
    }
}
