// Where a text is written in pieces: "AKIA" + "...", adjacent literals, the strings of a list, a line that is continued; as it stands in code, and in code within JSON. Pure, and bounded.
namespace CabinCrew.Governance.Detection;

internal static class Pieces
{
    private const int GapMax = 80;

    /// <summary>How many characters stand between two pieces of one text: a quote, an operator, a comma or nothing, and a quote; or a backslash at a line's end. 0: this joins nothing.</summary>
    /// <param name="isList">They are members of a list, which may be joined somewhere or not.</param>
    public static int JoinAt(ReadOnlySpan<char> text, out bool isList)
    {
        isList = false;
        // A line that is continued, as it is and as JSON spells it.
        if (text is ['\\', '\n' or '\r', ..] || text.StartsWith("\\\\\\n") || text.StartsWith("\\\\\\r\\n"))
        {
            var next = text[0] == '\\' && text[1] is '\n' or '\r' ? 1 : 2;
            return SkipBlank(text, next);
        }
        var at = SkipQuote(text, 0);
        if (at == 0) return 0;
        at = SkipBlank(text, at);
        isList = at < text.Length && text[at] == ',';
        if (isList || (at < text.Length && text[at] is '+' or '.' or '&' or '~')) at = SkipBlank(text, at + (text[at..].StartsWith("..") ? 2 : 1));
        else if (at < text.Length && text[at] == '\\' && at + 1 < text.Length && text[at + 1] is '\n' or '\r') at = SkipBlank(text, at + 1);
        else if (text[Math.Min(at, text.Length)..].StartsWith("\\\\\\n") || text[Math.Min(at, text.Length)..].StartsWith("\\\\\\r\\n")) at = SkipBlank(text, at + 2);
        if (at < text.Length && text[at] is 'b' or 'f' or 'r' or 'u' or 'L' or '@' or '$') at++;
        var end = SkipQuote(text, at);
        return end > at && end < GapMax ? end : 0;
    }

    // A quote, and one that is escaped as it stands in JSON or in a string of code.
    private static int SkipQuote(ReadOnlySpan<char> text, int at)
    {
        var next = at;
        while (next < text.Length && text[next] == '\\' && next - at < 3) next++;
        return next < text.Length && text[next] is '"' or '\'' or '`' ? next + 1 : at;
    }

    private static int SkipBlank(ReadOnlySpan<char> text, int at)
    {
        for (var limit = at + GapMax; at < text.Length && at < limit;)
        {
            if (text[at] is ' ' or '\t' or '\r' or '\n') at++;
            else if (text[at] == '\\' && at + 1 < text.Length && text[at + 1] is 'n' or 'r' or 't') at += 2;
            else break;
        }
        return at;
    }
}
