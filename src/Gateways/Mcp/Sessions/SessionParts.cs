// What the two directions of a session share, and the few ways in which the session itself speaks: an answer in the place of another, a refusal on record.
// Invariant: each request is answered once, by whoever closes it.
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Sessions;

internal sealed class SessionParts
{
    private readonly CancellationTokenSource stopping = new();

    public SessionParts(SessionSetup setup, Standing standing, Func<SessionParts, IRoutes> routes)
    {
        Setup = setup;
        Standing = standing;
        FromClient = new(setup.Limits.ClientRequestsMax, setup.Limits.BytesMax);
        ToClient = new(setup.Limits.ServerRequestsMax, setup.Limits.BytesMax);
        Questions = new(this);
        Renewals = new(this);
        Routes = routes(this);
    }

    public SessionSetup Setup { get; }

    public IMessageGate Gate => Setup.Gate;

    public IClientConnection Client => Setup.Client;

    public SessionLimits Limits => Setup.Limits;

    public Standing Standing { get; }

    public IRoutes Routes { get; }

    /// <summary>Requests of the client, by its own ids.</summary>
    public RequestTable FromClient { get; }

    /// <summary>Requests of servers and of the gateway, by the ids that the client knows.</summary>
    public RequestTable ToClient { get; }

    public Questions Questions { get; }

    public Renewals Renewals { get; }

    public Underway Underway { get; } = new();

    /// <summary>The session ends: nothing new is taken.</summary>
    public volatile bool Ending;

    /// <summary>The session has ended: nothing is carried any more.</summary>
    public CancellationToken Stopping => stopping.Token;

    public Task StopAsync() => stopping.CancelAsync();

    public ValueTask RecordAsync(string? server, MessageDirection direction, Problem why) => Setup.Record.RefusedAsync(Standing.Facts, server, direction, why);

    /// <summary>Answers a request of the client that has no other answer, if nobody else has.</summary>
    public async ValueTask AnswerClientAsync(OpenRequest open, ReadOnlyMemory<byte> answer)
    {
        if (!open.TryClose(out _)) return;
        FromClient.Remove(open, answerMayCome: false);
        if (open.Frame.Method is McpMethods.Initialize && open.Gathering is null) Standing.NotAgreed();
        if (open.Link is { } link) await Gate.UnansweredAsync(open.Facts, link.Name, MessageDirection.ToServer, open.Frame);
        if (open.Own is { } own) own.TrySetResult(null);
        else if (open.Gathering is { } gathering) await gathering.WithoutAsync(open, answer);
        else await SendToClientAsync(answer, open.AskerId);
    }

    /// <summary>Answers a request of a server that has no other answer, if nobody else has.</summary>
    public async ValueTask AnswerServerAsync(OpenRequest open, ReadOnlyMemory<byte> answer)
    {
        if (!open.TryClose(out _)) return;
        ToClient.Remove(open, answerMayCome: false);
        await open.Link!.SendAsync(answer, CancellationToken.None);
    }

    /// <summary>A client that takes nothing any more ends the session by its reader; nothing is to be done here.</summary>
    public async ValueTask SendToClientAsync(ReadOnlyMemory<byte> frame, ReadOnlyMemory<byte> regarding) =>
        await Client.SendAsync(frame, regarding, CancellationToken.None);

    /// <summary>A message that the gateway itself has made, or that stands in for one: it is well-formed, or that is a bug.</summary>
    public Frame Read(ReadOnlyMemory<byte> bytes) => FrameReader.Read(bytes, Limits.Frames).Value;

    public static Problem Bug(Exception e) => Problem.Bug($"carrying a message failed: {e.GetType().Name}: {e.Message}");
}
