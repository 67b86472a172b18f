// The checksum of a write-ahead log entry (ORC-04): SHA-256 of the RFC 8785 form of the entry without its checksum. Pure.
using System.Buffers;
using System.Text.Json;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Protocol.Wire;

public static class WalEntries
{
    public static Digest Checksum(WalEntry entry) =>
        Checksum(entry.Sequence, entry.Timestamp, entry.WorkflowId, entry.EntryType, entry.Data);

    public static Digest Checksum(long sequence, DateTimeOffset timestamp, string workflowId, string entryType, JsonElement data)
    {
        if (sequence is < 0 or > StrictJson.NumberMax) throw new ArgumentOutOfRangeException(nameof(sequence));
        // Written straight in canonical order: data, entry_type, sequence, timestamp, workflow_id.
        var to = new ArrayBufferWriter<byte>(512);
        to.Write("{\"data\":"u8);
        CanonicalJson.Write(to, data);
        to.Write(",\"entry_type\":"u8);
        CanonicalJson.Append(to, entryType);
        to.Write(",\"sequence\":"u8);
        var digits = to.GetSpan(20);
        sequence.TryFormat(digits, out var length);
        to.Advance(length);
        to.Write(",\"timestamp\":"u8);
        to.Write(JsonSerializer.SerializeToUtf8Bytes(timestamp, ProtocolJson.Default.DateTimeOffset));
        to.Write(",\"workflow_id\":"u8);
        CanonicalJson.Append(to, workflowId);
        to.Write("}"u8);
        return Digest.Of(to.WrittenSpan);
    }

    /// <summary>Makes an entry with its checksum.</summary>
    public static WalEntry Seal(long sequence, DateTimeOffset timestamp, string workflowId, string entryType, JsonElement data) => new()
    {
        Sequence = sequence,
        Timestamp = timestamp,
        WorkflowId = workflowId,
        EntryType = entryType,
        Data = data,
        Checksum = Checksum(sequence, timestamp, workflowId, entryType, data),
    };

    /// <summary>Is the entry what was written? Sequence gaps are the reader's to check: one entry cannot show them.</summary>
    public static Outcome<Done> Verify(WalEntry entry)
    {
        var actual = Checksum(entry);
        if (entry.Checksum == actual) return Done.Ok;
        return new Problem(ProblemCode.StoreCorrupt, $"entry {entry.Sequence} of {Place.Segment(entry.WorkflowId)} does not match its checksum")
        {
            Where = $"{Place.Segment(entry.WorkflowId)}#{entry.Sequence}",
        }.With("expected", $"{entry.Checksum}").With("actual", $"{actual}");
    }

    /// <summary>A whole stream from its beginning: checksums, one workflow, and sequences 0, 1, 2 without a gap. Names the first bad entry.</summary>
    public static Outcome<Done> VerifyStream(IEnumerable<WalEntry> entries, string workflowId)
    {
        long expected = 0;
        foreach (var entry in entries)
        {
            if (entry.Sequence != expected || entry.WorkflowId != workflowId)
                return new Problem(ProblemCode.StoreCorrupt, $"entry {expected} of {Place.Segment(workflowId)} is missing or out of place")
                {
                    Where = $"{Place.Segment(workflowId)}#{expected}",
                };
            if (!Verify(entry).Try(out _, out var problem)) return problem;
            expected++;
        }
        return Done.Ok;
    }
}
