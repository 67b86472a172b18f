// Messages that a reading thread carries one after the other, as more of them had come already, go out together: one write, and one waking of whoever reads, for several of them.
// Invariant: nothing stays held back while the thread waits for anything. With the last message that had come, or when the thread is done with what it read, all of it goes out.
namespace CabinCrew.Gateways.Mcp.Servers;

internal sealed class Burst
{
    private const int MessagesMax = 8;
    private const int BytesMax = 16 << 10;

    [ThreadStatic] private static Burst? own;

    private readonly List<StreamConnection> holding = [];
    private bool isOpen;
    private int messages;

    /// <summary>From here on it is this thread's.</summary>
    public void Begin() => own = this;

    /// <summary>The message that is carried now is not the last one that has come. Of no consequence on other threads than reading ones.</summary>
    public static void Is(bool open)
    {
        if (own is { } burst) burst.isOpen = open;
    }

    /// <summary>Whether a message that this thread sends may wait for the next one. If not, whatever else is held goes out as well.</summary>
    /// <param name="bytes">That wait then.</param>
    public static bool MayHold(StreamConnection connection, int bytes)
    {
        if (own is not { } burst) return false;
        if (burst.isOpen && bytes <= BytesMax && ++burst.messages < MessagesMax)
        {
            if (!burst.holding.Contains(connection)) burst.holding.Add(connection);
            return true;
        }
        burst.holding.Remove(connection);
        burst.Release();
        return false;
    }

    /// <summary>The thread is done with what it read, or with as much as can be done at once.</summary>
    public void End()
    {
        isOpen = false;
        Release();
    }

    private void Release()
    {
        messages = 0;
        // Who does not take its bytes at once is waited for elsewhere, and what comes of it is told to those who send next.
        foreach (var connection in holding) _ = connection.ReleaseAsync().AsTask();
        holding.Clear();
    }
}
