// Reads Server-Sent Events (WHATWG HTML, section 9.2) from a peer that is not trusted: one event at a time, its data as the bytes that came, within bounds.
// Invariant: an event is given only when its blank line has come; what is cut off by the end of the stream is dropped, as the standard says.
using System.Buffers;
using System.Globalization;
using System.Text;

namespace CabinCrew.Gateways.Http;

/// <param name="Type">Empty: <c>message</c>.</param>
/// <param name="Data">The data lines, joined by newlines. Empty: the event only says an id or a time to wait.</param>
/// <param name="Id">Null: the event says none.</param>
/// <param name="Retry">How long to wait before connecting again. Null: it does not say.</param>
public sealed record ServerSentEvent(string Type, ReadOnlyMemory<byte> Data, string? Id, TimeSpan? Retry);

/// <param name="eventBytesMax">Of one event, comments and names included. More is an <see cref="InvalidDataException"/>.</param>
public sealed class EventStreamReader(Stream stream, int eventBytesMax)
{
    private const int IdCharsMax = 1024;
    private static readonly TimeSpan RetryMax = TimeSpan.FromMinutes(5);
    private readonly ArrayBufferWriter<byte> data = new();
    private byte[] buffer = new byte[16 << 10];
    private int start, end, scanned;
    private int eventBytes;
    private bool began;

    /// <summary>The next event; null at the end of the stream.</summary>
    public async ValueTask<ServerSentEvent?> ReadAsync(CancellationToken ct)
    {
        string type = "";
        string? id = null;
        TimeSpan? retry = null;
        var any = false;
        eventBytes = 0;
        while (await LineAsync(ct).ConfigureAwait(false) is { } line)
        {
            if (line.IsEmpty)
            {
                if (!any) continue;
                var bytes = data.WrittenCount > 0 ? data.WrittenSpan[..^1].ToArray() : [];
                data.ResetWrittenCount();
                return new(type, bytes, id, retry);
            }
            var text = line.Span;
            if (text[0] == ':') continue; // a comment, which keeps the connection alive
            var colon = text.IndexOf((byte)':');
            var name = colon < 0 ? text : text[..colon];
            var value = colon < 0 ? default : text[(colon + 1)..];
            if (value.Length > 0 && value[0] == ' ') value = value[1..];
            any = true;
            if (name.SequenceEqual("data"u8))
            {
                data.Write(value);
                data.Write("\n"u8);
            }
            else if (name.SequenceEqual("event"u8)) type = Encoding.UTF8.GetString(value);
            else if (name.SequenceEqual("id"u8) && value.Length <= IdCharsMax && !value.Contains((byte)0)) id = Encoding.UTF8.GetString(value);
            else if (name.SequenceEqual("retry"u8) && long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds <= RetryMax.TotalMilliseconds) retry = TimeSpan.FromMilliseconds(milliseconds);
        }
        data.ResetWrittenCount();
        return null;
    }

    // Lines end with CR, LF or both; a slice of the buffer, good until the next call.
    private async ValueTask<ReadOnlyMemory<byte>?> LineAsync(CancellationToken ct)
    {
        while (true)
        {
            var at = buffer.AsSpan(scanned, end - scanned).IndexOfAny((byte)'\n', (byte)'\r');
            // A CR that is the last byte may be half of a pair.
            if (at >= 0 && (buffer[scanned + at] == '\n' || scanned + at + 1 < end))
            {
                var stop = scanned + at;
                var line = buffer.AsMemory(start, stop - start);
                start = scanned = stop + (buffer[stop] == '\r' && buffer[stop + 1] == '\n' ? 2 : 1);
                if (!began && line.Span.StartsWith("\uFEFF"u8)) line = line[3..];
                began = true;
                eventBytes += line.Length + 1;
                if (eventBytes > eventBytesMax) throw TooLarge();
                return line;
            }
            scanned = at >= 0 ? scanned + at : end;
            if (end - start + eventBytes > eventBytesMax) throw TooLarge();
            if (!await FillAsync(ct).ConfigureAwait(false)) return null;
        }
    }

    private async ValueTask<bool> FillAsync(CancellationToken ct)
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (scanned, end, start) = (scanned - start, end - start, 0);
        }
        if (end == buffer.Length) Array.Resize(ref buffer, Math.Min(buffer.Length * 2, eventBytesMax + (16 << 10)));
        var read = await stream.ReadAsync(buffer.AsMemory(end), ct).ConfigureAwait(false);
        end += read;
        return read > 0;
    }

    private InvalidDataException TooLarge() => new($"an event has more than {eventBytesMax} bytes");
}
