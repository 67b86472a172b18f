// SQL cut into words, without its comments and with its strings as one token each: quotes of every kind, dollar quotes, nested block comments. Linear, never throws.
namespace CabinCrew.Governance.Detection.Commands.Sql;

internal enum SqlKind
{
    /// <summary>A keyword or a plain name, or a number.</summary>
    Word,

    /// <summary>A name in quotes, brackets or backticks.</summary>
    QuotedName,
    Text,
    Sign,

    /// <summary>A quote or comment that is not closed.</summary>
    Broken,
}

internal readonly record struct SqlToken(SqlKind Kind, int Start, int Length);

internal static class SqlTokens
{
    public static List<SqlToken> Of(string sql)
    {
        List<SqlToken> tokens = [];
        var at = 0;
        while (at < sql.Length)
        {
            var c = sql[at];
            if (char.IsWhiteSpace(c)) at++;
            else if (c == '-' && Next(sql, at) == '-') at = EndOfLine(sql, at);
            else if (c == '#' && (at == 0 || sql[at - 1] is '\n' or ' ' or ';') && Next(sql, at) is not '>' and not '-') at = EndOfLine(sql, at);
            else if (c == '/' && Next(sql, at) == '*' && at + 2 < sql.Length && sql[at + 2] is not '!') at = EndOfComment(sql, at, tokens);
            else if (c == '\'') at = Quoted(sql, at, '\'', SqlKind.Text, tokens);
            else if (c == '"') at = Quoted(sql, at, '"', SqlKind.QuotedName, tokens);
            else if (c == '`') at = Quoted(sql, at, '`', SqlKind.QuotedName, tokens);
            else if (c == '[' && sql.AsSpan(at, Math.Min(130, sql.Length - at)).IndexOf(']') is > 0 and var close) at = Add(tokens, SqlKind.QuotedName, at, close + 1);
            else if (c == '$' && DollarQuote(sql, at) is { } end) at = Add(tokens, end < 0 ? SqlKind.Broken : SqlKind.Text, at, (end < 0 ? sql.Length : end) - at);
            else if (char.IsLetterOrDigit(c) || c is '_' or '@' or '$') at = Add(tokens, SqlKind.Word, at, WordLength(sql, at));
            else at = Add(tokens, SqlKind.Sign, at, 1);
        }
        return tokens;
    }

    private static char Next(string sql, int at) => at + 1 < sql.Length ? sql[at + 1] : '\0';

    private static int Add(List<SqlToken> tokens, SqlKind kind, int at, int length)
    {
        tokens.Add(new(kind, at, length));
        return at + length;
    }

    private static int EndOfLine(string sql, int at) => sql.IndexOf('\n', at) is >= 0 and var end ? end : sql.Length;

    private static int EndOfComment(string sql, int at, List<SqlToken> tokens)
    {
        var (i, open) = (at + 2, 1);
        while (i < sql.Length && open > 0)
        {
            if (sql[i] == '*' && Next(sql, i) == '/') (open, i) = (open - 1, i + 2);
            else if (sql[i] == '/' && Next(sql, i) == '*') (open, i) = (open + 1, i + 2);
            else i++;
        }
        if (open > 0) tokens.Add(new(SqlKind.Broken, at, sql.Length - at));
        return i;
    }

    private static int Quoted(string sql, int at, char quote, SqlKind kind, List<SqlToken> tokens)
    {
        var i = at + 1;
        while (i < sql.Length)
        {
            if (sql[i] == quote && Next(sql, i) == quote) i += 2;
            else if (sql[i] == quote) return Add(tokens, kind, at, i + 1 - at);
            else i++;
        }
        return Add(tokens, SqlKind.Broken, at, sql.Length - at);
    }

    // The end behind $tag$ ... $tag$; -1 where that has none; null where this is no such quote.
    private static int? DollarQuote(string sql, int at)
    {
        var i = at + 1;
        while (i < sql.Length && i - at < 64 && (char.IsLetterOrDigit(sql[i]) || sql[i] == '_')) i++;
        if (i >= sql.Length || sql[i] != '$' || (i > at + 1 && char.IsDigit(sql[at + 1]))) return null;
        var tag = sql[at..(i + 1)];
        var end = sql.IndexOf(tag, i + 1, StringComparison.Ordinal);
        return end < 0 ? -1 : end + tag.Length;
    }

    private static int WordLength(string sql, int at)
    {
        var i = at;
        while (i < sql.Length && (char.IsLetterOrDigit(sql[i]) || sql[i] is '_' or '$' or '@' or '#')) i++;
        return i - at;
    }
}
