// One prompt or answer on its way through the gate, and what has become known of it so far.
using System.Text.Encodings.Web;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Firewall.Holds;
using CabinCrew.Gateways.Firewall.Limits;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Governance.Approvals.Calls;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Calls;

internal sealed class LlmCrossing(LlmGateParts parts, LlmMessage message, ICallerLine line)
{
    private readonly Digest came = Digest.Of(message.Carried.Write().Span);
    /// <summary>Of the caller's own bytes, where others were judged (LLM-05).</summary>
    private readonly Digest? original = message.CallerSent is { } sent ? Digest.Of(sent.Carried.Write().Span) : null;
    private readonly Digest policy = parts.Judge.PolicyDigest;
    private TextReport? scan;
    private MessageSubject? subject;
    private Judgement? judgement;
    private Decision decision;
    private CallPlace? place;
    private ReadOnlyMemory<byte> goes;
    private string? approval;
    private StreamHold? hold;
    private StreamMoment? moment = message.Sent.Events > 0 ? StreamMoment.Ends : null;

    public async ValueTask<Outcome<LlmPassage>> RunAsync(CancellationToken ct)
    {
        var problem = Unfit() ?? await JudgeAsync(ct).ConfigureAwait(false) ?? Unasked() ?? await EnterAsync(ct).ConfigureAwait(false) ?? await HoldAsync(ct).ConfigureAwait(false);
        if (problem is not null) return await RefuseAsync(problem).ConfigureAwait(false);
        ct.ThrowIfCancellationRequested();
        var record = Record(null);
        if ((await RecordAsync(record, record.MustLast).ConfigureAwait(false)).Problem is { } unwritten)
        {
            await DropAsync().ConfigureAwait(false);
            return unwritten;
        }
        return Restored(scan!.Goes.Documents.Count).Map(bytes => new LlmPassage(bytes, decision, decision == Decision.Warn ? Warnings() : [], place) { Without = scan!.Goes });
    }

    /// <summary>As much of a stream as may go while the rest is still to come; <see cref="LlmPassage.Nothing"/> where nothing may for now.</summary>
    public async ValueTask<Outcome<LlmPassage>> RunPartAsync(StreamHold all, CancellationToken ct)
    {
        hold = all;
        var problem = Unfit() ?? await JudgeAsync(ct).ConfigureAwait(false) ?? await ChargeAsync(ct).ConfigureAwait(false);
        if (problem is not null) return await RefuseAsync(problem).ConfigureAwait(false);
        hold.Judged();
        // A person is asked once, about all of it.
        if (decision == Decision.RequireApproval) hold.Freeze();
        var to = Math.Min(hold.Clear, Growing());
        if (decision == Decision.RequireApproval || to <= message.Sent.Events) return LlmPassage.Nothing;
        ct.ThrowIfCancellationRequested();
        if (message.Sent.Events == 0)
        {
            moment = StreamMoment.Begins;
            if ((await RecordAsync(Record(null), strict: false).ConfigureAwait(false)).Problem is { } unwritten) return unwritten;
        }
        // From here on whatever is recorded of it is its end.
        moment = StreamMoment.Ends;
        if (!Restored(to).Try(out var bytes, out problem)) return await RefuseAsync(problem).ConfigureAwait(false);
        message.Sent.Went(message.Carried, to, scan!.Cuts);
        return new LlmPassage(bytes, decision, decision == Decision.Warn ? Warnings() : [], null) { Without = scan.Goes };
    }

    /// <summary>What is to come of a stream never will, though a part of it has gone.</summary>
    public async ValueTask<Problem> CutOffAsync(Problem why) => (await RefuseAsync(why).ConfigureAwait(false)).Problem!;

    /// <summary>What was taken for it is given back: it does not go on.</summary>
    public async ValueTask DropAsync()
    {
        if (Interlocked.Exchange(ref place, null) is not { } taken) return;
        taken.GiveBack();
        await parts.Limits.SettleAsync(message.Caller, message.Reserves, 0).ConfigureAwait(false);
    }

    public ValueTask<Outcome<LlmPassage>> FailAsync(Exception e) => RefuseAsync(e is TimeoutException
        ? new Problem(ProblemCode.PolicyTimeout, $"the message could not be judged within {parts.Settings.JudgementTimeMax.TotalSeconds:0.###} s, which counts as deny")
        : Problem.Bug($"the message could not be judged, which counts as deny: {e.GetType().Name}: {parts.Ledger.Redactor.Redact(Plain.Text(e.Message, 300))}"));

    private Problem? Unfit() => parts.Audit.Fault ?? (message.IsPrompt ? parts.Limits.Admit(message.Caller) : null);

