// Clearing away that nobody waits for: scratch directories and views are removed while the flight goes on, and all of them before it ends.
using System.Collections.Concurrent;

namespace CabinCrew.Orchestrator.Workflows;

internal sealed class Afterwards : IAsyncDisposable
{
    private readonly ConcurrentQueue<Task> work = [];

    /// <summary>Disposes in the background. What cannot be removed is left to the system; nothing of it is read again.</summary>
    public void Dispose(IDisposable thing) => work.Enqueue(Task.Run(thing.Dispose));

    /// <summary>The same.</summary>
    public void Dispose(IAsyncDisposable thing) => work.Enqueue(Task.Run(async () => await thing.DisposeAsync().ConfigureAwait(false)));

    public async ValueTask DisposeAsync()
    {
        while (work.TryDequeue(out var task)) await task.ConfigureAwait(false);
    }
}
