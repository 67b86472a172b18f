// The frames that clients post, on their way to a session: in order, bounded, until nobody posts any more.
using System.Threading.Channels;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Endpoint;

internal sealed class PostedFrames
{
    private readonly Channel<ReadOnlyMemory<byte>> incoming = Channel.CreateBounded<ReadOnlyMemory<byte>>(new BoundedChannelOptions(64) { SingleReader = true });

    /// <returns>False: the session has ended.</returns>
    public async ValueTask<bool> PutAsync(ReadOnlyMemory<byte> frame, CancellationToken ct)
    {
        try
        {
            await incoming.Writer.WriteAsync(frame, ct).ConfigureAwait(false);
            return true;
        }
        catch (ChannelClosedException)
        {
            return false;
        }
    }

    public async ValueTask<Outcome<ReadOnlyMemory<byte>>?> TakeAsync(CancellationToken ct)
    {
        while (await incoming.Reader.WaitToReadAsync(ct).ConfigureAwait(false))
            if (incoming.Reader.TryRead(out var frame)) return Outcome.Of(frame);
        return null;
    }

    public void End() => incoming.Writer.TryComplete();
}
