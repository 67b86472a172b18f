// One frame on its way through the gate, and what has become known of it so far.
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Firewall.Holds;
using CabinCrew.Gateways.Firewall.Limits;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Mcp.Definitions;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Approvals.Calls;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Calls;

/// <param name="digest">Of the message.</param>
internal sealed partial class Crossing(GateParts parts, OpenRequests open, TaskOrigins tasks, Func<string, CancellationToken> sessionEnd, InterceptedFrame message, Digest digest, ICallerLine line)
{
    private readonly long began = parts.Ledger.Clock.GetTimestamp();
    private readonly Digest policy = parts.Judge.PolicyDigest;
    private MessageSubject subject = Facts.Of(message, parts.Settings, parts.Ledger.Clock.GetUtcNow(), MessageSeeds.Of(digest));
    private Digest? pin;
    private ScanReport? scan;
    private Judgement? judgement;
    private Decision decision;
    private CallPlace? place;
    private OpenCall? answered;
    private Filtered? filtered;
    private ReadOnlyMemory<byte>? instead;
    private string? approval;
    private bool isOpen;

    private bool HasPathFault => subject.File is { } file && file.Targets.Any(t => t.Fault != FileFault.None);

    private bool IsAnswer => subject.Kind == MessageKind.Response;

    /// <summary>The caller asks for something, and pays for it.</summary>
    private bool IsAsked => subject.Direction == MessageDirection.ToServer && subject.Kind == MessageKind.Request;

    /// <summary>A server's list on its way to the caller.</summary>
    private (DefinitionKind Kind, string Member)? Listed => message.Frame.Kind == FrameKind.Result && subject.Direction == MessageDirection.ToCaller ? DefinitionKinds.ListedBy(subject.Method) : null;

    public async ValueTask<Passage> RunAsync(CancellationToken ct)
    {
        if (IsAnswer && message.Answers is not null) answered = open.TakeAnswered(subject.Session, subject.Server, subject.Direction, message.Answers.Id);
        var problem = Unfit() ?? await PinAsync(ct).ConfigureAwait(false) ?? await JudgeAsync(ct).ConfigureAwait(false) ?? await EditAsync(ct).ConfigureAwait(false)
            ?? await EnterAsync(ct).ConfigureAwait(false) ?? await HoldAsync(ct).ConfigureAwait(false) ?? Register(ct);
        if (problem is not null) return await RefuseAsync(problem).ConfigureAwait(false);
        // Whoever took it back meanwhile must not find it done.
        ct.ThrowIfCancellationRequested();
        var record = Record(null);
        if ((await RecordAsync(record, record.MustLast).ConfigureAwait(false)).Problem is { } unwritten)
        {
            Drop();
            return Passage.Refuse(unwritten, null);
        }
        if (subject.Method == "notifications/cancelled") GiveBackCancelled();
        if (IsAnswer && subject.Direction == MessageDirection.ToCaller) tasks.Learn(subject, message.Frame);
        return decision == Decision.Allow && instead is null
            ? Passage.Unchanged
            : new() { Decision = decision, Instead = instead, PolicyId = PolicyOf(decision), Warnings = decision == Decision.Warn ? Warnings() : [] };
    }

    /// <summary>What was taken for it is given back: it does not go on.</summary>
    public void Drop()
    {
        if (isOpen) open.Take(subject.Session, subject.Server, subject.Direction, message.Frame.Id);
        isOpen = false;
        place?.GiveBack();
    }

    public ValueTask<Passage> FailAsync(Exception e)
    {
        var why = e is TimeoutException
            ? new Problem(ProblemCode.PolicyTimeout, $"the message could not be judged within {parts.Settings.JudgementTimeMax.TotalSeconds:0.###} s, which counts as deny")
            : Problem.Bug($"the message could not be judged, which counts as deny: {e.GetType().Name}: {parts.Ledger.Redactor.Redact(Plain.Text(e.Message, 300))}");
        return RefuseAsync(why);
    }

    private Problem? Unfit()
    {
        if (parts.Audit.Fault is { } unwritable) return unwritable;
        if (Facts.Fault(message) is { } fault) return fault;
        var (length, most) = (message.Frame.Bytes.Length, subject.Direction == MessageDirection.ToServer ? parts.Settings.RequestBytesMax : parts.Settings.ResponseBytesMax);
        if (length > most) return new(subject.Direction == MessageDirection.ToServer ? ProblemCode.MessageTooLarge : ProblemCode.ResponseWithheld, $"the message has {length} bytes; at most {most} may pass");
        if (!parts.Allows(subject.Caller, subject.Server)) return new(ProblemCode.CallerNotAllowed, $"'{Plain.Text(subject.Caller.Name, 100)}' may not use the server {subject.Server}");
        return subject.Direction == MessageDirection.ToServer && !IsAnswer ? parts.Limits.Admit(subject.Caller) : null;
    }

