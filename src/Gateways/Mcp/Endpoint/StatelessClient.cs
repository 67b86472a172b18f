// All requests of the stateless era that one caller makes (2026-07-28): each has a stream of its own, and an id of the gateway's while it is under way, since two clients of one caller may count alike.
// Invariant: an answer reaches the request it answers, under the id that this request came with.
using System.Collections.Concurrent;
using System.Globalization;
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
    private long calls;

    private sealed record Call(ReadOnlyMemory<byte> Id, string Method, ReplyStream Stream);

    /// <summary>Sends a request on its way; null: too many are open, or the session has ended.</summary>
    public async ValueTask<(ReplyStream Stream, string Own)?> CallAsync(Frame request, CancellationToken ct)
    {
        if (open.Count >= OpenMax) return null;
        var own = string.Create(CultureInfo.InvariantCulture, $"\"h{Interlocked.Increment(ref calls)}\"");
        var stream = new ReplyStream(own, settings);
        open[own] = new(request.Id, request.Method!, stream);
        if (await PostAsync(JsonParts.Replace(request.Bytes, request.Id, Encoding.ASCII.GetBytes(own)), ct).ConfigureAwait(false)) return (stream, own);
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
        // What is about no request has nobody to go to in this era.
        var own = Encoding.UTF8.GetString(regarding.Span);
        if (regarding.IsEmpty || !open.TryGetValue(own, out var call) || !FrameReader.Read(frame, settings.Frames).Try(out var read, out _)) return new(Done.Ok);
        var final = read.Kind is FrameKind.Result or FrameKind.Error;
        if (final)
        {
            open.TryRemove(own, out _);
            call.Stream.Status = AnswerStatus.Of(read);
            if (call.Method is McpMethods.ToolsList && read.Kind is FrameKind.Result) parameters.Learn(read.Answer);
        }
        return new(call.Stream.Put(Restored(read, call, own), final) ? Done.Ok : new Problem(ProblemCode.UpstreamFailed, "the client leaves more unread than is kept for it"));
    }

    public ValueTask<Outcome<ReadOnlyMemory<byte>>?> ReceiveAsync(CancellationToken ct) => posted.TakeAsync(ct);

    public ValueTask DisposeAsync()
    {
        posted.End();
        foreach (var call in open.Values) call.Stream.End();
        return default;
    }

    // The id of an answer; and of a subscription, by which notifications say whose they are.
    private static ReadOnlyMemory<byte> Restored(Frame frame, Call call, string own)
    {
        var bytes = frame.Bytes;
        var content = frame.Kind switch { FrameKind.Result => frame.Answer, FrameKind.Notification => frame.Params, _ => default };
        var subscription = JsonParts.Member(JsonParts.Member(content, "_meta"u8), "io.modelcontextprotocol/subscriptionId"u8);
        var ours = Encoding.ASCII.GetBytes(own);
        // From the back, so that the places before it stay true.
        List<ReadOnlyMemory<byte>> places = [];
        if (subscription.Span.SequenceEqual(ours)) places.Add(subscription);
        if (frame.Id.Span.SequenceEqual(ours)) places.Add(frame.Id);
        foreach (var (place, at) in places.Select(p => (p, bytes.Span.Overlaps(p.Span, out var offset) ? offset : -1)).OrderByDescending(p => p.Item2).ToList())
            bytes = (byte[])[.. bytes.Span[..at], .. call.Id.Span, .. bytes.Span[(at + place.Length)..]];
        return bytes;
    }
}
