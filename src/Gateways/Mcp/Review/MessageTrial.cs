// Tells what the gate would make of a message under a configuration: read, placed, looked through and judged by the very code that does it for messages on their way, and carried nowhere.
// Invariant: nothing is written, held, counted or pinned; what only a running gateway knows (limits, people's answers, quarantine) is not part of it.
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Mcp.Calls;
using CabinCrew.Gateways.Mcp.Configuration;
using CabinCrew.Gateways.Mcp.Definitions;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Review;

/// <param name="Subject">Null: it is no message that could be judged.</param>
/// <param name="Judgement">Null: it was refused before anybody judged it, see <paramref name="Refused"/>.</param>
/// <param name="Decision">What decides in the end, findings included.</param>
/// <param name="Hidden">Definitions of a list that would not be shown, each with its reason.</param>
/// <param name="Redactions">How many places would be cut out of what goes on.</param>
public sealed record TrialResult(
    MessageSubject? Subject, Judgement? Judgement, Decision Decision, IReadOnlyList<MessageFinding> Findings, IReadOnlyList<string> Scanned, IReadOnlyList<string> Hidden, int Redactions, Problem? Refused)
{
    internal static TrialResult Refuse(Problem why, MessageSubject? subject = null) => new(subject, null, Decision.Deny, [], [], [], 0, why);
}

public sealed class MessageTrial(GatewayDefinition definition, AssembledJudge judge, TimeProvider clock)
{
    private const string DefaultCaller = "agent";

    public async Task<TrialResult> RunAsync(TrialCase trial, CancellationToken ct)
    {
        if (!FrameReader.Read(trial.Bytes, FrameLimits.Default).Try(out var frame, out var unread)) return TrialResult.Refuse(unread);
        var isAnswer = frame.Kind is FrameKind.Result or FrameKind.Error;
        Frame? asked = null;
        if (isAnswer)
        {
            if (trial.Answers is not { } request) return TrialResult.Refuse(new(ProblemCode.MessageUnexpected, "an answer is judged with the request that it answers: say it under 'answers'"));
            if (!FrameReader.Read(System.Text.Encoding.UTF8.GetBytes(request.GetRawText()), FrameLimits.Default).Try(out asked, out unread)) return TrialResult.Refuse(unread);
            if (asked.Method is null) return TrialResult.Refuse(new(ProblemCode.MessageUnexpected, "what is under 'answers' is no request"));
        }
        var direction = trial.Direction is { } word ? word == "to_server" ? MessageDirection.ToServer : MessageDirection.ToCaller : isAnswer ? MessageDirection.ToCaller : MessageDirection.ToServer;
        if (!isAnswer && McpMethods.Misplaced(frame, direction == MessageDirection.ToServer ? Parties.Client : Parties.Server) is { } misplaced) return TrialResult.Refuse(new(ProblemCode.MessageUnexpected, misplaced));
        return await JudgeAsync(Subject(trial, frame, asked, direction), frame, [], ct).ConfigureAwait(false);
    }

    /// <param name="known">What was found in it when it could still be seen: what has been taken out of it since is not found again.</param>
    public async Task<TrialResult> JudgeAsync(MessageSubject subject, Frame frame, IReadOnlyList<MessageFinding> known, CancellationToken ct)
    {
        var most = subject.Direction == MessageDirection.ToServer ? definition.RequestBytesMax : definition.ResponseBytesMax;
        if (frame.Bytes.Length > most) return TrialResult.Refuse(new(ProblemCode.MessageTooLarge, $"the message has {frame.Bytes.Length} bytes; at most {most} may pass"), subject);
        if (subject.Kind == MessageKind.Request && judge.Files(subject) is { } file) subject = subject with { File = file };
        if (!(await judge.Scan(subject, ct).ConfigureAwait(false)).Try(out var scan, out var problem)) return TrialResult.Refuse(problem, subject);
        var listed = frame.Kind == FrameKind.Result && subject.Direction == MessageDirection.ToCaller ? DefinitionKinds.ListedBy(subject.Method) : null;
        IReadOnlyList<MessageFinding> all = [.. known, .. scan.Findings];
        subject = subject with { Findings = listed is var (_, member) ? ListFilter.Rest(all, member) : all };
        if (!(await Judging.OfAsync(judge.Judge, subject, frame, besides: null, ct).ConfigureAwait(false)).Try(out var judgement, out problem)) return TrialResult.Refuse(problem, subject);
        var decision = Judging.Decide(judgement, subject.Findings);
        if (decision == Decision.RequireApproval && subject.Kind == MessageKind.Notification) decision = Decision.Deny;
        if (!(await HiddenAsync(subject, listed, all, frame, ct).ConfigureAwait(false)).Try(out var hidden, out problem)) return TrialResult.Refuse(problem, subject);
        return new(subject, judgement, decision, all, scan.Ran, hidden, scan.Cuts.Count, null);
    }

    private async Task<Outcome<IReadOnlyList<string>>> HiddenAsync(MessageSubject subject, (DefinitionKind Kind, string Member)? listed, IReadOnlyList<MessageFinding> findings, Frame frame, CancellationToken ct)
    {
        List<string> hidden = [];
        if (listed is not var (kind, member)) return hidden;
        if (!DefinitionList.Read(kind, member, frame.Answer).Try(out var list, out var problem)) return problem;
        var found = findings.ToLookup(f => ListFilter.IndexOf(f, member) ?? -1);
        for (var i = 0; i < list.Definitions.Count; i++)
            if (await ListFilter.ObjectionAsync(judge.Judge, PinMode.FirstUse, subject, list.Definitions[i], PinState.Accepted, isSeen: false, [.. found[i]], ct).ConfigureAwait(false) is { } objection)
                hidden.Add($"{kind.Word()} '{list.Definitions[i].Key?.Name ?? "?"}': {objection}");
        return hidden;
    }

    private MessageSubject Subject(TrialCase trial, Frame frame, Frame? asked, MessageDirection direction)
    {
        var caller = trial.Caller ?? new TrialCaller(DefaultCaller, "automation", definition.Callers.LocalRoles);
        var facts = new SessionFacts("trial", new(caller.Name, caller.Kind switch { "human" => true, "unknown" => null, _ => false }, caller.Roles ?? [], caller.AuthenticatedBy ?? "os_user"), null, trial.ProtocolVersion ?? frame.Version ?? "");
        var server = trial.Server ?? (definition.Servers is [var only] ? only.Name : "server");
        var subject = Facts.Of(new(facts, server, direction, frame, asked), new() { Context = trial.Context ?? definition.Context }, trial.At ?? clock.GetUtcNow());
        var uses = direction == MessageDirection.ToServer && subject.Kind == MessageKind.Request && DefinitionKinds.UsedIn(subject.Method) is not null;
        return subject with
        {
            Seed = MessageSeeds.Of(Digest.Of(frame.Bytes.Span)), Annotations = trial.Annotations,
            Pin = trial.Pin is { } pin ? TrialCase.PinOf(pin)!.Value : uses ? PinState.Accepted : PinState.None,
        };
    }
}
