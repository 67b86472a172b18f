// Writes a stream of answers as HTTP: one JSON object where the answer is the first thing to come, else Server-Sent Events until it has come.
using CabinCrew.Gateways.Http;
using System.Globalization;
using System.Net;
using System.Text;

namespace CabinCrew.Gateways.Mcp.Endpoint;

internal static class EventStreams
{
    private static readonly ReadOnlyMemory<byte> Alive = ": alive\n\n"u8.ToArray();

    /// <param name="after">The last event that the client has.</param>
    /// <param name="resumable">Events have ids, and stay for a client that comes back.</param>
    /// <param name="alwaysStream">Also where the answer would be one object.</param>
    public static async Task WriteAsync(
        IHttpExchange http, ReplyStream stream, long after, bool resumable, EndpointSettings settings, CancellationToken ct, (string Name, string Value)[]? headers = null, bool alwaysStream = false)
    {
        var reader = stream.Read(after);
        var streaming = false;
        if (alwaysStream) await BeginAsync().ConfigureAwait(false);
        while (true)
        {
            StreamEvent? next;
            using (var quiet = CancellationTokenSource.CreateLinkedTokenSource(ct))
            {
                quiet.CancelAfter(resumable && !streaming ? settings.PrimeAfter : settings.KeepAlive);
                try
                {
                    next = await reader.NextAsync(resumable, quiet.Token).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (!ct.IsCancellationRequested)
                {
                    if (!streaming) await BeginAsync().ConfigureAwait(false);
                    else await http.WriteAsync(Alive, ct).ConfigureAwait(false);
                    continue;
                }
            }
            if (next is not { } found) break;
            if (!streaming && found.Number == 1 && stream.EndsWith(1))
            {
                http.Begin((int)stream.Status, "application/json", headers ?? []);
                await http.WriteAsync(found.Frame, ct).ConfigureAwait(false);
                return;
            }
            if (!streaming) await BeginAsync().ConfigureAwait(false);
            await http.WriteAsync(Event(resumable ? stream.IdOf(found.Number) : null, found.Frame.Span), ct).ConfigureAwait(false);
        }
        // It ended without a word: the session is over.
        if (!streaming) http.Begin((int)HttpStatusCode.ServiceUnavailable, null);

        ValueTask BeginAsync()
        {
            streaming = true;
            http.Begin((int)HttpStatusCode.OK, "text/event-stream", [.. headers ?? [], ("Cache-Control", "no-cache, no-transform"), ("X-Accel-Buffering", "no")]);
            // An id before anything else lets a client that loses the connection come back for what it missed.
            return http.WriteAsync(resumable ? Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {stream.IdOf(after)}\nretry: {settings.RetryAfter.TotalMilliseconds:0}\ndata: \n\n")) : Alive, ct);
        }
    }

    // Line breaks in a frame stand only between its parts, where a space says the same.
    private static ReadOnlyMemory<byte> Event(string? id, ReadOnlySpan<byte> frame)
    {
        byte[] made = [.. id is null ? [] : Encoding.ASCII.GetBytes($"id: {id}\n"), .. "event: message\ndata: "u8, .. frame, .. "\n\n"u8];
        var data = made.AsSpan(made.Length - frame.Length - 2, frame.Length);
        data.Replace((byte)'\n', (byte)' ');
        data.Replace((byte)'\r', (byte)' ');
        return made;
    }
}
