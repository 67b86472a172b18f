// Where the messages of a session go, and what they look like on the other side. With one server, everything goes to it as it came.
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Sessions;

/// <summary>Where a request of the client goes: to one server, to several at once, or no further.</summary>
/// <param name="Link">The one; null: see the others.</param>
/// <param name="Frame">As this server sees it.</param>
/// <param name="Each">Several, whose answers become one.</param>
/// <param name="Reply">The gateway's own answer.</param>
/// <param name="Refused">Why it goes nowhere.</param>
internal readonly record struct Route(Link? Link, Frame Frame, IReadOnlyList<Leg>? Each = null, ReadOnlyMemory<byte> Reply = default, Problem? Refused = null);

internal sealed record Leg(Link Link, Frame Frame);

internal interface IRoutes
{
    IReadOnlyList<Link> Links { get; }

    Route Request(Frame frame);

    /// <summary>The servers that a notification of the client is for, with the frame as each sees it.</summary>
    IReadOnlyList<Leg> Notification(Frame frame);

    /// <summary>What a request of a server is called towards the client.</summary>
    ReadOnlyMemory<byte> ClientId(Frame request);

    /// <summary>What a server's request for progress is called towards the client; empty: it wants none.</summary>
    ReadOnlyMemory<byte> ClientToken(Frame request, ReadOnlyMemory<byte> clientId);

    /// <summary>A request of a server as the client sees it, after it was judged.</summary>
    ReadOnlyMemory<byte> ToClient(OpenRequest open, Frame frame);

    /// <summary>A server's answer as the client sees it, after it was judged.</summary>
    ReadOnlyMemory<byte> Answer(OpenRequest open, Frame answer);

    /// <summary>One answer of several servers' answers, or of why there is none.</summary>
    ReadOnlyMemory<byte> Merge(OpenRequest whole, IReadOnlyList<Gathered> answers);

    /// <summary>Why this server may not ask the client for this; null: it may.</summary>
    Problem? Unowned(Link link, Frame request);

    /// <summary>The client's answer to a server, after it was judged: learned from, never changed.</summary>
    void Answered(OpenRequest open, Frame answer);

    /// <summary>The client's progress of a server's request, as that server sees it.</summary>
    Frame TokenOf(OpenRequest open, Frame progress, ReadOnlyMemory<byte> token);

    /// <summary>The progress may be of a task, which outlives the request that began it.</summary>
    bool IsTaskToken(Link link, Frame progress);

    /// <summary>The server is another process now: what was known of it is not.</summary>
    void Lost(Link link);
}

internal sealed class OneServer(Link link) : IRoutes
{
    public IReadOnlyList<Link> Links { get; } = [link];

    public Route Request(Frame frame) => new(link, frame);

    public IReadOnlyList<Leg> Notification(Frame frame) => [new(link, frame)];

    public ReadOnlyMemory<byte> ClientId(Frame request) => request.Id;

    public ReadOnlyMemory<byte> ClientToken(Frame request, ReadOnlyMemory<byte> clientId) => request.ProgressToken;

    public ReadOnlyMemory<byte> ToClient(OpenRequest open, Frame frame) => frame.Bytes;

    public ReadOnlyMemory<byte> Answer(OpenRequest open, Frame answer) => answer.Bytes;

    public ReadOnlyMemory<byte> Merge(OpenRequest whole, IReadOnlyList<Gathered> answers) => throw new InvalidOperationException("one server's answers are not merged");

    public Problem? Unowned(Link asking, Frame request) => null;

    public void Answered(OpenRequest open, Frame answer)
    {
        // There is nobody to tell apart.
    }

    public Frame TokenOf(OpenRequest open, Frame progress, ReadOnlyMemory<byte> token) => progress;

    // One server's tokens can be mistaken for nobody else's.
    public bool IsTaskToken(Link asked, Frame progress) => true;

    public void Lost(Link lost)
    {
        // What it knew is the client's business.
    }
}
