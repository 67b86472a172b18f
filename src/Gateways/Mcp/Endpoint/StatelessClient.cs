// All requests of the stateless era that one caller makes (2026-07-28): each has a stream of its own, and an id and a progress token of the gateway's while it is under way, since two clients of one caller may count alike.
// Invariant: an answer, and news of progress, reach the request that they are of, under the id and the token that this request came with; nobody can guess another's.
using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CabinCrew.Gateways.Mcp.Servers.Remote;
using CabinCrew.Gateways.Mcp.Sessions;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Endpoint;

internal sealed class StatelessClient(EndpointSettings settings, ParameterHeaders parameters) : IClientConnection
{
    private const int OpenMax = 4096;

    private readonly PostedFrames posted = new();
    private readonly ConcurrentDictionary<string, Call> open = new(StringComparer.Ordinal);
    private readonly string prefix = $"h{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}-";
    private long calls;

    private sealed record Call(ReadOnlyMemory<byte> Id, ReadOnlyMemory<byte> Token, string Method, ReplyStream Stream);

    /// <summary>Sends a request on its way; null: too many are open, or the session has ended.</summary>
    public async ValueTask<(ReplyStream Stream, string Own)?> CallAsync(Frame request, CancellationToken ct)
    {
        if (open.Count >= OpenMax) return null;
        var own = string.Create(CultureInfo.InvariantCulture, $"\"{prefix}{Interlocked.Increment(ref calls)}\"");
        var stream = new ReplyStream(own, settings);
        open[own] = new(request.Id, request.ProgressToken, request.Method!, stream);
        var bytes = Replaced(request.Bytes, [request.Id, request.ProgressToken], _ => Encoding.ASCII.GetBytes(own));
        if (await PostAsync(bytes, ct).ConfigureAwait(false)) return (stream, own);
        open.TryRemove(own, out _);
        return null;
    }

    /// <summary>The client closed the stream of a request: that is how it cancels.</summary>
    public async ValueTask CancelAsync(string own)
    {
        if (!open.TryRemove(own, out var call)) return;
        call.Stream.End();
        await PostAsync(Replies.Cancelled(Encoding.ASCII.GetBytes(own), "the client has closed the stream"), CancellationToken.None).ConfigureAwait(false);
    }

    public ValueTask<bool> PostAsync(ReadOnlyMemory<byte> frame, CancellationToken ct) => posted.PutAsync(frame, ct);

    public void Leave() => posted.End();

    public ValueTask<Outcome<Done>> SendAsync(ReadOnlyMemory<byte> frame, ReadOnlyMemory<byte> regarding, CancellationToken ct)
    {
        // What is about no request has nobody to go to in this era; whoever asks hears that.
        if (regarding.IsEmpty) return new(JsonParts.Member(frame, "id"u8).IsEmpty ? Done.Ok : new Problem(ProblemCode.MessageUnexpected, "a client of the stateless era is asked by the results of its requests only"));
        var own = Encoding.UTF8.GetString(regarding.Span);
        if (!open.TryGetValue(own, out var call) || !FrameReader.Read(frame, settings.Frames).Try(out var read, out _)) return new(Done.Ok);
        var isAnswer = read.Kind is FrameKind.Result or FrameKind.Error;
        // A stream of notifications that its server cancels ends as well.
        var final = isAnswer || read.Method is McpMethods.Cancelled;
        if (final) open.TryRemove(own, out _);
        if (isAnswer) call.Stream.Status = AnswerStatus.Of(read);
        if (call.Method is McpMethods.ToolsList && read.Kind is FrameKind.Result) parameters.Learn(read.Answer);
        return new(call.Stream.Put(Restored(read, call, own), final) ? Done.Ok : new Problem(ProblemCode.UpstreamFailed, "the client leaves more unread than is kept for it"));
    }

    public ValueTask<Outcome<ReadOnlyMemory<byte>>?> ReceiveAsync(CancellationToken ct) => posted.TakeAsync(ct);

    public ValueTask DisposeAsync()
    {
        posted.End();
        foreach (var call in open.Values) call.Stream.End();
        return default;
    }

    // The id of an answer, and of a subscription, by which notifications say whose they are; the token of progress.
    private static ReadOnlyMemory<byte> Restored(Frame frame, Call call, string own)
    {
        var content = frame.Kind switch { FrameKind.Result => frame.Answer, FrameKind.Notification => frame.Params, _ => default };
        var subscription = JsonParts.Member(JsonParts.Member(content, "_meta"u8), "io.modelcontextprotocol/subscriptionId"u8);
        var token = frame.Method is McpMethods.Progress ? JsonParts.Member(content, "progressToken"u8) : default;
        var cancelled = frame.Method is McpMethods.Cancelled ? JsonParts.Member(content, "requestId"u8) : default;
        var ours = Encoding.ASCII.GetBytes(own);
        return Replaced(frame.Bytes, ((ReadOnlyMemory<byte>[])[subscription, cancelled, frame.Id, token]).Where(p => p.Span.SequenceEqual(ours)), p => p.Equals(token) ? call.Token.Span : call.Id.Span);
    }

    private delegate ReadOnlySpan<byte> Instead(ReadOnlyMemory<byte> place);

    // From the back, so that the places before stay true.
    private static ReadOnlyMemory<byte> Replaced(ReadOnlyMemory<byte> bytes, IEnumerable<ReadOnlyMemory<byte>> places, Instead instead)
    {
        var whole = bytes;
        foreach (var (place, at) in places.Where(p => !p.IsEmpty).Select(p => (p, whole.Span.Overlaps(p.Span, out var offset) ? offset : -1)).OrderByDescending(p => p.Item2))
            bytes = (byte[])[.. bytes.Span[..at], .. instead(place), .. bytes.Span[(at + place.Length)..]];
        return bytes;
    }
}
