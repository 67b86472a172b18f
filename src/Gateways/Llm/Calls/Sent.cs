// What of a stream has gone out to its caller, and with which cuts: whatever is judged later takes that as it is.
// Invariant: what is found to reach into what has gone without having been cut out of it ends the stream.
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Calls;

public sealed class Sent
{
    private readonly Dictionary<Piece, List<TextEdit>> cuts = [];

    public bool HasCuts => cuts.Count > 0;

    /// <summary>So many events.</summary>
    public int Events { get; private set; }

    /// <summary>How much of texts, labels included.</summary>
    public long Chars { get; private set; }

    /// <summary>Of what was judged so far.</summary>
    public long Charged { get; set; }

    public void Went(Carried carried, int events, IReadOnlyDictionary<Piece, List<TextEdit>> made)
    {
        foreach (var piece in carried.Pieces) Chars += piece.Before(events) - piece.Before(Events);
        Events = events;
        foreach (var (piece, own) in made)
            if (own.Where(e => e.Start < piece.Before(events)).ToList() is { Count: > 0 } gone) cuts[piece] = gone;
    }

    /// <summary>Edits of the texts as they are now, together with those that have gone.</summary>
    public Outcome<Dictionary<Piece, List<TextEdit>>> With(Dictionary<Piece, List<TextEdit>> edits)
    {
        if (Events == 0) return edits;
        Dictionary<Piece, List<TextEdit>> all = [];
        foreach (var (piece, gone) in cuts) all[piece] = [.. gone];
        foreach (var (piece, own) in edits)
        {
            var before = piece.Before(Events);
            if (!all.TryGetValue(piece, out var together)) all[piece] = together = [];
            // Cut out so far, from the text's beginning on.
            var (covered, known) = (0, together.Count);
            foreach (var edit in own)
            {
                if (edit.Start < before && !Covers(together, known, edit.Start, Math.Min(edit.End, before))) return new Problem(ProblemCode.ResponseWithheld, "it begins in what has gone out already");
                covered = Math.Max(covered, known > 0 ? together[known - 1].End : 0);
                var start = Math.Max(edit.Start, Math.Max(before, covered));
                // What goes on behind what was cut goes with it.
                if (edit.Start >= before && start == edit.Start) together.Add(edit);
                else if (start < edit.End) together.Add(new(start, edit.End - start, ""));
            }
        }
        return all;
    }

    private static bool Covers(List<TextEdit> cuts, int count, int from, int to)
    {
        for (var i = 0; i < count && from < to; i++)
            if (cuts[i].Start <= from && cuts[i].End > from) from = cuts[i].End;
        return from >= to;
    }
}
