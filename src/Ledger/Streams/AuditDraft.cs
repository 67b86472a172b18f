// An event in canonical form, cut where the ledger's own members go, so that the one thread that chains and signs only puts pieces together (AUD-03).
// Invariant: the pieces with everything in its gap are the canonical form (RFC 8785) of the whole event: members stand in order at both levels.
using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using CabinCrew.Ledger.Signing;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Ledger.Streams;

internal sealed class AuditDraft
{
    private readonly record struct Member(string Name, int From, int To);

    // Members before chain_hash, before extensions, within extensions (before sequence, before tenant, after it), before signature, before its key, to the end.
    private readonly ReadOnlyMemory<byte> beforeHash, beforeExtensions, beforeSequence, beforeTenant, afterTenant, beforeSignature, beforeKey, afterKey;

    private AuditDraft(byte[] text, List<Member> members, List<Member> extensions)
    {
        beforeHash = Between(text, members, null, AuditChain.ChainHash);
        beforeExtensions = Between(text, members, AuditChain.ChainHash, AuditChain.Extensions);
        beforeSequence = Between(text, extensions, null, AuditChain.Sequence);
        beforeTenant = Between(text, extensions, AuditChain.Sequence, AuditChain.Tenant);
        afterTenant = Between(text, extensions, AuditChain.Tenant, null);
        beforeSignature = Between(text, members, AuditChain.Extensions, AuditChain.Signature);
        beforeKey = Between(text, members, AuditChain.Signature, AuditChain.KeyRef);
        afterKey = Between(text, members, AuditChain.KeyRef, null);
    }

    /// <param name="ends">Where each of the pieces before chain_hash, extensions, sequence and signature ends, and the last one.</param>
    internal AuditDraft(ReadOnlyMemory<byte> text, (int Hash, int Extensions, int Sequence, int Signature, int End) ends)
    {
        beforeHash = text[..ends.Hash];
        beforeExtensions = text[ends.Hash..ends.Extensions];
        beforeSequence = text[ends.Extensions..ends.Sequence];
        beforeSignature = text[ends.Sequence..ends.Signature];
        afterKey = text[ends.Signature..ends.End];
    }

    /// <summary>What the event itself says of its place, its chain and its signature is left out.</summary>
    public static AuditDraft Of(JsonElement audit)
    {
        var text = CanonicalJson.Write(audit);
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = 256 });
        reader.Read();
        List<Member> members = [], extensions = [];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (name, from) = (reader.GetString()!, (int)reader.TokenStartIndex);
            reader.Read();
            if (name == AuditChain.Extensions && reader.TokenType == JsonTokenType.StartObject)
            {
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var (own, at) = (reader.GetString()!, (int)reader.TokenStartIndex);
                    reader.Read();
                    reader.Skip();
                    extensions.Add(new(own, at, (int)reader.BytesConsumed));
                }
            }
            else
            {
                reader.Skip();
            }
            members.Add(new(name, from, (int)reader.BytesConsumed));
        }
        return new(text, members, extensions);
    }

    /// <summary>Gives the event its place: sets sequence and tenant, chains, signs. The line is the canonical form of the whole.</summary>
    /// <param name="signer">Null: the signature of a later event covers this one through the chain.</param>
    public (string Line, string ChainHash) Seal(string tenant, long sequence, string previous, Signer? signer)
    {
        var line = new ArrayBufferWriter<byte>(Length + 512);
        var hash = Seal(tenant, sequence, previous, signer, line);
        return (Encoding.UTF8.GetString(line.WrittenSpan), hash);
    }

    /// <summary>The same into memory that is used again and again. Gives the chain hash.</summary>
    /// <param name="line">Takes the canonical form of the whole, in the place of what was in it.</param>
    public string Seal(string tenant, long sequence, string previous, Signer? signer, ArrayBufferWriter<byte> line)
    {
        line.ResetWrittenCount();
        // As AuditChain.Next has it, without a copy.
        line.Advance(Encoding.ASCII.GetBytes(previous, line.GetSpan(previous.Length)));
        line.Write("\n"u8);
        Write(line, tenant, sequence, null, null, null);
        var hash = Digest.Of(line.WrittenSpan).ToString();
        line.ResetWrittenCount();
        Write(line, tenant, sequence, hash, signer?.Sign(Encoding.ASCII.GetBytes(hash)), signer?.KeyRef);
        return hash;
    }

    /// <summary>Bytes of all the pieces.</summary>
    public int Length => beforeHash.Length + beforeExtensions.Length + beforeSequence.Length + beforeTenant.Length + afterTenant.Length + beforeSignature.Length + beforeKey.Length + afterKey.Length;

    private void Write(ArrayBufferWriter<byte> to, string tenant, long sequence, string? hash, string? signature, string? keyRef)
    {
        to.Write("{"u8);
        Put(to, beforeHash.Span);
        Put(to, "\"chain_hash\":"u8, hash);
        Put(to, beforeExtensions.Span);
        Put(to, "\"extensions\":{"u8);
        Put(to, beforeSequence.Span);
        Put(to, "\"sequence\":"u8);
        Utf8Formatter.TryFormat(sequence, to.GetSpan(20), out var digits);
        to.Advance(digits);
        Put(to, beforeTenant.Span);
        Put(to, "\"tenant\":"u8, tenant);
        Put(to, afterTenant.Span);
        to.Write("}"u8);
        Put(to, beforeSignature.Span);
        Put(to, "\"signature\":"u8, signature);
        Put(to, beforeKey.Span);
        Put(to, "\"signature_key_ref\":"u8, keyRef);
        Put(to, afterKey.Span);
        to.Write("}"u8);
    }

    private static void Put(ArrayBufferWriter<byte> to, ReadOnlySpan<byte> members)
    {
        if (members.IsEmpty) return;
        if (to.WrittenSpan[^1] != '{') to.Write(","u8);
        to.Write(members);
    }

    // Digests, base64, key references and tenants: nothing in them is ever escaped.
    private static void Put(ArrayBufferWriter<byte> to, ReadOnlySpan<byte> name, string? plain)
    {
        if (plain is null) return;
        Put(to, name);
        to.Write("\""u8);
        to.Advance(Encoding.ASCII.GetBytes(plain, to.GetSpan(plain.Length)));
        to.Write("\""u8);
    }

    // They stand in order, so what lies between two names stands together.
    private static ReadOnlyMemory<byte> Between(byte[] text, List<Member> members, string? after, string? before)
    {
        var (first, last) = (-1, -1);
        for (var i = 0; i < members.Count; i++)
        {
            if ((after is not null && string.CompareOrdinal(members[i].Name, after) <= 0) || (before is not null && string.CompareOrdinal(members[i].Name, before) >= 0)) continue;
            if (first < 0) first = i;
            last = i;
        }
        return first < 0 ? default : text.AsMemory(members[first].From, members[last].To - members[first].From);
    }
}