    private async ValueTask<Problem?> PinAsync(CancellationToken ct)
    {
        if (subject.Direction != MessageDirection.ToServer || IsAnswer || DefinitionKinds.UsedIn(subject.Method) is not { } kind) return null;
        if (!(await parts.Pins.BookAsync(subject.Server, ct).ConfigureAwait(false)).Try(out var book, out var problem)) return problem;
        (subject, pin) = Facts.WithPin(subject, book, kind);
        return subject.Pin switch
        {
            PinState.Changed => Quarantined("the server defines it otherwise than was accepted"),
            PinState.New when parts.Pins.Mode == PinMode.Strict => Quarantined("nobody has accepted it yet"),
            _ => null,
        };

        Problem Quarantined(string why) => new(ProblemCode.DefinitionQuarantined, $"the {kind.Word()} '{Plain.Text(subject.Name ?? "", 200)}' of {subject.Server} is in quarantine: {why}");
    }

    private async ValueTask<Problem?> JudgeAsync(CancellationToken ct)
    {
        if (subject.Kind == MessageKind.Request && parts.Files(subject) is { } file) subject = subject with { File = file };
        if (!(await InTimeAsync(parts.Scan(subject, ct), ct).ConfigureAwait(false)).Try(out var scanned, out var problem)) return problem;
        scan = scanned;
        // What was found in one definition of a list is that definition's, and not the whole list's.
        if (scanned.Findings.Count > 0) subject = subject with { Findings = Listed is var (_, member) ? ListFilter.Rest(scanned.Findings, member) : scanned.Findings };
        if (!(await InTimeAsync(Judging.OfAsync(parts.Judge, subject, message.Frame, tasks.AnswerOf(subject, message.Frame, message.Answers), ct), ct).ConfigureAwait(false)).Try(out judgement, out var unread)) return unread;
        decision = Judging.Decide(judgement, subject.Findings);
        if (decision == Decision.RequireApproval && subject.Kind == MessageKind.Notification) return Denied("it needs an approval, and a notification cannot wait for one");
        return decision == Decision.Deny ? Denied(Reason(Decision.Deny)) : null;
    }

    private Problem Denied(string why) => new(IsAnswer ? ProblemCode.ResponseWithheld : HasPathFault ? ProblemCode.FilePathRefused : ProblemCode.PolicyDenied, why) { Where = $"{subject.Method}{(subject.Name is null ? "" : $" {Plain.Text(subject.Name, 200)}")} at {subject.Server}" };

    private async ValueTask<Problem?> EditAsync(CancellationToken ct)
    {
        var warnings = WarningsForMeta();
        if (Listed is null && warnings.Count == 0 && scan!.Cuts.Count == 0) return null;
        var edits = new MessageEdits(message.Frame.Bytes);
        if (Listed is var (kind, member))
        {
            var filter = new ListFilter(parts.Pins, parts.Judge, kind, member).FilterAsync(subject, scan!, message.Frame.Answer, edits, ct);
            if (!(await InTimeAsync<Outcome<Filtered>>(new(filter), ct).ConfigureAwait(false)).Try(out filtered, out var unlisted)) return unlisted;
        }
        var offset = MessageEdits.OffsetOf(message.Frame.Bytes, subject.Content);
        foreach (var cut in scan!.Cuts)
        {
            if (cut.Offset < 0 || cut.Length <= 0 || cut.Offset > message.Frame.Bytes.Length - cut.Length) return Problem.Bug("a detector marked bytes that the message does not have");
            // What is taken out as a whole need not be marked.
            if (!edits.Covers(cut.Offset, cut.Length)) edits.Replace(cut.Offset, cut.Length, cut.Instead);
        }
        if (warnings.Count > 0 && MetaWarnings.Add(edits, offset, subject.Content, warnings) is { } unmarked) return unmarked;
        if (!edits.Any) return null;
        if (!edits.Apply().Try(out var bytes, out var problem)) return problem;
        instead = bytes;
        return null;
    }

