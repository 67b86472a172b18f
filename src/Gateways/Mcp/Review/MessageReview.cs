// Judges recorded messages once more, under a configuration of today or any other, on what was kept of them. Nothing is written: no audit event, no hold, no pin.
// Invariant: what was not kept is not judged; where something was taken out of what was kept, that is said beside the judgement.
using CabinCrew.Gateways.Firewall;
using System.Text;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Mcp.Configuration;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Review;

/// <param name="Now">Null: it could not be judged, see <paramref name="Problem"/>.</param>
/// <param name="IsExact">False: a credential was taken out of what was kept, and policies see its placeholder where they saw the credential.</param>
public sealed record RejudgedMessage(RecordedMessage Message, TrialResult? Now, bool IsExact, Problem? Problem)
{
    public bool Changes => Now is { } now && now.Decision != Message.Then;

    public IReadOnlyList<string> Why => Now is not { } now ? [Problem!.Message] : !Changes ? [] : now.Refused is { } refused ? [$"now refused: {refused.Code.Id()}: {refused.Message}"] : JudgementDifference.Why(Message.Evaluations, now.Judgement!.Evaluations);
}

public sealed class MessageReview(GatewayDefinition definition, AssembledJudge judge, TimeProvider clock)
{
    private readonly MessageTrial trial = new(definition, judge, clock);

    public async Task<RejudgedMessage> JudgeAsync(RecordedMessage message, CancellationToken ct)
    {
        if (message.Kept is not { } kept) return new(message, null, false, new(ProblemCode.NotFound, "the message was not kept, or is no more"));
        if (kept.Text.Length == 0) return new(message, null, false, new(ProblemCode.NotFound, "nothing of the message was kept, since nobody could say what is in it"));
        if (!FrameReader.Read(Encoding.UTF8.GetBytes(kept.Text), FrameLimits.Default).Try(out var frame, out var unread)) return new(message, null, false, unread);
        if (!kept.Redacted && Digest.Of(frame.Bytes.Span) != kept.Frame) return new(message, null, false, new(ProblemCode.BlobCorrupt, "what was kept is not the message that the log tells of"));
        if (Subject(kept, frame) is not { } subject) return new(message, null, false, new(ProblemCode.StoreCorrupt, "what was kept does not say what policies saw"));
        return new(message, await trial.JudgeAsync(subject, frame, kept.Redacted ? Known(message, subject) : [], ct).ConfigureAwait(false), !kept.Redacted, null);
    }

    // No secret is on record, so that what was found of them then is taken over, with what becomes of it under this configuration.
    private IReadOnlyList<MessageFinding> Known(RecordedMessage message, MessageSubject subject) =>
        [.. message.Findings.Where(f => f.Detector is Detectors.Secrets or Detectors.Mapped).Select(f => f with { Decision = DecisionOf(f, subject.Direction) }).Where(f => f.Decision != Decision.Allow)];

    private Decision DecisionOf(MessageFinding found, MessageDirection direction)
    {
        if (found.Detector == Detectors.Mapped && direction == MessageDirection.ToServer) return Decision.Deny;
        var settings = definition.Detectors.TryGetValue(found.Detector, out var own) ? own : Detectors.StandardOf(found.Detector);
        return settings.Rules.TryGetValue(found.Rule, out var rule) ? rule : direction == MessageDirection.ToServer ? settings.FromCaller : settings.FromServer;
    }

    private MessageSubject? Subject(KeptMessage kept, Frame frame)
    {
        var isAnswer = frame.Kind is FrameKind.Result or FrameKind.Error;
        if (Word<MessageDirection>(kept.Direction, d => d.Word()) is not { } direction || Word<MessageKind>(kept.Kind, k => k.Word()) is not { } kind || TrialCase.PinOf(kept.Pin) is not { } pin) return null;
        return new()
        {
            Gateway = Calls.Facts.Gateway,
            Tenant = TenantId.Local,
            Caller = new(kept.Caller.Name, kept.Caller.Human, kept.Caller.Roles, kept.Caller.AuthenticatedBy) { Issuer = kept.Caller.Issuer },
            Session = kept.Session,
            Server = kept.Server,
            ProtocolVersion = kept.ProtocolVersion,
            Direction = direction,
            Kind = kind,
            Method = kept.Method,
            Name = kept.Name,
            Frame = frame.Bytes,
            Content = isAnswer ? frame.Answer : frame.Params,
            Arguments = isAnswer ? default : frame.Arguments,
            Pin = pin,
            Annotations = kept.Annotations,
            Context = definition.Context,
            Now = kept.At,
            Seed = MessageSeeds.Of(kept.Frame),
        };
    }

    private static T? Word<T>(string word, Func<T, string> spell) where T : struct, Enum => Enum.GetValues<T>().Cast<T?>().FirstOrDefault(v => spell(v!.Value) == word);
}
