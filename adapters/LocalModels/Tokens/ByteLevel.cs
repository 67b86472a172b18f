// GPT-2's cut: words by its regular expression (contractions, letters, numbers, the rest, each with a space before it), and then each byte of UTF-8 written as one printable character.
using System.Text;

namespace CabinCrew.LocalModels.Tokens;

internal sealed class ByteLevel(bool addPrefixSpace, bool cutWords) : PreTokenizer
{
    private static readonly char[] Letters = Alphabet();

    private static readonly string[] Contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    private enum Kind
    {
        Letter,
        Number,
        Space,
        Other,
    }

    public override CutText Apply(CutText cut)
    {
        if (addPrefixSpace) cut = Rewrite(cut, WithSpace);
        if (cutWords) cut = base.Apply(cut);
        return Rewrite(cut, AsBytes);
    }

    private static void WithSpace(MappedText text, Piece piece, MappedText into)
    {
        if (text.Chars[piece.Start] != ' ') into.Append(' ', text.StartOf(piece.Start), text.StartOf(piece.Start));
        into.Append(text, piece);
    }

    private static void AsBytes(MappedText text, Piece piece, MappedText into)
    {
        Span<byte> utf8 = stackalloc byte[4];
        for (var i = piece.Start; i < piece.End;)
        {
            var c = text.CodePoint(i, out var length);
            var (start, end) = (text.StartOf(i), text.EndOf(i + length - 1));
            if (c < 0x80) into.Append(Letters[c], start, end);
            else
                foreach (var b in utf8[..new Rune(c).EncodeToUtf8(utf8)]) into.Append(Letters[b], start, end);
            i += length;
        }
    }

    // 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
    protected override void Cut(MappedText text, Piece piece, List<Piece> into)
    {
        var chars = text.Chars[..piece.End];
        for (var i = piece.Start; i < piece.End;)
        {
            var length = WordLength(text, chars, i);
            into.Add(new(i, length));
            i += length;
        }
    }

    private static int WordLength(MappedText text, ReadOnlySpan<char> chars, int at)
    {
        if (chars[at] == '\'')
            foreach (var contraction in Contractions)
                if (chars[at..].StartsWith(contraction, StringComparison.Ordinal)) return contraction.Length;

        var from = chars[at] == ' ' && at + 1 < chars.Length ? at + 1 : at;
        var kind = KindAt(text, from, out _);
        if (kind != Kind.Space) return RunEnd(text, chars.Length, from, kind) - at;

        // White space: all of it at the end of the text, otherwise all but the last, which belongs to the word that follows (or stands alone).
        var end = RunEnd(text, chars.Length, at, Kind.Space);
        return end == chars.Length || end - at == 1 ? end - at : end - at - 1;
    }

    private static int RunEnd(MappedText text, int end, int at, Kind kind)
    {
        while (at < end && KindAt(text, at, out var length) == kind) at += length;
        return at;
    }

    private static Kind KindAt(MappedText text, int at, out int length)
    {
        var c = text.CodePoint(at, out length);
        if (c < 0x80)
            return c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') ? Kind.Letter
                : c is >= '0' and <= '9' ? Kind.Number
                : UnicodeTables.IsWhiteSpace(c) ? Kind.Space : Kind.Other;
        return UnicodeTables.IsWhiteSpace(c) ? Kind.Space : UnicodeTables.IsLetter(c) ? Kind.Letter : UnicodeTables.IsNumber(c) ? Kind.Number : Kind.Other;
    }

    // Bytes that are printable in Latin-1 stand for themselves, the others for U+0100 and on.
    private static char[] Alphabet()
    {
        var letters = new char[256];
        var next = 0x100;
        for (var b = 0; b < 256; b++) letters[b] = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE ? (char)b : (char)next++;
        return letters;
    }
}
