// What a session does when one of its servers is another process now (era of sessions): subscribes anew to what the client had subscribed to, and tells the client what it can no longer rely on.
// Invariants: subscriptions are asked for as the client asked for them, through the gate; of what cannot be had again the client is told, too, since it looks at it anew.
using System.Text;
using CabinCrew.Gateways.Mcp.Wire;

namespace CabinCrew.Gateways.Mcp.Sessions;

internal sealed class Renewals(SessionParts session)
{
    /// <summary>Of one server. More are not subscribed to anew.</summary>
    private const int SubscriptionsMax = 1000;

    private static readonly string[] Lists = ["tools", "prompts", "resources"];

    private readonly Lock gate = new();
    private readonly Dictionary<Link, Dictionary<string, Frame>> subscribed = [];
    private readonly Dictionary<Link, ReadOnlyMemory<byte>> capabilities = [];

    /// <summary>A server has answered the client's request.</summary>
    public void Answered(OpenRequest open, Frame answer)
    {
        if (open.Frame.Method is not (McpMethods.ResourcesSubscribe or McpMethods.ResourcesUnsubscribe) || answer.Kind is not FrameKind.Result) return;
        lock (gate)
        {
            if (!subscribed.TryGetValue(open.Link!, out var own)) subscribed.Add(open.Link!, own = new(StringComparer.Ordinal));
            if (open.Frame.Method is McpMethods.ResourcesUnsubscribe) own.Remove(open.Frame.Name!);
            else if (own.Count < SubscriptionsMax) own[open.Frame.Name!] = open.Frame;
        }
    }

    /// <param name="can">What the restarted server says that it can do.</param>
    public void Welcomed(Link link, ReadOnlyMemory<byte> can)
    {
        lock (gate) capabilities[link] = can;
    }

    /// <summary>The server has had its handshake and is connected.</summary>
    public async ValueTask RenewAsync(Link link)
    {
        List<Frame> again;
        ReadOnlyMemory<byte> can;
        lock (gate)
        {
            if (!capabilities.Remove(link, out can)) return;
            again = [.. subscribed.GetValueOrDefault(link)?.Values.AsEnumerable() ?? []];
        }
        try
        {
            foreach (var list in Lists)
                if (JsonParts.IsTrue(JsonParts.Member(JsonParts.Member(can, Encoding.ASCII.GetBytes(list)), "listChanged"u8)))
                    await session.SendToClientAsync(Replies.ListChanged(list), default);
            foreach (var subscription in again)
            {
                await AskAsync(link, subscription);
                await session.SendToClientAsync(Replies.Updated(subscription.NameText), default);
            }
        }
        catch (OperationCanceledException) when (session.Stopping.IsCancellationRequested)
        {
            // The session is over, and nobody is told anything any more.
        }
    }

    private async ValueTask AskAsync(Link link, Frame subscription)
    {
        var id = session.Questions.NextId();
        var answered = new TaskCompletionSource<Frame?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var open = new OpenRequest(session.Read(JsonParts.Replace(subscription.Bytes, subscription.Id, id.Span)), link) { AskerId = id, Id = id, Token = default, Facts = session.Standing.Facts, Own = answered };
        if (session.FromClient.Add(open) is not null) return;
        var turn = await link.ToServer.TakeAsync(open.Frame.Bytes.Length, session.Stopping);
        session.Underway.Track(new ClientRequest(session, turn, open).RunAsync());
        await answered.Task.WaitAsync(session.Stopping);
    }
}
