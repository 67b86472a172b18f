// How audit events are chained and signed, and how the signed head of a log is written. Pure (AUD-03).
// chain_hash(n) = SHA-256( chain_hash(n-1) "\n" canonical form of event n without signature, signature_key_ref, chain_hash ).
// The last event of each commit is signed, over its chain hash, and so vouches for all before it.
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Ledger.Signing;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Ledger.Streams;

public static class AuditChain
{
    /// <summary>What the first event of a log is chained to.</summary>
    public static readonly string Genesis = Digest.Prefix + new string('0', 64);

    internal const string ChainHash = "chain_hash", Signature = "signature", KeyRef = "signature_key_ref", Extensions = "extensions", Sequence = "sequence", Tenant = "tenant";

    /// <summary>The hash that binds an event (its canonical form without the three members) to all those before it.</summary>
    public static string Next(string previous, ReadOnlySpan<byte> canonical)
    {
        var head = Encoding.ASCII.GetByteCount(previous);
        var bytes = new byte[head + 1 + canonical.Length];
        Encoding.ASCII.GetBytes(previous, bytes);
        bytes[head] = (byte)'\n';
        canonical.CopyTo(bytes.AsSpan(head + 1));
        return Digest.Of(bytes).ToString();
    }

    public static AuditHead SignHead(string tenant, long sequence, string chainHash, DateTimeOffset at, Signer signer)
    {
        var head = new AuditHead(tenant, sequence, chainHash, at.ToUniversalTime(), signer.KeyRef, "");
        return head with { Signature = signer.Sign(SignedBytes(head)) };
    }

    /// <summary>What a head's signature is over: its canonical form without the signature.</summary>
    public static byte[] SignedBytes(AuditHead head)
    {
        var node = ToNode(head);
        node.Remove(Signature);
        return CanonicalJson.Write(node);
    }

    /// <summary><c>{"audit_head":{...}}</c> in canonical form: the last line of an export, and what is kept to notice a rollback later.</summary>
    public static byte[] WriteHead(AuditHead head) => CanonicalJson.Write(new JsonObject { ["audit_head"] = ToNode(head) });

    public static Outcome<AuditHead> ReadHead(ReadOnlyMemory<byte> utf8) =>
        StrictJson.Parse(utf8, new JsonLimits(BytesMax: 64 * 1024, DepthMax: 8)).Then(ReadHead);

    internal static Outcome<AuditHead> ReadHead(JsonElement document)
    {
        if (document.ValueKind == JsonValueKind.Object && document.TryGetProperty("audit_head", out var head) && head.ValueKind == JsonValueKind.Object
            && Text(head, "tenant") is { } tenant && Number(head, Sequence) is { } sequence and >= 0 && Text(head, ChainHash) is { } chain
            && Digest.TryParse(chain, out _) && Text(head, "timestamp") is { } timestamp
            && DateTimeOffset.TryParse(timestamp, System.Globalization.CultureInfo.InvariantCulture, out var at)
            && Text(head, "key_ref") is { } keyRef && Text(head, Signature) is { } signature
            && document.EnumerateObject().Count() == 1 && head.EnumerateObject().Count() == 6)
        {
            var read = new AuditHead(tenant, sequence, chain, at, keyRef, signature);
            // The time is written in one form only, so that what is signed is what was read.
            if (Stamp(at) == timestamp) return read;
        }
        return new Problem(ProblemCode.AuditMalformed, "the signed head is not {\"audit_head\":{tenant, sequence, chain_hash, timestamp, key_ref, signature}}");
    }

    internal static string? Text(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var v) && v.ValueKind == JsonValueKind.String ? v.GetString() : null;

    internal static long? Number(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var v) && v.ValueKind == JsonValueKind.Number && v.TryGetInt64(out var n) ? n : null;

    internal static string Stamp(DateTimeOffset at) => at.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static JsonObject ToNode(AuditHead head) => new()
    {
        ["tenant"] = head.Tenant,
        [Sequence] = head.Sequence,
        [ChainHash] = head.ChainHash,
        ["timestamp"] = Stamp(head.Timestamp),
        ["key_ref"] = head.KeyRef,
        [Signature] = head.Signature,
    };
}
