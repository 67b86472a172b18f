// BERT's own normalizer: control characters go, white space becomes spaces, Chinese characters stand alone, accents and capitals go where the model was trained without them.
namespace CabinCrew.LocalModels.Tokens;

internal sealed class BertNormalizer(bool cleanText, bool chineseAlone, bool stripAccents, bool lowercase) : Normalizer
{
    private static readonly UnicodeFormNormalizer Decomposed = new(compatibility: false, compose: false);

    public override void Apply(MappedText text, Piece piece, MappedText into)
    {
        var cleaned = stripAccents ? new MappedText(piece.Length + 16) : into;
        for (var i = piece.Start; i < piece.End;)
        {
            var c = text.CodePoint(i, out var length);
            var (start, end) = (text.StartOf(i), text.EndOf(i + length - 1));
            i += length;
            if (cleanText && IsCleanedAway(c)) continue;
            if (cleanText && UnicodeTables.IsWhiteSpace(c)) c = ' ';
            var alone = chineseAlone && IsChinese(c);
            if (alone) cleaned.Append(' ', start, end);
            if (stripAccents) cleaned.Append(c, start, end);
            else Emit(c, start, end, into);
            if (alone) cleaned.Append(' ', start, end);
        }
        if (stripAccents) WithoutAccents(cleaned, into);
    }

    private void WithoutAccents(MappedText cleaned, MappedText into)
    {
        var decomposed = cleaned;
        if (cleaned.Chars.ContainsAnyExceptInRange('\0', '\u007F'))
        {
            decomposed = new MappedText(cleaned.Length + 16);
            Decomposed.Apply(cleaned, cleaned.Whole, decomposed);
        }
        for (var i = 0; i < decomposed.Length;)
        {
            var c = decomposed.CodePoint(i, out var length);
            if (!UnicodeTables.IsNonSpacingMark(c)) Emit(c, decomposed.StartOf(i), decomposed.EndOf(i + length - 1), into);
            i += length;
        }
    }

    private void Emit(int c, int start, int end, MappedText into)
    {
        if (lowercase) LowercaseNormalizer.Append(c, start, end, into);
        else into.Append(c, start, end);
    }

    private static bool IsCleanedAway(int c) => c switch
    {
        '\t' or '\n' or '\r' => false,
        0 or 0xFFFD => true,
        < 0x7F => c < 0x20,
        _ => UnicodeTables.IsOther(c),
    };

    // The reference's ranges, with the gap that it has at U+2B820.
    private static bool IsChinese(int c) => c is
        (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F) or
        (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}
