// Cuts normalized text into words, as tokenizer.json names it: one class a kind. A step may also rewrite the text (bytes, marks in place of spaces).
// Pieces of added tokens pass through untouched. Time is linear in the text.
namespace CabinCrew.LocalModels.Tokens;

/// <summary>A text and what it was cut into, in order.</summary>
internal sealed record CutText(MappedText Text, List<Piece> Pieces);

internal abstract class PreTokenizer
{
    public virtual CutText Apply(CutText cut)
    {
        var pieces = new List<Piece>(cut.Pieces.Count);
        foreach (var piece in cut.Pieces)
            if (piece.IsText) Cut(cut.Text, piece, pieces);
            else pieces.Add(piece);
        return new(cut.Text, pieces);
    }

    protected virtual void Cut(MappedText text, Piece piece, List<Piece> into) => into.Add(piece);

    protected static void Add(int start, int end, List<Piece> into)
    {
        if (end > start) into.Add(new(start, end - start));
    }

    /// <summary>The same pieces of another text, each written by <paramref name="write"/>.</summary>
    protected static CutText Rewrite(CutText cut, Action<MappedText, Piece, MappedText> write)
    {
        var text = new MappedText(cut.Text.Length + cut.Pieces.Count);
        var pieces = new List<Piece>(cut.Pieces.Count);
        foreach (var piece in cut.Pieces)
        {
            var start = text.Length;
            if (piece.IsText) write(cut.Text, piece, text);
            else text.Append(cut.Text, piece);
            if (text.Length > start) pieces.Add(new(start, text.Length - start, piece.Token));
        }
        return new(text, pieces);
    }
}

internal sealed class PreTokenizerSequence(IReadOnlyList<PreTokenizer> steps) : PreTokenizer
{
    public override CutText Apply(CutText cut)
    {
        foreach (var step in steps) cut = step.Apply(cut);
        return cut;
    }
}

internal sealed class WhiteSpaceSplit : PreTokenizer
{
    protected override void Cut(MappedText text, Piece piece, List<Piece> into)
    {
        var chars = text.Chars;
        var start = piece.Start;
        for (var i = piece.Start; i < piece.End; i++)
        {
            if (!UnicodeTables.IsWhiteSpace(chars[i])) continue;
            Add(start, i, into);
            start = i + 1;
        }
        Add(start, piece.End, into);
    }
}

/// <summary>At white space, which goes, and around each sign of punctuation.</summary>
internal sealed class BertPreTokenizer : PreTokenizer
{
    protected override void Cut(MappedText text, Piece piece, List<Piece> into)
    {
        var start = piece.Start;
        for (var i = piece.Start; i < piece.End;)
        {
            var c = text.CodePoint(i, out var length);
            var (space, mark) = (UnicodeTables.IsWhiteSpace(c), IsPunctuation(c));
            if (space || mark)
            {
                Add(start, i, into);
                if (mark) Add(i, i + length, into);
                start = i + length;
            }
            i += length;
        }
        Add(start, piece.End, into);
    }

    private static bool IsPunctuation(int c) =>
        c < 0x80 ? c is (>= '!' and <= '/') or (>= ':' and <= '@') or (>= '[' and <= '`') or (>= '{' and <= '~') : UnicodeTables.IsPunctuation(c);
}

internal enum PrependScheme
{
    Always,
    First,
    Never,
}

/// <summary>SentencePiece's: spaces are written as a mark, which a word begins with.</summary>
internal sealed class Metaspace(char mark, PrependScheme prepend, bool split) : PreTokenizer
{
    public override CutText Apply(CutText cut)
    {
        var marked = Rewrite(cut, (text, piece, into) =>
        {
            var first = text.StartOf(piece.Start);
            var chars = text.Of(piece);
            if (chars[0] != ' ' && chars[0] != mark && (prepend == PrependScheme.Always || prepend == PrependScheme.First && first == 0)) into.Append(mark, first, first);
            for (var i = 0; i < chars.Length; i++)
                if (chars[i] == ' ') into.Append(mark, text.StartOf(piece.Start + i), text.EndOf(piece.Start + i));
                else into.Append(text, piece.Start + i);
        });
        return split ? base.Apply(marked) : marked;
    }

    protected override void Cut(MappedText text, Piece piece, List<Piece> into)
    {
        var chars = text.Chars;
        var start = piece.Start;
        for (var i = piece.Start; i < piece.End; i++)
        {
            if (chars[i] != mark) continue;
            Add(start, i, into);
            start = i;
        }
        Add(start, piece.End, into);
    }
}
