// The seams to those who judge a message: what detectors find in it, what policies make of it. The LLM gateway goes through the same.
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall;

/// <summary>Bytes of <see cref="MessageSubject.Frame"/> that must not go on, and what stands in their place.</summary>
public readonly record struct MessageCut(int Offset, int Length, ReadOnlyMemory<byte> Instead);

/// <summary>What the detectors made of one message.</summary>
/// <param name="Ran">Which of them have looked at all of it: only these may be called its scan.</param>
public sealed record ScanReport(IReadOnlyList<MessageFinding> Findings, IReadOnlyList<MessageCut> Cuts, IReadOnlyList<string> Ran)
{
    /// <summary>Credentials that were found, as they mean: no record repeats one. Never told.</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];
}

/// <summary>Looks through a message. A problem means that it could not be looked through, which is a deny.</summary>
public delegate ValueTask<Outcome<ScanReport>> ScanMessage(MessageSubject subject, CancellationToken ct);

/// <summary>The policies in force for messages.</summary>
public interface IMessageJudge
{
    /// <summary>Over everything that the judgement depends on besides the message.</summary>
    Digest PolicyDigest { get; }

    ValueTask<Judgement> JudgeAsync(MessageSubject subject, CancellationToken ct);
}
