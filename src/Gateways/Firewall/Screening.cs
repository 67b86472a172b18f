// The seams to those who judge a message: what detectors find in it, what policies make of it. The LLM gateway goes through the same.
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall;

/// <summary>Bytes of <see cref="MessageSubject.Content"/>, within one JSON string, that must not go on.</summary>
/// <param name="Label">What stands in their place, between brackets; plain ASCII.</param>
public readonly record struct Redaction(int Offset, int Length, string Label);

/// <summary>What the detectors made of one message.</summary>
/// <param name="Ran">Which of them have looked at all of it: only these may be called its scan.</param>
public sealed record ScanReport(IReadOnlyList<MessageFinding> Findings, IReadOnlyList<Redaction> Redactions, IReadOnlyList<string> Ran)
{
    public static readonly ScanReport Nothing = new([], [], []);
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
