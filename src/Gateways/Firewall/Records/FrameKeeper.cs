// Keeps messages where the configuration asks for it: redacted, bounded, for a time, off the path of calls. What is kept is named in the log by the digest of its segment (AUD-04, LLM-06).
// Invariants: no credential that a detector knows, and no mapped secret, is in what is written; a message that is not kept keeps nobody from passing, and is not said to be kept.
using System.Text;
using System.Text.Json.Nodes;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Blobs;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Gateways.Firewall.Records;

public enum KeepScope
{
    None,

    /// <summary>What callers ask of servers.</summary>
    Calls,

    /// <summary>Every message, in either direction.</summary>
    Messages,
}

public sealed record KeepSettings
{
    public KeepScope Scope { get; init; }

    /// <summary>A larger message is not kept.</summary>
    public int MessageBytesMax { get; init; } = 256 << 10;

    public TimeSpan KeepFor { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Of all that is kept, packed; the oldest goes first.</summary>
    public long BytesMax { get; init; } = 256 << 20;

    /// <summary>For how long messages are gathered before they are written together.</summary>
    public TimeSpan GatherFor { get; init; } = TimeSpan.FromSeconds(1);
}

public sealed class FrameKeeper : IAsyncDisposable
{
    /// <summary>Of what waits to be written. More is not kept, and that is told.</summary>
    private const long WaitingBytesMax = 8 << 20;

    private const int SegmentBytesMax = 4 << 20;
    private static readonly TimeSpan SweepEvery = TimeSpan.FromHours(1);

    private readonly LedgerRoom ledger;
    private readonly TenantId tenant;
    private readonly KeepSettings settings;
    private readonly AuditQueue audit;
    private readonly TextDetection secrets;
    private readonly Redaction redaction;
    private readonly ExpiringBlobs? blobs;
    private readonly Lock gate = new();
    private readonly SemaphoreSlim work = new(0), urgent = new(0);
    private readonly Task writer;
    private List<Waiting> waiting = [];
    private long waitingBytes, sinceSweep, sweptAt;
    private int dropped;
    private bool closed;

    private readonly record struct Waiting(MessageSubject Subject, string EventId, Digest Frame, bool IsClean);

    /// <param name="key">For the placeholders of what is taken out.</param>
    public FrameKeeper(LedgerRoom ledger, TenantId tenant, KeepSettings settings, AuditQueue audit, byte[] key)
    {
        (this.ledger, this.tenant, this.settings, this.audit, redaction, blobs) = (ledger, tenant, settings, audit, new(key), ledger.Frames);
        secrets = TextDetection.OfSecrets(ledger.Redactor);
        writer = Task.Run(WriteAsync);
    }

    /// <summary>Takes a message that was judged, whatever became of it. Costs its caller next to nothing.</summary>
    /// <param name="isCall">It asks a server for something.</param>
    public void Keep(MessageSubject subject, string eventId, Digest frame, ScanReport? scan, bool isCall)
    {
        if (settings.Scope is KeepScope.None || blobs is null || (settings.Scope is KeepScope.Calls && !isCall)) return;
        lock (gate)
        {
            if (closed) return;
            if (subject.Frame.Length > settings.MessageBytesMax || waitingBytes + subject.Frame.Length > WaitingBytesMax)
            {
                dropped++;
                return;
            }
            // Where both looked and found nothing, nobody need look again.
            var isClean = scan is { Findings.Count: 0 } && scan.Ran.Contains(Detectors.Secrets) && scan.Ran.Contains(Detectors.Mapped);
            waiting.Add(new(subject, eventId, frame, isClean));
            waitingBytes += subject.Frame.Length;
            if (waiting.Count == 1) work.Release();
            if (waitingBytes >= SegmentBytesMax && urgent.CurrentCount == 0) urgent.Release();
        }
    }

