// A text that is longer than its model takes is looked at through windows that overlap: together they cover every token, and there is always at least one.
namespace CabinCrew.LocalModels.Tokens;

/// <param name="First">The first of the text's tokens in it.</param>
/// <param name="Count">Without the special tokens.</param>
internal readonly record struct TokenWindow(int First, int Count)
{
    /// <param name="size">Of the tokens of a text in one window: what the model takes, less the special tokens.</param>
    /// <param name="overlap">How many of them the next window begins with again; less than <paramref name="size"/>.</param>
    public static IEnumerable<TokenWindow> Over(int tokens, int size, int overlap)
    {
        var first = 0;
        while (first + size < tokens)
        {
            yield return new(first, size);
            first += size - overlap;
        }
        yield return new(first, tokens - first);
    }

    /// <summary>How many there will be, without making any.</summary>
    public static long CountOver(int tokens, int size, int overlap) => tokens <= size ? 1 : 1 + (tokens - size + (long)(size - overlap) - 1) / (size - overlap);
}
