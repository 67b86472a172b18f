// A session's tie to one server: connects, reads, and connects anew when the server is gone (MCP-07).
// Invariant: nothing is sent to a server that has not had the session's handshake, and what was open when it ended is never sent again.
using CabinCrew.Gateways.Mcp.Servers;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Sessions;

/// <summary>What a link tells its session. Called by the link's reader, one at a time.</summary>
internal interface ILinkListener
{
    ValueTask ReceivedAsync(Link link, ReadOnlyMemory<byte> bytes, CancellationToken ct);

    /// <summary>The connection is gone; what was open on it will not be answered. It may come back, unless it has ended.</summary>
    ValueTask LostAsync(Link link, Problem why, bool ended);

    /// <summary>Brings a fresh connection to where the session stands. A problem gives it up.</summary>
    ValueTask<Outcome<Done>> RenewAsync(Link link, IServerConnection connection, CancellationToken ct);

    /// <summary>The fresh connection carries.</summary>
    void Renewed(Link link);
}

internal sealed class Link(IServerSource source, SessionLimits limits, TimeProvider time) : IDisposable
{
    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile IServerConnection? connection;
    private volatile Problem? down;

    public string Name => source.Name;

    public Lane ToServer { get; } = new(limits.UnderWayMax, limits.BytesMax, limits.OrderPatience, time);

    public Lane ToClient { get; } = new(limits.UnderWayMax, limits.BytesMax, limits.OrderPatience, time);

    public bool Ended { get; private set; }

    public void Dispose()
    {
        ToServer.Dispose();
        ToClient.Dispose();
    }

    public async ValueTask<Outcome<Done>> SendAsync(ReadOnlyMemory<byte> frame, CancellationToken ct)
    {
        if (!started.Task.IsCompleted && !await StartedAsync(ct)) return new Problem(ProblemCode.UpstreamFailed, "the server has not started yet").At(Name);
        if (connection is { } up)
        {
            var sent = await up.SendAsync(frame, ct);
            return sent.Problem is { } problem ? problem.At(Name) : sent;
        }
        return down ?? new Problem(ProblemCode.UpstreamFailed, "the server is not connected").At(Name);
    }

    private async ValueTask<bool> StartedAsync(CancellationToken ct)
    {
        try
        {
            await started.Task.WaitAsync(limits.Handshake, time, ct);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Reads until the session ends, or there is no server to be had any more.</summary>
    public async Task RunAsync(ILinkListener session, CancellationToken ct)
    {
        try
        {
            for (var first = true; !ct.IsCancellationRequested; first = false)
            {
                if (!(await source.ConnectAsync(ct)).Try(out var fresh, out var none))
                {
                    await LoseAsync(session, none, ended: true);
                    return;
                }
                await using (fresh)
                {
                    var renewed = first ? Done.Ok : await session.RenewAsync(this, fresh, ct);
                    var why = renewed.Problem ?? await ReadAsync(session, fresh, first, ct);
                    await LoseAsync(session, why, ended: false);
                }
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The session ends, and answers what is open itself.
        }
        catch (Exception e)
        {
            await LoseAsync(session, SessionParts.Bug(e), ended: true);
        }
        finally
        {
            Ended = true;
            connection = null;
            started.TrySetResult();
        }
    }

    private async Task<Problem> ReadAsync(ILinkListener session, IServerConnection fresh, bool first, CancellationToken ct)
    {
        down = null;
        connection = fresh;
        started.TrySetResult();
        if (!first) session.Renewed(this);
        while (true)
        {
            var received = await fresh.ReceiveAsync(ct);
            if (received is null) return new Problem(ProblemCode.UpstreamFailed, "the server has ended");
            if (!received.Value.Try(out var bytes, out var broken)) return new Problem(ProblemCode.UpstreamInvalid, broken.Message);
            await session.ReceivedAsync(this, bytes, ct);
        }
    }

    private async ValueTask LoseAsync(ILinkListener session, Problem why, bool ended)
    {
        down = why.At(Name);
        connection = null;
        if (ended) Ended = true;
        started.TrySetResult();
        await session.LostAsync(this, down, ended);
    }
}