    /// <summary>Takes nothing more and writes what was taken. The log must still take events.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            if (closed) return;
            closed = true;
            work.Release();
            if (urgent.CurrentCount == 0) urgent.Release();
        }
        await writer.ConfigureAwait(false);
        work.Dispose();
        urgent.Dispose();
    }

    private async Task WriteAsync()
    {
        // Also where nothing is kept any more: what was kept before goes in its time.
        await SweepAsync().ConfigureAwait(false);
        while (true)
        {
            await work.WaitAsync().ConfigureAwait(false);
            await urgent.WaitAsync(settings.GatherFor).ConfigureAwait(false);
            List<Waiting> taken;
            int lost;
            lock (gate)
            {
                (taken, waiting) = (waiting, []);
                (lost, dropped) = (dropped, 0);
                waitingBytes = 0;
                if (taken.Count == 0 && lost == 0 && closed) return;
            }
            await KeepAsync(taken, lost).ConfigureAwait(false);
            lock (gate) if (closed && waiting.Count == 0) return;
        }
    }

    private async Task KeepAsync(List<Waiting> taken, int lost)
    {
        try
        {
            if (taken.Count == 0)
            {
                await TellAsync(null, null, 0, 0, lost).ConfigureAwait(false);
                return;
            }
            var messages = taken.ConvertAll(Kept);
            var packed = KeptSegment.Write(messages);
            var kept = await blobs!.PutAsync(tenant, packed, CancellationToken.None).ConfigureAwait(false);
            if ((sinceSweep += packed.Length) > settings.BytesMax / 16 || ledger.Clock.GetElapsedTime(sweptAt) > SweepEvery) await SweepAsync().ConfigureAwait(false);
            await TellAsync(kept.Ok ? kept.Value : null, kept.Problem, messages.Count, messages.Count(m => m.Redacted), kept.Ok ? lost : lost + messages.Count).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever goes wrong with what is only kept stops nobody; that it is not kept is told.
        catch (Exception e)
#pragma warning restore CA1031
        {
            await TellAsync(null, Problem.Bug($"messages could not be kept: {e.GetType().Name}"), 0, 0, lost + taken.Count).ConfigureAwait(false);
        }
    }

    private KeptMessage Kept(Waiting one)
    {
        var subject = one.Subject;
        var found = one.IsClean ? [] : secrets.Detect(subject.Frame, TextOrigin.Server);
        // Nobody can say what is in it: then nothing of it is kept.
        var isUnread = found.Any(f => f.Detector == TextDetection.NotAll);
        var text = isUnread ? "" : Encoding.UTF8.GetString(redaction.Cut(subject.Frame, found).Span);
        var scrubbing = Scrubbing.Of([.. found.Where(f => !isUnread).Select(f => JsonText.Unescape(subject.Frame.Span.Slice(f.Start, f.Length)))]);
        return new(
            one.EventId, one.Frame, found.Count > 0, subject.Now, subject.Session, subject.Server, Clear(subject.ProtocolVersion), subject.Direction.Word(), subject.Kind.Word(), Clear(subject.Method),
            subject.Name is { } name ? Clear(name) : null, new(subject.Caller.Name, subject.Caller.Human, subject.Caller.Roles, subject.Caller.AuthenticatedBy, subject.Caller.Issuer), subject.Pin.Word(),
            subject.Annotations is { } said ? ledger.Redactor.Redact(said) : null, text);

        string Clear(string words) => isUnread ? "" : ledger.Redactor.Redact(scrubbing?.Text(words) ?? words);
    }

    private async Task TellAsync(Digest? segment, Problem? problem, int count, int redacted, int lost) => await audit.RecordAsync(new AuditEvent
    {
        EventId = ledger.Ids.Next("evt"),
        Timestamp = ledger.Clock.GetUtcNow(),
        EventType = AuditEventTypes.FramesKept,
        Message = segment is null ? $"{lost} message(s) were not kept" : $"{count} message(s) kept, redacted{(lost > 0 ? $"; {lost} were too large or too many" : "")}",
        Severity = problem is null ? Severity.Info : Severity.Warning,
        Extensions = new()
        {
            Actor = "gateway",
            Problem = problem?.Code.Id(),
            Data = WireJson.ToElement(new JsonObject { ["segment"] = segment?.ToString(), ["messages"] = count, ["redacted"] = redacted, ["not_kept"] = lost }),
        },
    }, strict: false).ConfigureAwait(false);

    // What cannot be removed now is tried again with the next segments; that it is still there is told.
    private async Task SweepAsync()
    {
        (sinceSweep, sweptAt) = (0, ledger.Clock.GetTimestamp());
        if (blobs?.Sweep(tenant, ledger.Clock.GetUtcNow() - settings.KeepFor, settings.BytesMax).Problem is not { } problem) return;
        await audit.RecordAsync(new AuditEvent
        {
            EventId = ledger.Ids.Next("evt"),
            Timestamp = ledger.Clock.GetUtcNow(),
            EventType = AuditEventTypes.ProblemReported,
            Message = $"messages are kept for longer than they should be: {problem}",
            Severity = Severity.Warning,
            Extensions = new() { Actor = "gateway", Problem = problem.Code.Id() },
        }, strict: false).ConfigureAwait(false);
    }
}
