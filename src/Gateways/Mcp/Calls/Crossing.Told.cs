// What is told of a crossing: to the log, to the person who is asked, and to the caller.
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Approvals.Calls;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Calls;

internal sealed partial class Crossing
{
    private MessageRecord Record(Problem? refused) => new()
    {
        EventId = parts.Ledger.Ids.Next("evt"),
        At = parts.Ledger.Clock.GetUtcNow(),
        Subject = MessageRecord.WithoutBytes(answered is { } asked ? subject with { Name = asked.Name } : subject),
        Bytes = message.Frame.Bytes.Length,
        Frame = digest,
        Policy = policy,
        Id = message.Frame.Id.ToArray(),
        Client = message.Session.Client,
        Decision = refused is null ? decision : Decision.Deny,
        Judgement = judgement,
        Scan = scan,
        Refused = refused,
        Instead = refused is null && instead is { } bytes ? Digest.Of(bytes.Span) : null,
        Hidden = filtered?.Hidden ?? [],
        Approval = approval,
        Took = answered is { } request ? parts.Ledger.Clock.GetElapsedTime(request.Began) : null,
        Excerpt = parts.Settings.ExcerptCharsMax > 0 && scan is not null ? Excerpts.Of(subject, scan, parts.Ledger.Redactor, parts.Settings.ExcerptCharsMax).Text : null,
    };

    private HeldMessage Shown()
    {
        var scrubbing = Scrubbing.Of(scan);
        var name = subject.Name is { } given ? Plain.Text(scrubbing?.Text(given) ?? given, 500) : null;
        var (text, isCut) = Excerpts.Of(subject, scan!, parts.Ledger.Redactor, parts.Settings.ShownCharsMax);
        return new(subject.Gateway, subject.Server, Plain.Text(subject.Method, 200), name, IsAnswer ? "response" : "request", subject.Caller.Name, subject.Session,
            text, isCut, message.Frame.Bytes.Length, digest, pin, policy);
    }

    private IReadOnlyList<string> WarningsForMeta() =>
        !parts.Settings.WarningsInMeta || message.Frame.Kind != FrameKind.Result || subject.Direction != MessageDirection.ToCaller ? []
        : decision == Decision.Warn ? [.. answered?.Warnings ?? [], .. Warnings()] : answered?.Warnings ?? [];

    private IReadOnlyList<string> Warnings() => judgement!.Warnings.Count > 0 ? judgement.Warnings : [Reason(Decision.Warn)];

    private string Reason(Decision of)
    {
        if (judgement?.Evaluations.FirstOrDefault(e => e.Decision == of) is { } said) return $"{said.PolicyId}: {said.Reason}";
        return scan?.Findings.FirstOrDefault(f => f.Decision == of) is { } found ? $"{found.Detector}/{found.Rule}: {found.Reason}" : of.Word();
    }

    private string? PolicyOf(Decision of)
    {
        if (of == Decision.Allow) return null;
        if (judgement?.Evaluations.FirstOrDefault(e => e.Decision == of) is { } said) return said.PolicyId;
        return scan?.Findings.FirstOrDefault(f => f.Decision == of) is { } found ? $"{found.Detector}/{found.Rule}" : null;
    }
}
