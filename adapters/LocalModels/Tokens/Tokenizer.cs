// Text to the tokens that a model was trained on, as the reference implementation (Hugging Face tokenizers) makes them, with their places in the text. Immutable, and shared by everybody.
// Guarantees: no text makes it throw, none makes it slow, nothing is cut off in silence, and nothing in a text becomes a special token.
using CabinCrew.Protocol;

namespace CabinCrew.LocalModels.Tokens;

public sealed class Tokenizer
{
    /// <summary>Longer texts are refused, which their user must take as "not looked at".</summary>
    public const int TextCharsMax = 1 << 24;

    private readonly AddedTokens beforeNormalizing, afterNormalizing;
    private readonly Normalizer? normalizer;
    private readonly PreTokenizer? preTokenizer;
    private readonly TokenModel model;

    internal Tokenizer(TokenizerParts parts)
    {
        (normalizer, preTokenizer, model) = (parts.Normalizer, parts.PreTokenizer, parts.Model);
        (Prefix, Suffix, LargestId) = (parts.Prefix, parts.Suffix, parts.LargestId);
        beforeNormalizing = new([.. parts.Added.Where(a => !a.Normalized).Select(a => a.Token)]);
        afterNormalizing = new([.. parts.Added.Where(a => a.Normalized).Select(a => a.Token with { Content = Normalized(a.Token.Content) })]);
    }

    /// <summary>The ids that the model wants before and after each window.</summary>
    public IReadOnlyList<int> Prefix { get; }

    public IReadOnlyList<int> Suffix { get; }

    public int LargestId { get; }

    /// <summary>All tokens of a text, without the special ones around it.</summary>
    public Outcome<IReadOnlyList<Token>> Encode(string text)
    {
        if (text.Length > TextCharsMax) return TooLong(text.Length);
        var original = MappedText.Original(text);
        var cut = Normalize(original);
        if (cut.Text.IsFull) return TooLong(text.Length);
        if (preTokenizer is not null) cut = preTokenizer.Apply(cut);
        if (cut.Text.IsFull) return TooLong(text.Length);

        var tokens = new List<Token>(text.Length / 4);
        foreach (var piece in cut.Pieces)
            if (piece.IsText) model.Append(cut.Text, piece, tokens);
            else tokens.Add(new(piece.Token, cut.Text.StartOf(piece.Start), cut.Text.EndOf(piece.End - 1)));
        return tokens;
    }

    private CutText Normalize(MappedText original)
    {
        var raw = new List<Piece>();
        beforeNormalizing.Cut(original, original.Whole, raw);
        var text = original;
        var pieces = raw;
        if (normalizer is not null)
        {
            text = new MappedText(original.Length + 16);
            pieces = [];
            foreach (var piece in raw)
            {
                var start = text.Length;
                if (piece.IsText) normalizer.Apply(original, piece, text);
                else text.Append(original, piece);
                if (text.Length > start) pieces.Add(new(start, text.Length - start, piece.Token));
            }
        }
        var cut = new List<Piece>(pieces.Count);
        foreach (var piece in pieces)
            if (piece.IsText) afterNormalizing.Cut(text, piece, cut);
            else cut.Add(piece);
        return new(text, cut);
    }

    private string Normalized(string content)
    {
        if (normalizer is null) return content;
        var (text, into) = (MappedText.Original(content), new MappedText(content.Length));
        normalizer.Apply(text, text.Whole, into);
        return into.Chars.ToString();
    }

    private static Problem TooLong(int length) => new Problem(ProblemCode.ModelOverBudget, "the text is longer than a tokenizer takes").With("limit", $"{TextCharsMax}").With("measured", $"{length}");
}

/// <param name="LargestId">Of the whole vocabulary.</param>
internal sealed record TokenizerParts(
    Normalizer? Normalizer, PreTokenizer? PreTokenizer, TokenModel Model, IReadOnlyList<(AddedToken Token, bool Normalized)> Added, IReadOnlyList<int> Prefix, IReadOnlyList<int> Suffix, int LargestId);
