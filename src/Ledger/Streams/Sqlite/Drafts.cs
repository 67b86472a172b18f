// What callers want written, redacted, bounded and serialized on the caller's thread, so that the writer only numbers, chains and stores (AUD-04).
using System.Buffers;
using System.Text.Json;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Ledger.Streams.Sqlite;

internal sealed class Drafts(Redactor redactor)
{
    public const int EntryBytesMax = 8 << 20;
    public const int EventBytesMax = 2 << 20;
    public const int SignalBytesMax = 1 << 20;
    public const int CountMax = 10_000;

    public string Redact(string text) => redactor.Redact(text);

    public StreamHeaderState Redact(StreamHeaderState header) =>
        header with { Name = redactor.Redact(header.Name), Requester = redactor.Redact(header.Requester), Summary = redactor.Redact(header.Summary) };

    public Outcome<IReadOnlyList<string>> Entries(WorkflowId workflow, long firstSequence, DateTimeOffset now, IReadOnlyList<EntryDraft> entries)
    {
        if (entries.Count > CountMax) return TooMany("entries", entries.Count);
        var lines = new string[entries.Count];
        for (var i = 0; i < lines.Length; i++)
        {
            var entry = new WalEntry
            {
                Sequence = firstSequence + i,
                Timestamp = now,
                WorkflowId = workflow.ToString(),
                EntryType = entries[i].EntryType,
                Data = redactor.Redact(entries[i].Data),
                Checksum = default,
            };
            lines[i] = JsonSerializer.Serialize(entry with { Checksum = WalEntries.Checksum(entry) }, ProtocolJson.Default.WalEntry);
            if (lines[i].Length > EntryBytesMax) return TooLarge($"entry '{entries[i].EntryType}'", lines[i].Length, EntryBytesMax);
        }
        return Outcome.Of<IReadOnlyList<string>>(lines);
    }

    public Outcome<IReadOnlyList<AuditDraft>> Audit(IReadOnlyList<AuditEvent> audit) =>
        audit.Count == 0 ? Outcome.Of<IReadOnlyList<AuditDraft>>([]) : Audit(audit, static (to, e) => to.Write(e), new(AuditEventText.BytesFirst));

    /// <param name="into">Has what is drafted in it, in the place of what was there, until the drafts are not needed any more.</param>
    public Outcome<IReadOnlyList<AuditDraft>> Audit(IReadOnlyList<IAuditWords> audit, ArrayBufferWriter<byte> into) => Audit(audit, static (to, words) => words.Write(to), into);

    private Outcome<IReadOnlyList<AuditDraft>> Audit<T>(IReadOnlyList<T> audit, Action<AuditEventText, T> write, ArrayBufferWriter<byte> into)
    {
        if (audit.Count > CountMax) return TooMany("audit events", audit.Count);
        into.ResetWrittenCount();
        var text = new AuditEventText(into, redactor);
        for (var i = 0; i < audit.Count; i++)
        {
            write(text, audit[i]);
            if (text.Count != i + 1) return Problem.Bug("an audit event was not put into words just once");
            if (text.Length > EventBytesMax) return TooLarge("an audit event", text.Length, EventBytesMax);
        }
        return Outcome.Of<IReadOnlyList<AuditDraft>>(text.Drafts());
    }

    public Outcome<(string Kind, string Data)> Signal(Signal signal)
    {
        var data = System.Text.Encoding.UTF8.GetString(CanonicalJson.Write(redactor.Redact(signal.Data)));
        return data.Length > SignalBytesMax ? TooLarge($"signal '{signal.Kind}'", data.Length, SignalBytesMax) : (redactor.Redact(signal.Kind), data);
    }

    private static Problem TooMany(string what, int count) => new(ProblemCode.InvalidArgument, $"{count} {what} at once are more than the {CountMax} that the store takes");

    private static Problem TooLarge(string what, int length, int most) =>
        new(ProblemCode.InvalidArgument, $"{what} has {length} characters; the store takes at most {most} (put large content into a blob)");
}
