// One message as it is kept for those who try other policies on what really happened: what was said, redacted, and what policies saw besides. Kept in segments: one JSON document a line, gzip.
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall.Records;

/// <param name="EventId">Of the event in the log that tells of it.</param>
/// <param name="Frame">Over the bytes as they came.</param>
/// <param name="Redacted">A credential was taken out of it: whoever judges it again does not see the same.</param>
/// <param name="At">When it was judged.</param>
/// <param name="Annotations">What its server said of what it uses.</param>
/// <param name="Text">The message.</param>
public sealed record KeptMessage(
    string EventId, Digest Frame, bool Redacted, DateTimeOffset At, string Session, string Server, string ProtocolVersion, string Direction, string Kind, string Method, string? Name,
    KeptCaller Caller, string Pin, JsonElement? Annotations, string Text);

public sealed record KeptCaller(string Name, bool? Human, IReadOnlyList<string> Roles, string AuthenticatedBy, string? Issuer);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(KeptMessage))]
internal sealed partial class KeptMessageJson : JsonSerializerContext;

public static class KeptSegment
{
    /// <summary>Of a segment, unpacked. Far more than is ever written into one.</summary>
    private const int BytesMax = 64 << 20;

    public static byte[] Write(IEnumerable<KeptMessage> messages)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (var message in messages)
            {
                JsonSerializer.Serialize(gzip, message, KeptMessageJson.Default.KeptMessage);
                gzip.WriteByte((byte)'\n');
            }
        }
        return packed.ToArray();
    }

    public static Outcome<IReadOnlyList<KeptMessage>> Read(ReadOnlyMemory<byte> packed)
    {
        try
        {
            using var gzip = new GZipStream(new MemoryStream(packed.ToArray(), writable: false), CompressionMode.Decompress);
            using var lines = new StreamReader(new BoundedStream(gzip, BytesMax), new UTF8Encoding(false, throwOnInvalidBytes: true));
            List<KeptMessage> messages = [];
            while (lines.ReadLine() is { } line) messages.Add(JsonSerializer.Deserialize(line, KeptMessageJson.Default.KeptMessage) ?? throw new JsonException("a line is null"));
            return messages;
        }
        catch (Exception e) when (e is JsonException or IOException or InvalidDataException or DecoderFallbackException)
        {
            return new Problem(ProblemCode.StoreCorrupt, $"kept messages cannot be read: {e.Message}");
        }
    }

    /// <summary>Ends with an error where more comes than may.</summary>
    private sealed class BoundedStream(Stream inner, long most) : Stream
    {
        private long read;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var now = inner.Read(buffer, offset, count);
            return (read += now) <= most ? now : throw new InvalidDataException($"more than {most} bytes");
        }

        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
