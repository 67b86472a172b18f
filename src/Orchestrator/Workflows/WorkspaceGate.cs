// Who may look at the workspace, and who may change it, within one flight: planning and judging share it, a take-off has it alone (ORC-06).
// Without it a step would be planned on what a sibling has half changed. Between processes it is the store's lock that counts.
namespace CabinCrew.Orchestrator.Workflows;

internal sealed class WorkspaceGate : IDisposable
{
    private const int Slots = WorkflowFile.StepsMax;

    private readonly SemaphoreSlim slots = new(Slots, Slots);
    private readonly SemaphoreSlim alone = new(1, 1);

    public async Task<IDisposable> ShareAsync(CancellationToken ct)
    {
        await slots.WaitAsync(ct).ConfigureAwait(false);
        return new Pass(() => slots.Release());
    }

    /// <summary>Null: a take-off has it, or waits for it.</summary>
    public IDisposable? TryShare() => slots.Wait(0) ? new Pass(() => slots.Release()) : null;

    public async Task<IDisposable> AloneAsync(CancellationToken ct)
    {
        await alone.WaitAsync(ct).ConfigureAwait(false);
        var held = 0;
        try
        {
            for (; held < Slots; held++) await slots.WaitAsync(ct).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            if (held > 0) slots.Release(held);
            alone.Release();
            throw;
        }
        return new Pass(() =>
        {
            slots.Release(Slots);
            alone.Release();
        });
    }

    public void Dispose()
    {
        slots.Dispose();
        alone.Dispose();
    }

    private sealed class Pass(Action leave) : IDisposable
    {
        private Action? leave = leave;

        public void Dispose() => Interlocked.Exchange(ref leave, null)?.Invoke();
    }
}
