// A request that has been read and not been answered: where it stands, and who may still answer it.
// Invariant: it moves forward only, and exactly one party closes it; that one answers.
using CabinCrew.Gateways.Mcp.Wire;

namespace CabinCrew.Gateways.Mcp.Sessions;

internal enum RequestStage { Judged, Sent, Answered, Closed }

/// <param name="frame">As the one who is asked sees it.</param>
/// <param name="link">The server that is asked, or that asks. Null: the gateway itself asks.</param>
internal sealed class OpenRequest(Frame frame, Link? link)
{
    private readonly CancellationTokenSource withdrawn = new();
    private int stage;

    public Frame Frame { get; } = frame;

    public Link? Link { get; } = link;

    /// <summary>What the asker calls it. A client that asks again, with the answer to a question, gives it another.</summary>
    public required ReadOnlyMemory<byte> AskerId { get; set; }

    /// <summary>What the one who is asked calls it.</summary>
    public required ReadOnlyMemory<byte> Id { get; set; }

    /// <summary>What progress of it is told under, to the one who is asked. Empty: the asker wants none.</summary>
    public ReadOnlyMemory<byte> Token { get; init; } = frame.ProgressToken;

    /// <summary>What it and its answer are judged with.</summary>
    public required SessionFacts Facts { get; init; }

    /// <summary>Collects the answers of several servers. Null: one answers.</summary>
    public Gathering? Gathering { get; set; }

    /// <summary>Where the answer goes that the gateway itself asked for. Null: another party asked.</summary>
    public TaskCompletionSource<Frame?>? Own { get; init; }

    /// <summary>Its judgement waits for somebody.</summary>
    public volatile bool Held;

    /// <summary>Ends its judgement, and that of its answer.</summary>
    public CancellationToken Withdrawn => withdrawn.Token;

    public RequestStage Stage => (RequestStage)Volatile.Read(ref stage);

    public bool TrySend() => Interlocked.CompareExchange(ref stage, (int)RequestStage.Sent, (int)RequestStage.Judged) == (int)RequestStage.Judged;

    public bool TryAnswer() => Interlocked.CompareExchange(ref stage, (int)RequestStage.Answered, (int)RequestStage.Sent) == (int)RequestStage.Sent;

    /// <summary>False: somebody else has closed it, and answers.</summary>
    public bool TryClose(out RequestStage before)
    {
        before = (RequestStage)Interlocked.Exchange(ref stage, (int)RequestStage.Closed);
        return before is not RequestStage.Closed;
    }

    /// <summary>Ends whatever judgement is under way. To be called after it is closed.</summary>
    public void Withdraw() => withdrawn.Cancel();
}
