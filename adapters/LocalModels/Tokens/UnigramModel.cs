// SentencePiece's unigram model: the cut with the best sum of scores, by Viterbi over the characters. A character that is not known costs ten more than the worst token; neighbours that
// are not known become one. Time is the word's length times the longest token's.
using System.Text;

namespace CabinCrew.LocalModels.Tokens;

internal sealed class UnigramModel : TokenModel
{
    private const double UnknownPenalty = 10;

    private readonly PrefixTree tree = new();
    private readonly double[] scores;
    private readonly double unknownScore;
    private readonly int unknown;
    private readonly int[]? bytes;

    /// <param name="controls">Ids that no text may be cut into: the special tokens.</param>
    public UnigramModel(IReadOnlyList<(string Text, double Score)> vocabulary, int unknown, IReadOnlySet<int> controls, int[]? bytes)
    {
        (this.unknown, this.bytes) = (unknown, bytes);
        scores = [.. vocabulary.Select(v => v.Score)];
        unknownScore = scores.Min() - UnknownPenalty;
        for (var id = 0; id < vocabulary.Count; id++)
            if (!controls.Contains(id) && id != unknown) tree.Add(vocabulary[id].Text, id);
    }

    private record struct Best(double Score, int From, int Id);

    public override void Append(MappedText text, Piece word, List<Token> into)
    {
        var best = BestPath(text, word);
        var cuts = new List<Best>();
        var ends = new List<int>();
        for (var end = word.Length; end > 0; end = best[end].From)
        {
            cuts.Add(best[end]);
            ends.Add(end);
        }
        for (var i = cuts.Count - 1; i >= 0; i--)
        {
            var (start, end) = (word.Start + cuts[i].From, word.Start + ends[i]);
            if (cuts[i].Id != unknown)
            {
                Add(cuts[i].Id, text, start, end, into);
                continue;
            }
            while (i > 0 && cuts[i - 1].Id == unknown) end = word.Start + ends[--i];
            AddUnknown(text, start, end, into);
        }
    }

    private Best[] BestPath(MappedText text, Piece word)
    {
        var chars = text.Of(word);
        var best = new Best[chars.Length + 1];
        for (var i = 1; i < best.Length; i++) best[i].From = -1;
        for (var at = 0; at < chars.Length;)
        {
            _ = text.CodePoint(word.Start + at, out var length);
            var known = false;
            var node = 0;
            for (var i = at; i < chars.Length && (node = tree.Step(node, chars[i], out var id)) >= 0; i++)
            {
                if (id < 0) continue;
                Offer(ref best[i + 1], best[at].Score + scores[id], at, id);
                known |= i + 1 - at == length;
            }
            if (!known) Offer(ref best[at + length], best[at].Score + unknownScore, at, unknown);
            at += length;
        }
        return best;
    }

    private static void Offer(ref Best place, double score, int from, int id)
    {
        if (place.From < 0 || score > place.Score) place = new(score, from, id);
    }

    private void AddUnknown(MappedText text, int start, int end, List<Token> into)
    {
        if (bytes is null)
        {
            Add(unknown, text, start, end, into);
            return;
        }
        Span<byte> utf8 = stackalloc byte[4];
        for (var i = start; i < end;)
        {
            _ = text.CodePoint(i, out var length);
            foreach (var b in utf8[..Encoding.UTF8.GetBytes(text.Of(new(i, length)), utf8)]) Add(bytes[b], text, i, i + length, into);
            i += length;
        }
    }
}
