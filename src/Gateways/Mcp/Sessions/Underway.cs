// What a session has begun and not finished: carried messages that wait for a judgement or for their turn.
namespace CabinCrew.Gateways.Mcp.Sessions;

internal sealed class Underway
{
    private int count = 1;
    private readonly TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Lets it go on by itself. It must not fail.</summary>
    public void Track(ValueTask work)
    {
        if (work.IsCompletedSuccessfully) return;
        Interlocked.Increment(ref count);
        _ = FollowAsync(work);
    }

    /// <summary>Completes when all that was begun is done. Nothing may be begun afterwards.</summary>
    public Task DoneAsync()
    {
        Release();
        return idle.Task;
    }

    private async Task FollowAsync(ValueTask work)
    {
        try
        {
            await work;
        }
        finally
        {
            Release();
        }
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref count) == 0) idle.TrySetResult();
    }
}
