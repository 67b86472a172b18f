// The client of one session over HTTP (era of sessions): its posts come in as frames, and what the session says goes to the stream of the request that it is about, or to the standing one.
// Invariant: each message goes to one stream only.
using System.Collections.Concurrent;
using System.Text;
using CabinCrew.Gateways.Mcp.Sessions;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Endpoint;

internal sealed class SessionClient(EndpointSettings settings) : IClientConnection
{
    public const string Standing = "s";
    private const int StreamsMax = 4096;

    private readonly PostedFrames posted = new();
    private readonly ConcurrentDictionary<string, ReplyStream> open = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ReplyStream> byName = new(StringComparer.Ordinal);
    private long streams;

    public ReplyStream Aside { get; } = new(Standing, settings);

    /// <summary>A stream for the answer to a request; null: one with this id is open.</summary>
    public ReplyStream? Expect(Frame request)
    {
        var stream = new ReplyStream($"r{Interlocked.Increment(ref streams)}", settings);
        // What a client never came back for goes when room is needed.
        if (byName.Count >= StreamsMax)
            foreach (var (name, old) in byName)
                if (old.Ended) byName.TryRemove(name, out _);
        if (open.Count >= StreamsMax || byName.Count >= StreamsMax || !open.TryAdd(Key(request.Id), stream)) return null;
        byName[stream.Name] = stream;
        return stream;
    }

    /// <summary>The stream of an event's id, for a client that comes back; null: it is no more.</summary>
    public ReplyStream? Named(string name) => name == Standing ? Aside : byName.GetValueOrDefault(name);

    /// <summary>Nobody will come back for this stream.</summary>
    public void Forget(ReplyStream stream) => byName.TryRemove(stream.Name, out _);

    public ValueTask<bool> PostAsync(ReadOnlyMemory<byte> frame, CancellationToken ct) => posted.PutAsync(frame, ct);

    public void Leave() => posted.End();

    public ValueTask<Outcome<Done>> SendAsync(ReadOnlyMemory<byte> frame, ReadOnlyMemory<byte> regarding, CancellationToken ct)
    {
        var stream = Aside;
        var final = false;
        if (!regarding.IsEmpty && open.TryGetValue(Key(regarding), out var asked))
        {
            stream = asked;
            final = FrameReader.Read(frame, settings.Frames).Try(out var read, out _) && read.Kind is FrameKind.Result or FrameKind.Error;
            if (final) open.TryRemove(Key(regarding), out _);
        }
        return new(stream.Put(frame, final) ? Done.Ok : new Problem(ProblemCode.UpstreamFailed, "the client leaves more unread than is kept for it"));
    }

    public ValueTask<Outcome<ReadOnlyMemory<byte>>?> ReceiveAsync(CancellationToken ct) => posted.TakeAsync(ct);

    public ValueTask DisposeAsync()
    {
        posted.End();
        foreach (var stream in byName.Values) stream.End();
        Aside.End();
        return default;
    }

    private static string Key(ReadOnlyMemory<byte> id) => Encoding.UTF8.GetString(id.Span);
}
