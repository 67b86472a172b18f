// The words of a sentence one after the other, for detectors of what speaks to a model: whatever stands between them (line ends, marks of emphasis, the quotes between pieces of one text). Bounded.
using System.Collections.Frozen;
using Words = System.Collections.Frozen.FrozenSet<string>.AlternateLookup<System.ReadOnlySpan<char>>;

namespace CabinCrew.Governance.Detection;

internal static class InstructionWords
{
    private const int WordCharsMax = 24;
    private const int SpaceCharsMax = 96;
    private const int PieceCharsMax = 256;

    public static Words Of(params string[] words) => words.ToFrozenSet(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The word behind a place, which moves on behind it; there is something between the two.</summary>
    public static bool NextWord(ReadOnlySpan<char> text, ref int at, out ReadOnlySpan<char> word)
    {
        word = default;
        var start = SkipSpace(text, at);
        if (start == at) return false;
        var end = start;
        while (end < text.Length && end - start <= WordCharsMax && char.IsAsciiLetter(text[end])) end++;
        if (end == start) return false;
        word = text[start..end];
        at = end;
        return true;
    }

    // Spaces, line ends as JSON spells them, and what stands between two pieces of one text. Each has at least one.
    private static int SkipSpace(ReadOnlySpan<char> text, int at)
    {
        for (var limit = at + SpaceCharsMax; at < text.Length && at < limit;)
        {
            if (text[at] is ' ' or '\t' or '\r' or '\n' or '*' or '_' or '-') at++;
            else if (text[at] == '\\' && at + 1 < text.Length && text[at + 1] is 'n' or 'r' or 't') at += 2;
            else if (text[at] is '"' or '\'' or '`' or '\\' && Pieces.JoinAt(text[at..], out var isList) is > 0 and var gap && (!isList || IsSentence(text, at))) at += gap;
            else break;
        }
        return at;
    }

    // A list of words is a list of words; one of halves of sentences is a text.
    private static bool IsSentence(ReadOnlySpan<char> text, int end)
    {
        var before = text[Math.Max(0, end - PieceCharsMax)..end];
        return before[(before.LastIndexOfAny('"', '\'', '`') + 1)..].Trim(' ').Contains(' ');
    }
}
