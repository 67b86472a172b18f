// The lines of an audit export: split with a bound, parsed strictly, told apart by their one outermost member.
using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Ledger.Audit;

internal enum AuditLineKind { Malformed, Header, Event, Head }

internal sealed record AuditLine
{
    private static readonly JsonLimits Limits = new(BytesMax: AuditLines.LineBytesMax);

    public required AuditLineKind Kind { get; init; }
    public string? Why { get; init; }
    public long Sequence { get; init; }
    public string? Tenant { get; init; }
    public string? ChainHash { get; init; }

    /// <summary>Null: a later event's signature, or the head's, vouches for this one too.</summary>
    public string? Signature { get; init; }

    public string? KeyRef { get; init; }
    public AuditHead? Head { get; init; }

    /// <summary>The event's canonical form without what was made from it.</summary>
    public byte[] Body { get; init; } = [];

    public static AuditLine Parse(ReadOnlyMemory<byte> bytes)
    {
        if (!StrictJson.Parse(bytes, Limits).Try(out var root, out var problem)) return Bad(problem.Message);
        if (root.ValueKind != JsonValueKind.Object) return Bad("it is no object");
        if (root.TryGetProperty("audit_head", out _))
            return AuditChain.ReadHead(root).Try(out var head, out problem) ? new() { Kind = AuditLineKind.Head, Head = head } : Bad(problem.Message);
        if (root.TryGetProperty("audit_export", out _)) return new() { Kind = AuditLineKind.Header };
        if (!root.TryGetProperty(AuditChain.Extensions, out var extensions) || AuditChain.Number(extensions, AuditChain.Sequence) is not { } sequence || sequence < 1)
            return Bad("it has no extensions.sequence");
        if (AuditChain.Text(extensions, AuditChain.Tenant) is not { } tenant) return Bad("it has no extensions.tenant");
        if (AuditChain.Text(root, AuditChain.ChainHash) is not { } chain || !Digest.TryParse(chain, out _)) return Bad("it has no chain_hash");
        var (signature, keyRef) = (AuditChain.Text(root, AuditChain.Signature), AuditChain.Text(root, AuditChain.KeyRef));
        if (signature is null ? root.TryGetProperty(AuditChain.Signature, out _) || root.TryGetProperty(AuditChain.KeyRef, out _) : keyRef is null)
            return Bad("its signature and signature_key_ref are not two texts, or both left out");
        var body = JsonObject.Create(root)!;
        foreach (var member in (ReadOnlySpan<string>)[AuditChain.ChainHash, AuditChain.Signature, AuditChain.KeyRef]) body.Remove(member);
        return new()
        {
            Kind = AuditLineKind.Event,
            Sequence = sequence,
            Tenant = tenant,
            ChainHash = chain,
            Signature = signature,
            KeyRef = keyRef,
            Body = CanonicalJson.Write(body),
        };
    }

    private static AuditLine Bad(string why) => new() { Kind = AuditLineKind.Malformed, Why = why };
}

internal static class AuditLines
{
    /// <summary>An event is at most half of this when it is written.</summary>
    public const int LineBytesMax = 8 << 20;

    public static async IAsyncEnumerable<Outcome<ReadOnlyMemory<byte>>> ReadAsync(Stream export, [EnumeratorCancellation] CancellationToken ct)
    {
        var reader = PipeReader.Create(export, new StreamPipeReaderOptions(bufferSize: 1 << 16, leaveOpen: true));
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync(ct).ConfigureAwait(false);
                var rest = read.Buffer;
                while (rest.PositionOf((byte)'\n') is { } end)
                {
                    yield return new ReadOnlyMemory<byte>(rest.Slice(0, end).ToArray());
                    rest = rest.Slice(rest.GetPosition(1, end));
                }
                if (rest.Length > LineBytesMax)
                {
                    yield return new Problem(ProblemCode.AuditMalformed, $"a line of the export is longer than {LineBytesMax} bytes");
                    yield break;
                }
                if (read.IsCompleted && !rest.IsEmpty) yield return new ReadOnlyMemory<byte>(rest.ToArray());
                reader.AdvanceTo(rest.Start, rest.End);
                if (read.IsCompleted) yield break;
            }
        }
        finally
        {
            await reader.CompleteAsync().ConfigureAwait(false);
        }
    }
}