    private async ValueTask<Problem?> JudgeAsync(CancellationToken ct)
    {
        var began = parts.Ledger.Clock.GetTimestamp();
        scan = parts.Scan.Run(message.Carried, message.Said, message.IsPrompt, message.Kept, message.Sent, hold, ct);
        // Policies judge what would go on, and not what was cut out of it before.
        goes = scan.Goes.Write();
        subject = Subject() with { Frame = goes, Content = Shown(), Exchange = message.Said.ToJson(), Findings = scan.Report.Findings };
        var judging = parts.Judge.JudgeAsync(subject, ct);
        judgement = judging.IsCompletedSuccessfully ? judging.Result : await judging.AsTask().WaitAsync(parts.Settings.JudgementTimeMax, parts.Ledger.Clock, ct).ConfigureAwait(false);
        if (hold is null) parts.Meter.Judged(message.IsPrompt, parts.Ledger.Clock.GetElapsedTime(began));
        decision = scan.Report.Findings.Aggregate(judgement.Decision, (strictest, finding) => Decisions.Strictest(strictest, finding.Decision));
        return decision == Decision.Deny ? new(message.IsPrompt ? ProblemCode.PolicyDenied : ProblemCode.ResponseWithheld, Reason(Decision.Deny)) { Where = $"{message.Api.Method} {Plain.Text(message.Model, 100)} at {message.Provider}" } : null;
    }

    // Only the whole of an answer can be what its request asks for.
    private Problem? Unasked() => message.Check?.Fault(message.Carried, message.Said);

    private MessageSubject Subject() => new()
    {
        Gateway = MessageSubject.LlmGateway,
        Tenant = parts.Settings.Tenant,
        Caller = message.Caller,
        Session = message.Id,
        Server = message.Provider,
        Direction = message.IsPrompt ? MessageDirection.ToServer : MessageDirection.ToCaller,
        Kind = message.IsPrompt ? MessageKind.Request : MessageKind.Response,
        Method = message.Api.Method,
        Name = message.Model,
        Context = parts.Settings.Context,
        Now = parts.Ledger.Clock.GetUtcNow(),
        Seed = MessageSeeds.Of(came),
    };

    // A stream is no JSON: its texts stand for it.
    private ReadOnlyMemory<byte> Shown() => message.Carried.IsStream ? StreamTexts.Plain(scan!.Goes) : goes;

    private async ValueTask<Problem?> EnterAsync(CancellationToken ct) => message.IsPrompt
        ? (await parts.Limits.EnterAsync(message.Caller, message.Carried.Bytes, message.Reserves, ct).ConfigureAwait(false)).Try(out place, out var problem) ? null : problem
        : await ChargeAsync(ct).ConfigureAwait(false);

    // Of a stream, what came since it was charged last.
    private ValueTask<Problem?> ChargeAsync(CancellationToken ct)
    {
        var more = message.Carried.Bytes - message.Sent.Charged;
        message.Sent.Charged = message.Carried.Bytes;
        return parts.Limits.ChargeAsync(message.Caller, more, ct);
    }

    // What is cut out at the end of a text may be longer than what is there of it: it waits from where it begins.
    private int Growing()
    {
        var first = int.MaxValue;
        foreach (var (piece, cuts) in scan!.Cuts)
            if (cuts[^1].End == piece.Length)
                for (var i = piece.Parts.Count - 1; i >= 0 && piece.Parts[i].End > cuts[^1].Start; i--) first = Math.Min(first, piece.Parts[i].Document);
        return first;
    }

    private async ValueTask<Problem?> HoldAsync(CancellationToken ct)
    {
        if (decision != Decision.RequireApproval) return null;
        var needs = judgement!.Needs.Count > 0 ? judgement.Needs : [new(Governance.Access.Roles.Default, 1, [Reason(Decision.RequireApproval)])];
        var policies = judgement.Evaluations.Where(e => e.Decision >= Decision.Warn).Select(e => e.PolicyId).Distinct(StringComparer.Ordinal).ToList();
        if (!(await parts.Hold.WaitAsync(new(ForPeople(), _ => new(Binding()), needs, policies), message.Caller, line, ct).ConfigureAwait(false)).Try(out var released, out var problem)) return problem;
        approval = released.ApprovalId;
        return null;
    }

    private Outcome<Digest> Binding() => new CallBinding
    {
        Gateway = MessageSubject.LlmGateway, Frame = Digest.Of(goes.Span), Answers = message.Answers, Server = message.Provider, Method = message.Api.Method, Name = message.Model,
        Policy = parts.Judge.PolicyDigest, Caller = message.Caller, Session = message.Id, Context = parts.Settings.Context,
    }.Hash();

