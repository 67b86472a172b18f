// Looks for a token where its anchor stands: whole, not within a longer word, drawn by a machine, and with the checksum or structure that its format has. Also where it is written in
// pieces: "AKIA" + "...", adjacent literals, a line that is continued.
using System.Text.RegularExpressions;

namespace CabinCrew.Governance.Detection.Secrets;

internal static class TokenFinder
{
    private const int BackMax = 128;

    /// <summary>Of a token in pieces; pieces are put together from so many characters at most.</summary>
    private const int JoinedCharsMax = 600;

    /// <summary>So far before a list stands what puts it together.</summary>
    private const int JoinersBackMax = 48;

    private static readonly System.Buffers.SearchValues<char> Ends = System.Buffers.SearchValues.Create(" \t\r\n\"'`<>(){}[],;\\");
    private static readonly System.Buffers.SearchValues<char> PieceEnds = System.Buffers.SearchValues.Create("\"'`\\");

    private static readonly System.Buffers.SearchValues<string> Joiners = System.Buffers.SearchValues.Create(["join(", "implode(", "concat("], StringComparison.OrdinalIgnoreCase);

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

    // A list of which somebody makes one text.
    private static bool IsPutTogether(ReadOnlySpan<char> text, int at) =>
        text.Slice(at, Math.Min(JoinedCharsMax, text.Length - at)).IndexOf("].join(", StringComparison.Ordinal) >= 0 || text[Math.Max(0, at - JoinersBackMax)..at].ContainsAny(Joiners);

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
            if (end < 0 || !PieceEnds.Contains(piece[end]) || Pieces.JoinAt(piece[end..], out var isList) is not (> 0 and var gap) || (isList && !IsPutTogether(text, at))) break;
            from += end + gap;
            pieces++;
        }
        if (pieces == 0) return null;
        var length = LengthOf(rule, joined[..Math.Min(count, rule.CharsMax)]);
        return length == 0 ? null : new(rule.Rule, at, places[length - 1] + 1);
    }
}
