// SQL that is put together with values in it: a text that begins as a statement does, and something filled in, joined or formatted in where a value belongs. Names of tables and columns are
// put together everywhere and are no finding, nor what is cleaned or made a number in the same breath.
namespace CabinCrew.Governance.Detection.Code;

internal static class SqlBuilding
{
    private const int ContentLooked = 4000;
    private const int PartsMax = 24;

    private static readonly System.Buffers.SearchValues<string> Harmless = System.Buffers.SearchValues.Create(
        ["table", "prefix", "column", "placeholder", "field", "schema", "quote", "escape", "sanitize", "intval", "(int)", "parseint", "number(", "tostring(", "where", "order", "sql", "query", "join", "params", "clause", "condition", "dbname", "database", "bind", "count", "limit", "offset", "len(", "absint", "prepare", "marks", "mogrify", "literal"], StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether text begins as a statement that reads or changes rows.</summary>
    public static bool IsStatement(ReadOnlySpan<char> content)
    {
        content = content.TrimStart(" \t\r\n(");
        if (content.Length < 12) return false;
        var head = content[..Math.Min(content.Length, ContentLooked)];
        return (head.StartsWith("select ", StringComparison.OrdinalIgnoreCase) && head.IndexOf(" from ", StringComparison.OrdinalIgnoreCase) is > 0 and var from && !IsProse(head[(from + 6)..])) || Begins(head, "insert into ") || Begins(head, "replace into ") || Begins(head, "delete from ")
            || (Begins(head, "update ") && head.Contains(" set ", StringComparison.OrdinalIgnoreCase));
    }

    private static bool Begins(ReadOnlySpan<char> text, string words) => text.StartsWith(words, StringComparison.OrdinalIgnoreCase) && !IsProse(text[words.Length..]);

    // "Select one from the list", "update the set".
    private static bool IsProse(ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart();
        foreach (var word in (ReadOnlySpan<string>)["the ", "a ", "an ", "this ", "your ", "of ", "which ", "one "])
            if (rest.StartsWith(word, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    /// <summary>At the text that begins the statement.</summary>
    public static bool IsBuilt(CodeView code, int at)
    {
        // "..." + x + "...", and texts side by side: each of them, and what follows it.
        for (int i = at, steps = 0; steps < PartsMax && code[i].Kind == CodeTokenKind.Text; steps++)
        {
            var content = code.Content(i);
            if (content.Length > ContentLooked) content = content[..ContentLooked];
            if ((code[i].HasHoles && HasValueHole(content, code.Language)) || IsFormatted(code, i, content)) return true;
            if (code[i + 1].Kind == CodeTokenKind.Text)
            {
                i++;
                continue;
            }
            if (!code.IsJoin(i + 1) || code.Is(i + 1, "%")) return false;
            var operand = code.Operand(i + 2, new(i + 2, Math.Min(code.Count, i + 40)));
            if (code[i + 2].Kind != CodeTokenKind.Text && ExpectsValue(content) && !code.IsConstant(operand) && !IsHarmless(code, operand)) return true;
            // On to the next text of the same expression.
            i = code[i + 2].Kind == CodeTokenKind.Text ? i + 2 : code.IsJoin(operand.To) ? operand.To + 1 : code.Count;
        }
        return false;
    }

    // "... = '%s'" % x, "... = {}".format(x), Sprintf("... = %s", x).
    private static bool IsFormatted(CodeView code, int at, ReadOnlySpan<char> content)
    {
        var isMod = code.Is(at + 1, "%") && code.Language is CodeLanguage.Python or CodeLanguage.Ruby;
        var isCall = code.IsAny(at - 2, "format", "Format", "sprintf", "Sprintf") && code.Is(at - 1, "(") && code.Is(at + 1, ",");
        var isMethod = code.Is(at + 1, ".") && code.IsAny(at + 2, "format", "formatted") && code.Is(at + 3, "(");
        var isMacro = code.Language == CodeLanguage.Rust && code.Is(at - 1, "(") && code.Is(at - 2, "!") && code.Is(at - 3, "format");
        if (!isMod && !isCall && !isMethod && !isMacro) return false;
        var args = isMod ? code.Operand(at + 2, new(at + 2, Math.Min(code.Count, at + 40))) : isMethod ? code.Inside(at + 2) : isCall ? code.Inside(at - 2) : new(at + 1, Math.Min(code.Count, at + 40));
        if (isCall) args = new(at + 1, args.To);
        if (IsHarmless(code, args) || (!isMacro && code.IsConstant(args))) return false;
        var mark = isMod || isCall ? (code.Language == CodeLanguage.CSharp ? '{' : '%') : '{';
        for (var from = 0; content[from..].IndexOf(mark) is >= 0 and var step; from += step + 1)
        {
            var rest = content[(from + step + 1)..];
            if (mark == '%' && (rest.IsEmpty || rest[0] is not ('s' or 'v' or 'q' or '('))) continue;
            if (ExpectsValue(content[..(from + step)])) return true;
        }
        return false;
    }

    private static bool HasValueHole(ReadOnlySpan<char> content, CodeLanguage language)
    {
        for (var i = 1; i < content.Length; i++)
        {
            var next = i + 1 < content.Length ? content[i + 1] : '\0';
            var begins = language switch
            {
                CodeLanguage.Python or CodeLanguage.CSharp => content[i] == '{' && next != '{' && content[i - 1] != '{',
                CodeLanguage.Ruby => content[i] == '#' && next == '{',
                CodeLanguage.Php => (content[i] == '$' && (char.IsAsciiLetter(next) || next == '_') && content[i - 1] != '{') || (content[i] == '{' && next == '$'),
                _ => content[i] == '$' && (next == '{' || (char.IsAsciiLetter(next) && language == CodeLanguage.Kotlin)),
            };
            if (!begins || !ExpectsValue(content[..i])) continue;
            if (language == CodeLanguage.Php && content[i..].TrimStart('{').StartsWith("$_")) return true;
            var hole = content.Slice(i, Math.Min(60, content.Length - i));
            var close = hole.IndexOfAny('}', ' ', '\'');
            if (close > 0) hole = hole[..close];
            if (hole.IndexOfAny(Harmless) < 0 && hole.ContainsAnyInRange('a', 'z')) return true;
        }
        return false;
    }

    // Behind =, a quote, LIKE, VALUES ( and the like.
    private static bool ExpectsValue(ReadOnlySpan<char> before)
    {
        // A quote that ends a name in it is no quote of a value: only what is behind an operator counts.
        var trimmed = before.TrimEnd(" \t\r\n");
        var isQuoted = trimmed.Length > 0 && trimmed[^1] is '\'' or '"' or '%';
        while (trimmed.Length > 0 && trimmed[^1] is '\'' or '"' or '%' or '\\') trimmed = trimmed[..^1];
        trimmed = trimmed.TrimEnd(" \t\r\n");
        if (trimmed.IsEmpty) return false;
        if (trimmed[^1] is '=' or '<' or '>') return true;
        if (trimmed[^1] is '(' or ',') return isQuoted && HasValues(trimmed);
        return isQuoted && (Ends(trimmed, " like") || Ends(trimmed, " in") || Ends(trimmed, " between") || Ends(trimmed, " and") && trimmed.Contains("between", StringComparison.OrdinalIgnoreCase));
    }

    private static bool HasValues(ReadOnlySpan<char> text) => text.Contains("values", StringComparison.OrdinalIgnoreCase) || Ends(text[..^1].TrimEnd(), " in");

    private static bool Ends(ReadOnlySpan<char> text, string word) => text.EndsWith(word, StringComparison.OrdinalIgnoreCase);

    private static bool IsHarmless(CodeView code, CodeRange range)
    {
        for (var i = range.From; i < range.To; i++)
            if (code[i].Kind == CodeTokenKind.Name && code.Text(i).IndexOfAny(Harmless) >= 0) return true;
        // A number is one whatever it is called.
        return code.IsAny(range.From, "int", "str") && code.Is(range.From + 1, "(") && code.Is(range.From, "int") || code.IsCleaned(range);
    }
}
