// The configured policies and detectors, behind the gate's seams.
using System.Text;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall;

/// <param name="defaultRole">Who approves where a verdict names no role.</param>
public sealed class PolicyJudge(MessagePolicySet policies, TextDetection detection, CommandScan commands, string defaultRole) : IMessageJudge
{
    public Digest PolicyDigest { get; } = Digest.Of(Encoding.ASCII.GetBytes($"{policies.GovernanceHash}\n{detection.Digest}\n{commands.Digest}"));

    public ValueTask<Judgement> JudgeAsync(MessageSubject subject, CancellationToken ct) => policies.JudgeAsync(subject, defaultRole, ct);
}

/// <summary>Looks through the whole message, not only through what it says: what stands beside that goes on as well. Then through what a call would run.</summary>
public sealed class DetectorScan(TextDetection detection, CommandScan commands, Redaction redaction)
{
    private readonly ScanReport nothingFromCaller = new([], [], detection.Looking(TextOrigin.Caller)), nothingFromServer = new([], [], detection.Looking(TextOrigin.Server));

    public ValueTask<Outcome<ScanReport>> RunAsync(MessageSubject subject, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var isCallers = subject.Direction == MessageDirection.ToServer;
        var nothing = isCallers ? nothingFromCaller : nothingFromServer;
        var found = detection.Detect(subject.Frame, isCallers ? TextOrigin.Caller : TextOrigin.Server, out var notAsked);
        var run = commands.In(subject);
        if (run is not null) nothing = nothing with { Findings = run, Ran = [.. nothing.Ran, CommandScan.Name] };
        if (found.Count == 0) return new(nothing);
        var content = MessageEdits.OffsetOf(subject.Frame, subject.Content);
        var findings = new MessageFinding[found.Count];
        for (var i = 0; i < findings.Length; i++) findings[i] = new(found[i].Detector, found[i].Rule, PlaceOf(found[i], content, subject.Content.Length), found[i].Decision, found[i].Reason);
        // Nobody has looked at all of it: then nobody says so.
        var ran = Array.Exists(findings, f => f.Detector == TextDetection.NotAll) ? [] : notAsked.Count == 0 ? nothing.Ran : [.. nothing.Ran.Except(notAsked)];
        var secrets = found.Where(f => f.Detector is Detectors.Secrets or Detectors.Mapped).Select(f => JsonText.Unescape(subject.Frame.Span.Slice(f.Start, f.Length))).ToList();
        return new(nothing with { Ran = ran, Secrets = secrets, Findings = [.. findings, .. run ?? []], Cuts = [.. redaction.Cuts(subject.Frame, found).Select(c => new MessageCut(c.Start, c.Length, c.Instead))] });
    }

    // A pointer into what the message says begins behind its member; one beside it is marked, so that the two cannot be taken for one another.
    private static string PlaceOf(Finding finding, int content, int length)
    {
        if (content < 0 || finding.Start < content || finding.Start >= content + length) return $"beside:{finding.Place}";
        var second = finding.Place.IndexOf('/', 1);
        return second < 0 ? "" : finding.Place[second..];
    }
}
