// Tokens that a tokenizer finds in the text before its model sees it, the leftmost and longest first. Special ones ([CLS], <s>) are never among them: what stands for the control of the
// model is put there by us alone, and the same letters in a text are text.
using System.Globalization;

namespace CabinCrew.LocalModels.Tokens;

/// <param name="SingleWord">Only where no letter stands right before or after it.</param>
/// <param name="StripLeft">Takes the white space before it along.</param>
internal sealed record AddedToken(int Id, string Content, bool SingleWord, bool StripLeft, bool StripRight);

internal sealed class AddedTokens
{
    private readonly IReadOnlyList<AddedToken> tokens;
    private readonly PrefixTree tree = new();

    public AddedTokens(IReadOnlyList<AddedToken> tokens)
    {
        this.tokens = tokens;
        for (var i = 0; i < tokens.Count; i++) tree.Add(tokens[i].Content, i);
    }

    public void Cut(MappedText text, Piece piece, List<Piece> into)
    {
        if (tokens.Count == 0)
        {
            if (piece.Length > 0) into.Add(piece);
            return;
        }
        var chars = text.Chars[..piece.End];
        var done = piece.Start;
        for (var i = piece.Start; i < piece.End;)
        {
            var (length, index) = tree.Longest(chars[i..]);
            if (index < 0)
            {
                i++;
                continue;
            }
            var (start, end) = (i, i + length);
            i = end;
            var token = tokens[index];
            if (start < done || token.SingleWord && (start > piece.Start && IsWord(chars[start - 1]) || end < piece.End && IsWord(chars[end]))) continue;
            while (token.StripLeft && start > done && UnicodeTables.IsWhiteSpace(chars[start - 1])) start--;
            while (token.StripRight && end < piece.End && UnicodeTables.IsWhiteSpace(chars[end])) end++;
            if (start > done) into.Add(new(done, start - done));
            into.Add(new(start, end - start, token.Id));
            done = end;
        }
        if (piece.End > done) into.Add(new(done, piece.End - done));
    }

    private static bool IsWord(char c) => char.GetUnicodeCategory(c) is <= UnicodeCategory.OtherLetter or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
        or UnicodeCategory.EnclosingMark or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;
}
