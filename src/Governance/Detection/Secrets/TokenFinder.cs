// Looks for a token where its anchor stands: whole, not within a longer word, drawn by a machine, and with the checksum or structure that its format has. Also where it is written in
// pieces: "AKIA" + "...", adjacent literals, a line that is continued.
using System.Text.RegularExpressions;

namespace CabinCrew.Governance.Detection.Secrets;

internal static class TokenFinder
{
    private const int BackMax = 128;

    /// <summary>Of a token in pieces; pieces are put together from so many characters at most.</summary>
    private const int JoinedCharsMax = 600;

    private static readonly System.Buffers.SearchValues<char> Ends = System.Buffers.SearchValues.Create(" \t\r\n\"'`<>(){}[],;\\");
    private static readonly System.Buffers.SearchValues<char> PieceEnds = System.Buffers.SearchValues.Create("\"'`\\");

    private static readonly Anchor[] Known = [.. Anchors];

    public static IEnumerable<Anchor> Anchors =>
        from rule in SecretRules.Table
        let before = rule.Before is { } letters ? System.Buffers.SearchValues.Create(letters) : null
        from anchor in rule.Anchors
        select new Anchor(anchor, (text, at) => At(rule, before, text, at)) { AtWord = before is null };

    /// <summary>Whether a token stands in a part of the text.</summary>
    public static bool IsIn(ReadOnlySpan<char> text, int start, int length)
    {
        foreach (var anchor in Known)
        {
            var at = text.Slice(start, length).IndexOf(anchor.Text, StringComparison.Ordinal);
            if (at >= 0 && anchor.Look(text, start + at) is not null) return true;
        }
        return false;
    }

    private static TextMatch? At(SecretRule rule, System.Buffers.SearchValues<char>? before, ReadOnlySpan<char> text, int at)
    {
        if (before is not null)
        {
            var earlier = text[Math.Max(0, at - BackMax)..at];
            at -= earlier.Length - 1 - earlier.LastIndexOfAnyExcept(before);
        }
        if (AtStart(rule, text, at) is { } match) return match;
        // What was read over may be the letters of an escape, as in "\n1234:AA" and "%221234:AA".
        var escape = before is null || at == 0 ? 0 : text[at - 1] switch { '%' => 2, '\\' when text[at] == 'u' => 5, '\\' => 1, _ => 0 };
        return escape > 0 && at + escape < text.Length ? AtStart(rule, text, at + escape) : null;
    }

    private static TextMatch? AtStart(SecretRule rule, ReadOnlySpan<char> text, int at)
    {
        // A prefix inside a longer word is no prefix: "task-..." holds "sk-".
        if (!WordStarts.IsAt(text, at)) return null;
        var window = text.Slice(at, Math.Min(rule.CharsMax, text.Length - at));
        var stop = window[..Math.Min(rule.CharsMin, window.Length)].IndexOfAny(Ends);
        if (stop < 0 && window.Length < rule.CharsMin) return null;
        if (stop >= 0) return PieceEnds.Contains(window[stop]) ? Joined(rule, text, at) : null;
        var length = LengthOf(rule, window);
        if (length > 0) return new(rule.Rule, at, length);
        // Longer pieces than the shortest token.
        return window.IndexOfAny(Ends) is >= 0 and var end && PieceEnds.Contains(window[end]) ? Joined(rule, text, at) : null;
    }

    // Of the token at the window's beginning; 0: there is none.
    private static int LengthOf(SecretRule rule, ReadOnlySpan<char> window)
    {
        foreach (var match in rule.Regex.EnumerateMatches(window))
        {
            var token = window[..match.Length];
            if (match.Length < window.Length && char.IsAsciiLetterOrDigit(window[match.Length])) return 0;
            return TokenChecks.IsDrawn(token, rule.IsRepetitive) && rule.Check?.Invoke(token) is not false ? match.Length : 0;
        }
        return 0;
    }

    private static TextMatch? Joined(SecretRule rule, ReadOnlySpan<char> text, int at)
    {
        Span<char> joined = stackalloc char[JoinedCharsMax];
        Span<int> places = stackalloc int[JoinedCharsMax];
        var source = text[at..];
        int count = 0, from = 0, pieces = 0;
        while (from < source.Length && count < joined.Length)
        {
            var piece = source[from..];
            var end = piece.IndexOfAny(Ends);
            var chars = Math.Min(end < 0 ? piece.Length : end, joined.Length - count);
            for (var i = 0; i < chars; i++)
            {
                joined[count] = piece[i];
                places[count++] = from + i;
            }
            if (end < 0 || !PieceEnds.Contains(piece[end]) || JoinAt(piece[end..]) is not (> 0 and var gap)) break;
            from += end + gap;
            pieces++;
        }
        if (pieces == 0) return null;
        var length = LengthOf(rule, joined[..Math.Min(count, rule.CharsMax)]);
        return length == 0 ? null : new(rule.Rule, at, places[length - 1] + 1);
    }

    /// <summary>How many characters stand between two pieces of one text: a quote, an operator or nothing, and a quote; or a backslash at a line's end. 0: this joins nothing.</summary>
    internal static int JoinAt(ReadOnlySpan<char> text)
    {
        const int gapMax = 80;
        // A line that is continued, as it is and as JSON spells it.
        if (text is ['\\', '\n' or '\r', ..] || text.StartsWith("\\\\\\n") || text.StartsWith("\\\\\\r\\n"))
        {
            var next = text[0] == '\\' && text[1] is '\n' or '\r' ? 1 : 2;
            return SkipBlank(text, next, gapMax);
        }
        var at = SkipQuote(text, 0);
        if (at == 0) return 0;
        at = SkipBlank(text, at, gapMax);
        if (at < text.Length && text[at] is '+' or '.' or '&' or '~') at = SkipBlank(text, at + (text[at..].StartsWith("..") ? 2 : 1), gapMax);
        else if (at < text.Length && text[at] == '\\' && at + 1 < text.Length && text[at + 1] is '\n' or '\r') at = SkipBlank(text, at + 1, gapMax);
        if (at < text.Length && text[at] is 'b' or 'f' or 'r' or 'u' or 'L' or '@' or '$') at++;
        var end = SkipQuote(text, at);
        return end > at && end < gapMax ? end : 0;
    }

    // A quote, and one that is escaped as it stands in JSON or in a string of code.
    private static int SkipQuote(ReadOnlySpan<char> text, int at)
    {
        var next = at;
        while (next < text.Length && text[next] == '\\' && next - at < 3) next++;
        return next < text.Length && text[next] is '"' or '\'' or '`' ? next + 1 : at;
    }

    private static int SkipBlank(ReadOnlySpan<char> text, int at, int max)
    {
        for (var limit = at + max; at < text.Length && at < limit;)
        {
            if (text[at] is ' ' or '\t' or '\r' or '\n') at++;
            else if (text[at] == '\\' && at + 1 < text.Length && text[at + 1] is 'n' or 'r' or 't') at += 2;
            else break;
        }
        return at;
    }
}
