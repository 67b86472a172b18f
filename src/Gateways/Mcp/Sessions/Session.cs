// One client's session with its servers, from the first byte to the last (MCP-01, MCP-03, MCP-07).
// Invariant: whoever is killed, client, server or gateway, nothing is left hanging: every open request is answered or its asker is gone, and all connections are closed.
using CabinCrew.Gateways.Mcp.Servers;
using CabinCrew.Gateways.Mcp.Sessions.Several;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Sessions;

public sealed record SessionSetup
{
    /// <summary>Of the session, for the record; unique.</summary>
    public required string Id { get; init; }
    public required MessageCaller Caller { get; init; }
    public required IClientConnection Client { get; init; }
    /// <summary>In the order of the configuration. Of several, names are told apart by their server's (<c>server__name</c>).</summary>
    public required IReadOnlyList<IServerSource> Servers { get; init; }
    public required IMessageGate Gate { get; init; }
    public required ISessionRecord Record { get; init; }
    public required TimeProvider Time { get; init; }
    public SessionLimits Limits { get; init; } = SessionLimits.Default;
}

public enum SessionEnd { ClientLeft, ServersEnded, Stopped }

public sealed class Session : ILinkListener
{
    private readonly SessionParts parts;
    private readonly FromClient fromClient;
    private readonly FromServer fromServer;
    private readonly Handshake handshake;
    private readonly TaskCompletionSource serversEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Session(SessionSetup setup)
    {
        var links = setup.Servers.Select(s => new Link(s, setup.Limits, setup.Time)).ToArray();
        parts = new(setup, new(setup.Id, setup.Caller), p => links is [var only] ? new OneServer(only) : new SeveralServers(p, links));
        fromClient = new(parts);
        fromServer = new(parts);
        handshake = new(parts);
    }

    /// <summary>Carries until the client leaves, no server is left, or it is stopped. Then everything is closed.</summary>
    public async Task<SessionEnd> RunAsync(CancellationToken ct)
    {
        using var reading = new CancellationTokenSource();
        var client = ReadClientAsync(reading.Token);
        var servers = parts.Routes.Links.Select(l => l.RunAsync(this, reading.Token)).ToArray();
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var stop = ct.Register(() => stopped.TrySetResult());
        var first = await Task.WhenAny(client, serversEnded.Task, stopped.Task);
        var end = first == client ? SessionEnd.ClientLeft : first == stopped.Task ? SessionEnd.Stopped : SessionEnd.ServersEnded;

        parts.Ending = true;
        try
        {
            await LetGoAsync(end, stopped.Task);
            await parts.Gate.EndAsync(parts.Standing.Facts);
        }
        finally
        {
            await parts.StopAsync();
            await reading.CancelAsync();
            await parts.Client.DisposeAsync();
            await Within(parts.Underway.DoneAsync());
            await Within(Task.WhenAll(servers));
            foreach (var link in parts.Routes.Links) link.Dispose();
        }
        return end;
    }

    private async Task ReadClientAsync(CancellationToken ct)
    {
        try
        {
            while (await parts.Client.ReceiveAsync(ct) is { } received) await fromClient.ReceivedAsync(received, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The session has ended for another reason.
        }
    }

    /// <summary>What is held is let go of, unforwarded; what a server is at is waited for while there is somebody to tell.</summary>
    private async Task LetGoAsync(SessionEnd end, Task stopped)
    {
        // What is only being judged may still be let on for a client that has left: nobody need say yes to it.
        var held = parts.FromClient.All().Where(o => o.Stage is RequestStage.Judged && (o.Held || end is not SessionEnd.ClientLeft)).Concat(parts.Questions.Unclaimed(of: null)).ToList();
        await GiveUpAsync(held, "the session has ended while the request was held; it was not forwarded");
        // A stream of notifications has no answer to wait for.
        await GiveUpAsync([.. parts.FromClient.All().Where(o => o.Frame.Method is McpMethods.Listen)], "the session has ended");
        // A client that has written all it had to say may still read the answers, as it would without a gateway.
        if (end is SessionEnd.ClientLeft) await Within(Task.WhenAny(parts.FromClient.EmptyAsync(), stopped, serversEnded.Task), parts.Limits.Parting);
        await GiveUpAsync(parts.FromClient.All(), "the session has ended before the request was answered");
        foreach (var open in parts.ToClient.All())
            if (open.TryClose(out _)) open.Withdraw();
    }

    private Task GiveUpAsync(List<OpenRequest> requests, string why)
    {
        var told = new List<Task>();
        foreach (var open in requests)
        {
            if (!open.TryClose(out _)) continue;
            parts.FromClient.Remove(open, answerMayCome: false);
            open.Withdraw();
            foreach (var leg in open.Gathering?.Legs ?? [])
                if (leg is not null && leg.TryClose(out _)) leg.Withdraw();
            open.Own?.TrySetResult(null);
            if (open is { AskerId.IsEmpty: false, Own: null }) told.Add(parts.SendToClientAsync(Replies.Error(open.AskerId, new Problem(ProblemCode.Cancelled, why)), open.AskerId).AsTask());
        }
        return Within(Task.WhenAll(told));
    }

    // Nobody's silence holds up the end.
    private Task Within(Task work) => Within(work, parts.Limits.Drain);

    private async Task Within(Task work, TimeSpan time)
    {
        try
        {
            await work.WaitAsync(time, parts.Setup.Time);
        }
        catch (TimeoutException)
        {
        }
    }

    ValueTask ILinkListener.ReceivedAsync(Link link, ReadOnlyMemory<byte> bytes, CancellationToken ct) => fromServer.ReceivedAsync(link, bytes, ct);

    ValueTask<Outcome<Done>> ILinkListener.RenewAsync(Link link, IServerConnection connection, CancellationToken ct) => handshake.RepeatAsync(link, connection, ct);

    void ILinkListener.Renewed(Link link)
    {
        if (!parts.Ending) parts.Underway.Track(parts.Renewals.RenewAsync(link));
    }

    async ValueTask ILinkListener.LostAsync(Link link, Problem why, bool ended)
    {
        parts.Routes.Lost(link);
        foreach (var open in parts.Questions.Unclaimed(link))
            if (open.TryClose(out _)) open.Withdraw();
        foreach (var open in parts.FromClient.All())
        {
            var leg = open is { Link: null, Gathering: { } gathering } ? gathering.LegOf(link) : open.Link == link ? open : null;
            // An answer that had come before is still judged and delivered.
            if (leg is null || leg.Stage is not (RequestStage.Judged or RequestStage.Sent)) continue;
            leg.Withdraw();
            await parts.AnswerClientAsync(leg, Replies.Error(open.AskerId, why));
        }
        foreach (var open in parts.ToClient.All())
        {
            if (open.Link != link || !open.TryClose(out var before)) continue;
            parts.ToClient.Remove(open, answerMayCome: true);
            open.Withdraw();
            if (before is RequestStage.Sent) await parts.SendToClientAsync(Replies.Cancelled(open.Id, "the server that asked has ended"), default);
        }
        if (ended && parts.Routes.Links.All(l => l.Ended)) serversEnded.TrySetResult();
    }
}