    private async ValueTask<Problem?> EnterAsync(CancellationToken ct)
    {
        if (IsAsked) return (await parts.Limits.EnterAsync(subject.Caller, message.Frame.Bytes.Length, ct).ConfigureAwait(false)).Try(out place, out var problem) ? null : problem;
        return IsAnswer && subject.Direction == MessageDirection.ToCaller ? await parts.Limits.ChargeAsync(subject.Caller, message.Frame.Bytes.Length, ct).ConfigureAwait(false) : null;
    }

    private async ValueTask<Problem?> HoldAsync(CancellationToken ct)
    {
        if (decision != Decision.RequireApproval) return null;
        var end = sessionEnd(subject.Session);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, end);
        try
        {
            var needs = judgement!.Needs.Count > 0 ? judgement.Needs : [new(Governance.Access.Roles.Default, 1, [Reason(Decision.RequireApproval)])];
            var policies = judgement.Evaluations.Where(e => e.Decision >= Decision.Warn).Select(e => e.PolicyId).Distinct(StringComparer.Ordinal).ToList();
            if (!(await parts.Hold.WaitAsync(new(Shown(), BindingAsync, needs, policies), subject.Caller, line, stop.Token).ConfigureAwait(false)).Try(out var released, out var problem)) return problem;
            approval = released.ApprovalId;
            return null;
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            return new(ProblemCode.Cancelled, "the session ended while the message waited for approval");
        }
    }

    private async ValueTask<Outcome<Digest>> BindingAsync(CancellationToken ct)
    {
        var current = pin;
        if (DefinitionKinds.UsedIn(subject.Method) is { } kind && !IsAnswer)
        {
            if (!(await parts.Pins.BookAsync(subject.Server, ct).ConfigureAwait(false)).Try(out var book, out var problem)) return problem;
            (var now, current) = Facts.WithPin(subject, book, kind);
            if (now.Pin == PinState.Changed) current = null;
        }
        return new CallBinding
        {
            Gateway = subject.Gateway,
            Frame = instead is { } bytes ? Digest.Of(bytes.Span) : digest,
            Answers = IsAnswer ? Digest.Of(message.Answers!.Bytes.Span) : null,
            Server = subject.Server,
            Method = subject.Method,
            Name = subject.Name,
            Pin = current,
            Policy = parts.Judge.PolicyDigest,
            Caller = subject.Caller,
            Session = subject.Session,
            Context = subject.Context,
        }.Hash();
    }

    private Problem? Register(CancellationToken ct)
    {
        if (subject.Kind != MessageKind.Request) return null;
        var call = new OpenCall(place, decision == Decision.Warn ? Warnings() : [], began, subject.Name is { } name ? Scrubbing.Of(scan)?.Text(name) ?? name : null);
        isOpen = open.TryAdd(subject.Session, subject.Server, subject.Direction, message.Frame, call, ct);
        return isOpen ? null : new(ProblemCode.MessageIdTaken, "a request with this id is still open, or the session has too many open");
    }

    private ValueTask<Outcome<Done>> RecordAsync(MessageRecord record, bool strict)
    {
        // What nobody judged cannot be judged again.
        if (judgement is not null) parts.Frames?.Keep(subject, record.EventId, digest, scan, isCall: IsAsked && McpMethods.IsCall(subject.Method));
        return parts.Audit.RecordAsync(record, strict);
    }

    private async ValueTask<Passage> RefuseAsync(Problem problem)
    {
        Drop();
        if (Scrubbing.Of(scan) is { } scrubbing) problem = problem with { Message = scrubbing.Text(problem.Message), Where = problem.Where is { } where ? scrubbing.Text(where) : null };
        var told = await RecordAsync(Record(problem), strict: true).ConfigureAwait(false);
        // It is refused either way; without a record the caller hears of that instead.
        return Passage.Refuse(told.Problem ?? problem, PolicyOf(Decision.Deny));
    }

    private void GiveBackCancelled()
    {
        if (Cancellation.RequestOf(message.Frame.Params) is { IsEmpty: false } id) open.Take(subject.Session, subject.Server, subject.Direction, id);
    }

    // What is done already needs no timer.
    private ValueTask<T> InTimeAsync<T>(ValueTask<T> work, CancellationToken ct) =>
        work.IsCompletedSuccessfully ? work : new(work.AsTask().WaitAsync(parts.Settings.JudgementTimeMax, parts.Ledger.Clock, ct));
}