    private HeldMessage ForPeople()
    {
        var all = string.Join("\n", message.Said.Texts.Select(t => $"{t.Role}: {t.Text}").Concat(message.Said.ToolCalls.Select(c => $"calls {c.Name} {c.Arguments}")));
        var scrubbed = parts.Ledger.Redactor.Redact(Scrubbing.Of(scan!.Report)?.Text(all) ?? all);
        return new(MessageSubject.LlmGateway, message.Provider, message.Api.Method, Plain.Text(message.Model, 500), message.IsPrompt ? "request" : "response", message.Caller.Name, message.Id,
            Plain.Text(scrubbed, parts.Settings.ShownCharsMax), scrubbed.Length > parts.Settings.ShownCharsMax, message.Carried.Bytes, came, null, policy);
    }

    // What goes on of it, up to an event of a stream.
    private Outcome<ReadOnlyMemory<byte>> Restored(int to)
    {
        var carried = scan!.Goes;
        if (!message.IsPrompt && message.Kept is { } kept)
        {
            Dictionary<Piece, List<TextEdit>> put = [];
            foreach (var piece in carried.Pieces)
                if (kept.Places(piece.Text, Spelling(piece)) is { Count: > 0 } places) put[piece] = places.ConvertAll(p => new TextEdit(p.Start, p.Length, p.Instead));
            if (put.Count > 0)
            {
                if (!carried.With(put).Try(out var restored, out var problem)) return problem;
                carried = restored;
            }
        }
        return carried.IsStream ? carried.Write(message.Sent.Events, to) : carried.Write();
    }

    // What stands in JSON within the text must stay JSON; of a text that goes on while it comes, its beginning tells.
    private Func<string, string>? Spelling(Piece piece) =>
        NestedJson.Of(piece.Text) is not null || (moment is not null && piece.Text.AsSpan().TrimStart() is ['{', ..] or ['[', not 'r', ..]) ? JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode : null;

    private MessageRecord Record(Problem? refused) => new()
    {
        EventId = parts.Ledger.Ids.Next("evt"),
        At = parts.Ledger.Clock.GetUtcNow(),
        Subject = MessageRecord.WithoutBytes(subject ?? Subject()),
        Bytes = (int)Math.Min(message.Carried.Bytes, int.MaxValue),
        Frame = came,
        Policy = policy,
        Decision = refused is null ? decision : Decision.Deny,
        Judgement = judgement,
        Scan = scan?.Report,
        Refused = refused,
        Instead = refused is null && scan is not null && !ReferenceEquals(scan.Goes, message.Carried) ? Digest.Of(goes.Span) : null,
        Approval = approval,
        Route = message.Route,
        Cost = message.Cost,
        Original = original,
        Moment = moment,
        Released = message.Sent.Chars,
        // Counted once, at the end.
        Tokens = moment == StreamMoment.Begins || message.Said is { InputTokens: null, OutputTokens: null } ? null : (message.Said.InputTokens ?? 0, message.Said.OutputTokens ?? 0),
    };

    private ValueTask<Outcome<Done>> RecordAsync(MessageRecord record, bool strict)
    {
        // What nobody judged cannot be judged again. Of a stream its texts are kept.
        if (judgement is not null) parts.Frames.Keep(subject! with { Frame = subject.Content }, record.EventId, came, scan!.Report, isCall: message.IsPrompt);
        // What the caller had sent is looked through for secrets before it is kept, like any message that nobody looked through.
        if (judgement is not null && original is { } sent) parts.Frames.Keep(subject! with { Frame = message.CallerSent!.Carried.Write(), Method = message.CallerSent.Api.Method }, record.EventId, sent, scan: null, isCall: true);
        return parts.Audit.RecordAsync(record, strict);
    }

    private async ValueTask<Outcome<LlmPassage>> RefuseAsync(Problem problem)
    {
        await DropAsync().ConfigureAwait(false);
        if (Scrubbing.Of(scan?.Report) is { } scrubbing) problem = problem with { Message = scrubbing.Text(problem.Message), Where = problem.Where is { } where ? scrubbing.Text(where) : null };
        var told = await RecordAsync(Record(problem), strict: true).ConfigureAwait(false);
        // It is refused either way; without a record the caller hears of that instead.
        return told.Problem ?? problem;
    }

    private IReadOnlyList<string> Warnings() => judgement!.Warnings.Count > 0 ? judgement.Warnings : [Reason(Decision.Warn)];

    private string Reason(Decision of)
    {
        if (judgement?.Evaluations.FirstOrDefault(e => e.Decision == of) is { } said) return $"{said.PolicyId}: {said.Reason}";
        return scan?.Report.Findings.FirstOrDefault(f => f.Decision == of) is { } found ? $"{found.Detector}/{found.Rule}: {found.Reason}" : of.Word();
    }
}
