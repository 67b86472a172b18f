// Byte-pair encoding: the pair that was learned first is joined first, the leftmost of equals. A heap over the pairs keeps a word of a million characters at n log n.
using System.Text;

namespace CabinCrew.LocalModels.Tokens;

internal sealed class BytePairModel : TokenModel
{
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> vocabulary;
    private readonly Dictionary<long, (int Rank, int Id)> merges;
    private readonly int unknown;
    private readonly bool fuseUnknown, ignoreMerges;
    private readonly int[]? bytes;

    /// <param name="merges">By <see cref="Pair"/>.</param>
    /// <param name="unknown">-1: what is not known is left out, as the reference does.</param>
    /// <param name="ignoreMerges">A word that is in the vocabulary is taken as it is.</param>
    /// <param name="bytes">256 ids that stand for bytes of unknown characters; null where there are none.</param>
    public BytePairModel(Dictionary<string, int> vocabulary, Dictionary<long, (int Rank, int Id)> merges, int unknown, bool fuseUnknown, bool ignoreMerges, int[]? bytes)
    {
        this.vocabulary = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        (this.merges, this.unknown, this.fuseUnknown, this.ignoreMerges, this.bytes) = (merges, unknown, fuseUnknown, ignoreMerges, bytes);
    }

    public static long Pair(int left, int right) => (long)left << 32 | (uint)right;

    private record struct Symbol(int Id, int Start, int End, int Previous, int Next);

    public override void Append(MappedText text, Piece word, List<Token> into)
    {
        if (ignoreMerges && vocabulary.TryGetValue(text.Of(word), out var whole))
        {
            Add(whole, text, word.Start, word.End, into);
            return;
        }
        var symbols = Symbols(text, word);
        if (symbols.Count == 0) return;
        var span = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(symbols);
        Join(span);
        for (var i = 0; i >= 0; i = span[i].Next) Add(span[i].Id, text, span[i].Start, span[i].End, into);
    }

    private List<Symbol> Symbols(MappedText text, Piece word)
    {
        var symbols = new List<Symbol>(word.Length);
        var afterUnknown = false;
        Span<byte> utf8 = stackalloc byte[4];
        for (var i = word.Start; i < word.End;)
        {
            _ = text.CodePoint(i, out var length);
            var c = text.Of(new(i, length));
            if (vocabulary.TryGetValue(c, out var id))
            {
                Push(id, i, i + length);
                afterUnknown = false;
            }
            else if (bytes is not null)
            {
                foreach (var b in utf8[..Encoding.UTF8.GetBytes(c, utf8)]) Push(bytes[b], i, i + length);
                afterUnknown = false;
            }
            else if (afterUnknown && fuseUnknown) symbols[^1] = symbols[^1] with { End = i + length };
            else if (unknown >= 0)
            {
                Push(unknown, i, i + length);
                afterUnknown = true;
            }
            i += length;
        }
        if (symbols.Count > 0) symbols[^1] = symbols[^1] with { Next = -1 };
        return symbols;

        void Push(int id, int start, int end) => symbols.Add(new(id, start, end, symbols.Count - 1, symbols.Count + 1));
    }

    private void Join(Span<Symbol> symbols)
    {
        if (symbols.Length < 2) return;
        var queue = new PriorityQueue<int, long>(symbols.Length);
        for (var i = 0; i + 1 < symbols.Length; i++) Enqueue(symbols, i, queue);
        while (queue.TryDequeue(out var at, out var priority))
        {
            var next = symbols[at].Next;
            // What was joined meanwhile makes an entry void: the pair is another one now, or its left part has gone.
            if (symbols[at].Id < 0 || next < 0 || !merges.TryGetValue(Pair(symbols[at].Id, symbols[next].Id), out var merge) || merge.Rank != (int)(priority >> 32)) continue;
            symbols[at] = symbols[at] with { Id = merge.Id, End = symbols[next].End, Next = symbols[next].Next };
            symbols[next].Id = -1;
            if (symbols[at].Next >= 0)
            {
                symbols[symbols[at].Next].Previous = at;
                Enqueue(symbols, at, queue);
            }
            if (symbols[at].Previous >= 0) Enqueue(symbols, symbols[at].Previous, queue);
        }
    }

    private void Enqueue(Span<Symbol> symbols, int at, PriorityQueue<int, long> queue)
    {
        if (merges.TryGetValue(Pair(symbols[at].Id, symbols[symbols[at].Next].Id), out var merge)) queue.Enqueue(at, (long)merge.Rank << 32 | (uint)at);
    }
}
