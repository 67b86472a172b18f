// How much of a stream may go by now, once it was judged: nothing that could still become something else by what follows, nothing of a tool's call before all of it is there. Sees every event
// once, as it comes; what it keeps of texts is bounded by what is held.
// Invariant: an event may go only when each of its texts is followed by enough, in its own text and in whatever a reader reads after it, or is over; a text that was over does not go on.
using CabinCrew.Gateways.Llm.Configuration;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Governance.Detection;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Calls;

/// <summary>One stream. Not thread-safe.</summary>
public sealed class StreamHold(StreamDefinition settings)
{
    /// <summary>A text after which so much of others came is over.</summary>
    private const int QuietChars = 128;

    /// <summary>Judgements are so far apart at least, in characters, and grow farther with what was judged: all of them together cost a small multiple of one.</summary>
    private const int ApartMin = 16, Growth = 8;

    private readonly Dictionary<Piece, Followed> followed = [];
    private readonly Dictionary<string, Lane> lanes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Followed>> open = new(StringComparer.Ordinal);
    private readonly Queue<List<Standing>> waiting = new();
    private int spokenIn;
    private long chars, judged;
    private bool isFrozen;

    /// <summary>So many events may go.</summary>
    public int Clear { get; private set; }

    /// <summary>It is time for a judgement: there is something that it could let go.</summary>
    /// <param name="gone">So many events have gone.</param>
    public bool IsDue(int gone) => Clear > gone && spokenIn > gone && chars > judged && (judged == 0 || chars - judged >= Math.Max(Apart, judged / Growth));

    private int Apart => settings.Release == StreamRelease.Window ? Math.Max(ApartMin, settings.Window / 4) : ApartMin;

    public void Judged() => judged = chars;

    /// <summary>The text does not go on.</summary>
    public bool IsOver(Piece piece) => followed.TryGetValue(piece, out var one) && one.IsOver;

    /// <summary>Nothing more goes before all of it is there.</summary>
    public void Freeze()
    {
        isFrozen = true;
        waiting.Clear();
    }

    /// <summary>One more event came: the last of what is carried. Refused where it goes on with a text that was over.</summary>
    public Outcome<Done> Add(Carried carried)
    {
        if (isFrozen) return Done.Ok;
        List<Standing> standing = [];
        foreach (var (piece, text) in carried.Latest)
        {
            if (!followed.TryGetValue(piece, out var one)) followed[piece] = one = Follow(piece);
            if (one.Place.IsCall(piece.Place, text))
            {
                // Whatever comes after it stays behind it.
                Freeze();
                return Done.Ok;
            }
            one.Told(text);
            if (text.Length == 0 || one.Place.IsLabel(text) || one.IsLabel) continue;
            if (one.IsOver) return new Problem(ProblemCode.UpstreamInvalid, "its stream goes on with a text that was over");
            chars += text.Length;
            one.Lane.Add(text);
            one.Text?.Add(text);
            one.LastInLane = one.Lane.Length;
            standing.Add(new(one, one.Text?.Length ?? 0, one.LastInLane));
        }
        if (carried.Latest is [var (first, _), ..] && followed[first].Place is { Ends: true } end && open.Remove(end.Number, out var ended))
            foreach (var one in ended) one.IsOver = true;
        waiting.Enqueue(standing);
        Advance();
        return Done.Ok;
    }

    private void Advance()
    {
        while (waiting.TryPeek(out var next) && next.TrueForAll(MayGo))
        {
            waiting.Dequeue();
            Clear++;
            if (next.Count > 0) spokenIn = Clear;
        }
    }

    private bool MayGo(Standing part)
    {
        var one = part.Of;
        if (one.IsLabel) return true;
        if (part.EndInLane > one.Lane.Hold(settings)) return false;
        if (one.Text is null || one.IsOver || part.End <= one.Text.Safe) return true;
        // It may be over without a word: others went on for long.
        if (one.Lane.Length - one.LastInLane < QuietChars || one.LastInLane > one.Lane.Hold(settings)) return false;
        return one.IsOver = true;
    }

    private Followed Follow(Piece piece)
    {
        var place = StreamPlace.Of(piece.Place);
        // Blocks and items follow one another; choices are told side by side.
        var name = place.Kind.Length == 0 ? place.Number : "";
        if (!lanes.TryGetValue(name, out var lane)) lanes[name] = lane = new();
        var one = new Followed(place, lane, place.GoesOn ? new() : null);
        if (one.Text is null || place.Kind.Length == 0) return one;
        if (!open.TryGetValue(place.Number, out var same)) open[place.Number] = same = [];
        same.Add(one);
        return one;
    }

    /// <param name="End">In its own text.</param>
    private readonly record struct Standing(Followed Of, int End, int EndInLane);

    /// <param name="text">Null: every event tells all of it.</param>
    private sealed class Followed(StreamPlace place, Lane lane, UnfinishedText? text)
    {
        public StreamPlace Place => place;
        public Lane Lane => lane;
        public UnfinishedText? Text => text;
        public int LastInLane { get; set; }
        public bool IsOver { get; set; }

        /// <summary>Every event says the same there.</summary>
        public bool IsLabel => times > 1 && !Place.IsText;

        private string? only;
        private int times;

        public void Told(string value)
        {
            if (times < 0) return;
            times = only is null || only == value ? times + 1 : -1;
            only ??= value;
        }
    }

    /// <summary>Everything that a reader reads one after the other, as one text.</summary>
    private sealed class Lane
    {
        /// <summary>A longer sentence is none.</summary>
        private const int SentenceCharsMax = 1000;

        private readonly UnfinishedText text = new();
        private readonly Queue<int> ends = new();
        private int sentence;
        private char last;

        public int Length => text.Length;

        public void Add(string more)
        {
            for (var i = 0; i < more.Length; i++)
            {
                var c = more[i];
                if (c is '\n' or '。' or '！' or '？') ends.Enqueue(text.Length + i + 1);
                else if (c == ' ' && last is '.' or '!' or '?' or '…' or ':') ends.Enqueue(text.Length + i);
                last = c;
            }
            text.Add(more);
        }

        public int Hold(StreamDefinition settings)
        {
            var safe = text.Safe;
            if (settings.Release == StreamRelease.Window) return Math.Min(safe, text.Length - settings.Window);
            while (ends.TryPeek(out var end) && end <= safe) sentence = ends.Dequeue();
            if (safe - sentence > SentenceCharsMax) sentence = safe;
            return sentence;
        }
    }
}
