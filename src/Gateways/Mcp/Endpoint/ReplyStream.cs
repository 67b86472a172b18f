// The events of one stream of answers (or of the standing one), from the session to whoever reads them now: in order, bounded, and, where the era knows it, kept for a reader who lost the connection.
// Invariant: one reader at a time; what was read is not read again unless it is asked for by the id of the last event that arrived.
using System.Globalization;
using System.Net;

namespace CabinCrew.Gateways.Mcp.Endpoint;

/// <param name="Number">Within its stream, from 1.</param>
internal readonly record struct StreamEvent(long Number, ReadOnlyMemory<byte> Frame);

/// <param name="name">Unique in the session; part of its events' ids.</param>
internal sealed class ReplyStream(string name, EndpointSettings settings)
{
    private readonly Lock gate = new();
    private readonly LinkedList<StreamEvent> kept = [];
    private TaskCompletionSource changed = New();
    private long last, keptBytes, readers;
    private bool ended;

    public string Name => name;

    /// <summary>Of the HTTP response, where the answer is all there is. Set before the answer is put.</summary>
    public HttpStatusCode Status { get; set; } = HttpStatusCode.OK;

    /// <summary>The answer has come, or none will.</summary>
    public bool Ended
    {
        get { lock (gate) return ended; }
    }

    /// <summary>This event is the last that there will be.</summary>
    public bool EndsWith(long number)
    {
        lock (gate) return ended && last == number;
    }

    public string IdOf(long number) => string.Create(CultureInfo.InvariantCulture, $"{name}.{number}");

    /// <summary>The stream and the number that an event's id names; null: it is none of ours.</summary>
    public static (string Stream, long Number)? Parse(string id)
    {
        var dot = id.LastIndexOf('.');
        return dot > 0 && long.TryParse(id.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? (id[..dot], number) : null;
    }

    /// <returns>False: more waits than a reader may leave waiting.</returns>
    public bool Put(ReadOnlyMemory<byte> frame, bool final)
    {
        lock (gate)
        {
            if (ended) return true;
            if (kept.Count >= settings.KeptEventsMax || keptBytes + frame.Length > settings.KeptBytesMax + (long)settings.Frames.BytesMax) return false;
            kept.AddLast(new StreamEvent(++last, frame));
            keptBytes += frame.Length;
            ended = final;
            Changed();
            return true;
        }
    }

    public void End()
    {
        lock (gate)
        {
            ended = true;
            Changed();
        }
    }

    /// <summary>Takes the place of an earlier reader, who stops.</summary>
    /// <param name="after">The number of the last event that arrived.</param>
    public Reader Read(long after)
    {
        lock (gate)
        {
            readers++;
            Changed();
            return new(this, readers, after);
        }
    }

    private void Changed()
    {
        changed.TrySetResult();
        changed = New();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    public sealed class Reader(ReplyStream stream, long turn, long after)
    {
        private long at = after;

        /// <summary>The next event; null: the end, or another reader has taken over.</summary>
        /// <param name="keep">What was read stays for a reader who comes back.</param>
        public async ValueTask<StreamEvent?> NextAsync(bool keep, CancellationToken ct)
        {
            while (true)
            {
                Task wait;
                lock (stream.gate)
                {
                    if (stream.readers != turn) return null;
                    if (Find() is { } found)
                    {
                        at = found.Number;
                        Forget(keep ? stream.KeptMax : 0);
                        return found;
                    }
                    if (stream.ended) return null;
                    wait = stream.changed.Task;
                }
                await wait.WaitAsync(ct).ConfigureAwait(false);
            }
        }

        private StreamEvent? Find()
        {
            for (var node = stream.kept.First; node is not null; node = node.Next)
                if (node.Value.Number > at) return node.Value;
            return null;
        }

        // What has been read goes, but for the last so many.
        private void Forget(int most)
        {
            var read = 0;
            for (var node = stream.kept.First; node is not null && node.Value.Number <= at; node = node.Next) read++;
            while (read > most && stream.kept.First is { } oldest)
            {
                stream.keptBytes -= oldest.Value.Frame.Length;
                stream.kept.RemoveFirst();
                read--;
            }
        }
    }

    // Of what was read; nothing where little room is left.
    private int KeptMax => keptBytes > settings.KeptBytesMax ? 0 : settings.KeptEventsMax / 2;
}
