// The last step: one word to tokens of the vocabulary. One class a kind of model.
namespace CabinCrew.LocalModels.Tokens;

/// <param name="Start">In the characters of the original text.</param>
/// <param name="End">Behind the last of them.</param>
public readonly record struct Token(int Id, int Start, int End);

internal abstract class TokenModel
{
    /// <summary>Appends the word's tokens. A word has at least one character.</summary>
    public abstract void Append(MappedText text, Piece word, List<Token> into);

    protected static void Add(int id, MappedText text, int start, int end, List<Token> into) => into.Add(new(id, text.StartOf(start), text.EndOf(end - 1)));
}

/// <summary>BERT's: always the longest part that is known; a word with a part that is not becomes the one unknown token.</summary>
internal sealed class WordPieceModel : TokenModel
{
    /// <summary>What a file may ask for; the work on a word grows with its square.</summary>
    public const int WordCharsLimit = 512;

    private readonly Dictionary<string, int> beginnings;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> begin, go;
    private readonly int unknown, wordCharsMax, longest;

    public WordPieceModel(Dictionary<string, int> vocabulary, string continuing, int unknown, int wordCharsMax)
    {
        beginnings = vocabulary;
        (this.unknown, this.wordCharsMax) = (unknown, wordCharsMax);
        var continuings = vocabulary.Where(v => v.Key.StartsWith(continuing, StringComparison.Ordinal)).ToDictionary(v => v.Key[continuing.Length..], v => v.Value, StringComparer.Ordinal);
        begin = beginnings.GetAlternateLookup<ReadOnlySpan<char>>();
        go = continuings.GetAlternateLookup<ReadOnlySpan<char>>();
        longest = vocabulary.Keys.Select(k => k.Length).DefaultIfEmpty(0).Max();
    }

    public override void Append(MappedText text, Piece word, List<Token> into)
    {
        var chars = text.Of(word);
        var count = into.Count;
        if (chars.Length > wordCharsMax && Count(chars) > wordCharsMax || !AppendParts(text, word, into))
        {
            into.RemoveRange(count, into.Count - count);
            Add(unknown, text, word.Start, word.End, into);
        }
    }

    private bool AppendParts(MappedText text, Piece word, List<Token> into)
    {
        var chars = text.Of(word);
        for (var start = 0; start < chars.Length;)
        {
            var lookup = start == 0 ? begin : go;
            var end = Math.Min(chars.Length, start + longest);
            int id;
            while (!lookup.TryGetValue(chars[start..end], out id))
                if (--end == start) return false;
            Add(id, text, word.Start + start, word.Start + end, into);
            start = end;
        }
        return true;
    }

    private static int Count(ReadOnlySpan<char> chars)
    {
        var count = 0;
        foreach (var c in chars)
            if (!char.IsLowSurrogate(c)) count++;
        return count;
    }
}
