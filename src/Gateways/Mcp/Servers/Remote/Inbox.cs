// What came from a remote server and waits for the session: in order, bounded, and ended once.
using System.Threading.Channels;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Servers.Remote;

internal sealed class Inbox(int capacity)
{
    private readonly Channel<Outcome<ReadOnlyMemory<byte>>> channel = Channel.CreateBounded<Outcome<ReadOnlyMemory<byte>>>(new BoundedChannelOptions(capacity) { SingleReader = true });

    /// <summary>Waits while the session reads slowly. Nothing once it has ended.</summary>
    public async ValueTask PutAsync(ReadOnlyMemory<byte> frame, CancellationToken ct)
    {
        try
        {
            await channel.Writer.WriteAsync(Outcome.Of(frame), ct).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            // The session has left.
        }
    }

    /// <summary>Null: the end.</summary>
    public async ValueTask<Outcome<ReadOnlyMemory<byte>>?> TakeAsync(CancellationToken ct)
    {
        while (await channel.Reader.WaitToReadAsync(ct).ConfigureAwait(false))
            if (channel.Reader.TryRead(out var next)) return next;
        return null;
    }

    /// <param name="why">Told to the session after everything that came before. Null: an orderly end.</param>
    public void End(Problem? why = null)
    {
        if (why is not null) channel.Writer.TryWrite(why);
        channel.Writer.TryComplete();
    }
}
