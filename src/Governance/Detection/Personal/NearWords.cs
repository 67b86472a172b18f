// Words beside a number that say what it is: as words of their own or as parts of names (SSN, customer_ssn, customerSsn, but not the end of "classn").
using System.Buffers;

namespace CabinCrew.Governance.Detection.Personal;

internal static class NearWords
{
    /// <summary>How many characters before a number its word may begin.</summary>
    public const int Reach = 48;

    /// <summary>So long words are no part of another by chance.</summary>
    private const int LongChars = 7;

    public static bool AreIn(ReadOnlySpan<char> text, SearchValues<string> known, string[] words)
    {
        if (text.IndexOfAny(known) < 0) return false;
        foreach (var word in words)
            for (var from = 0; text[from..].IndexOf(word, StringComparison.OrdinalIgnoreCase) is >= 0 and var at; from += at + 1)
                if (IsWhole(text, from + at, word.Length)) return true;
        return false;
    }

    private static bool IsWhole(ReadOnlySpan<char> text, int start, int length)
    {
        if (length >= LongChars) return true;
        var end = start + length;
        var begins = start == 0 || !char.IsAsciiLetter(text[start - 1]) || (char.IsAsciiLetterUpper(text[start]) && char.IsAsciiLetterLower(text[start - 1]));
        return begins && (end == text.Length || !char.IsAsciiLetter(text[end]) || (char.IsAsciiLetterUpper(text[end]) && char.IsAsciiLetterLower(text[end - 1])));
    }
}
