// Statements that lose or give away data. Each statement is judged by its own words: what stands in strings, names and comments is none of them.
namespace CabinCrew.Governance.Detection.Commands.Sql;

internal static class SqlJudge
{
    private static readonly HashSet<string> Droppable = ["TABLE", "DATABASE", "SCHEMA", "VIEW", "MATERIALIZED", "INDEX", "SEQUENCE", "TABLESPACE", "USER", "ROLE", "FUNCTION", "PROCEDURE", "TRIGGER", "KEYSPACE", "COLLECTION", "EXTENSION", "TYPE", "OWNED", "WAREHOUSE", "STAGE", "DICTIONARY", "FOREIGN", "EXTERNAL", "DATASET"];

    // Their absence is soon made good again, or they belong to the session.
    private static readonly HashSet<string> Harmless = ["INDEX", "VIEW", "TEMPORARY", "TEMP", "TRIGGER", "FUNCTION", "PROCEDURE", "EXTENSION", "TYPE"];

    /// <param name="ownLines">The text is what the findings' lines count in.</param>
    public static void Judge(string sql, Report report, bool ownLines, int depth = 0)
    {
        var tokens = SqlTokens.Of(sql);
        var (from, line, counted) = (0, report.Line, 0);
        for (var i = 0; i <= tokens.Count; i++)
        {
            if (i < tokens.Count && !(tokens[i].Kind == SqlKind.Sign && sql[tokens[i].Start] == ';')) continue;
            if (i > from)
            {
                if (ownLines)
                {
                    line += sql.AsSpan(counted, tokens[from].Start - counted).Count('\n');
                    counted = tokens[from].Start;
                    report.Line = line;
                }
                Statement(new(sql, tokens, from, i), report, depth);
            }
            from = i + 1;
        }
        if (ownLines && tokens.Exists(t => t.Kind == SqlKind.Broken)) report.Add("unreadable", "a quote or a comment is never closed");
    }

    private readonly struct Words(string sql, List<SqlToken> tokens, int from, int to)
    {
        public int Count => to - from;

        public bool Is(int at, string word) => at < Count && tokens[from + at].Kind == SqlKind.Word && sql.AsSpan(tokens[from + at].Start, tokens[from + at].Length).Equals(word, StringComparison.OrdinalIgnoreCase);

        public bool IsSign(int at, char sign) => at < Count && tokens[from + at].Kind == SqlKind.Sign && sql[tokens[from + at].Start] == sign;

        public string Text(int at) => at < Count ? sql.Substring(tokens[from + at].Start, tokens[from + at].Length) : "";

        public SqlKind Kind(int at) => tokens[from + at].Kind;

        public int Find(string word, int start = 0)
        {
            for (var i = start; i < Count; i++)
                if (Is(i, word)) return i;
            return -1;
        }

        /// <summary>A name with its schema: a.b.c</summary>
        public string Name(int at)
        {
            while (Is(at, "IF") || Is(at, "EXISTS") || Is(at, "ONLY") || Is(at, "TABLE") || Is(at, "CONCURRENTLY")) at++;
            var name = Text(at);
            while (IsSign(at + 1, '.') && name.Length < 200) (name, at) = ($"{name}.{Text(at + 2)}", at + 2);
            return name;
        }
    }

    private static void Statement(Words words, Report report, int depth)
    {
        var first = Beginning(words);
        // What runs within another statement: EXPLAIN ANALYZE, WITH ... DELETE, BEGIN blocks, procedures' bodies.
        if (words.Is(first, "DROP")) Drops(words, first, report);
        else if (words.Is(first, "TRUNCATE")) report.Add("sql-truncate", words.Name(first + 1));
        else if (words.Is(first, "DELETE")) Deletes(words, first, report);
        else if (words.Is(first, "UPDATE")) Updates(words, first, report);
        else if (words.Is(first, "ALTER")) Alters(words, first, report);
        else if (words.Is(first, "GRANT")) Grants(words, first, report);
        else if (words.Is(first, "FLUSHALL") || words.Is(first, "FLUSHDB")) report.Add("database-delete", words.Text(first));
        else if (words.Is(first, "DO") || words.Is(first, "EXECUTE") || words.Is(first, "EXEC") || words.Is(first, "PREPARE")) Inner(words, first, report, depth);
        else if (words.Is(first, "COPY") && words.Find("PROGRAM", first) > 0) report.Add("unreadable", "COPY ... PROGRAM runs a command");
    }

    private static int Beginning(Words words)
    {
        var at = 0;
        while (words.Is(at, "BEGIN") || words.Is(at, "EXPLAIN") || words.Is(at, "ANALYZE") || words.Is(at, "THEN") || words.Is(at, "ELSE") || words.IsSign(at, '(') || words.IsSign(at, '\\') || words.IsSign(at, '/') || words.IsSign(at, '*') || words.IsSign(at, '!')) at++;
        // MySQL runs what stands in /*! ... */, behind a version number.
        while (words.Count > at && words.Text(at) is { Length: 5 or 6 } number && number.All(char.IsAsciiDigit)) at++;
        if (!words.Is(at, "WITH")) return at;
        var open = 0;
        for (var i = at + 1; i < words.Count; i++)
        {
            if (words.IsSign(i, '(')) open++;
            else if (words.IsSign(i, ')')) open--;
            else if (words.Is(i, "DELETE") || words.Is(i, "UPDATE")) return i;
            else if (open == 0 && (words.Is(i, "SELECT") || words.Is(i, "INSERT"))) return at;
        }
        return at;
    }

    private static void Drops(Words words, int first, Report report)
    {
        var at = first + 1;
        var kind = words.Text(at).ToUpperInvariant();
        if (!Droppable.Contains(kind) || Harmless.Contains(kind)) return;
        while (Droppable.Contains(words.Text(at).ToUpperInvariant()) || words.Is(at, "BY")) at++;
        if (kind == "MATERIALIZED") return;
        report.Add(kind is "DATABASE" or "SCHEMA" or "KEYSPACE" ? "database-delete" : "sql-drop", words.Name(at));
    }

    private static void Deletes(Words words, int first, Report report)
    {
        var from = words.Find("FROM", first);
        if (from < 0 && words.Count - first < 2) return;
        if (!Restricts(words, first)) report.Add("sql-delete-all", words.Name(from < 0 ? first + 1 : from + 1));
    }

    private static void Updates(Words words, int first, Report report)
    {
        if (words.Find("SET", first) < 0) return;
        if (!Restricts(words, first)) report.Add("sql-update-all", words.Name(first + 1));
    }

    // A condition that holds for some rows only, as far as that can be told: not WHERE true, 1=1, 'a'='a', not (1=0), x = x.
    private static bool Restricts(Words words, int first)
    {
        var where = words.Find("WHERE", first);
        if (where < 0) return words.Find("LIMIT", first) > 0 || words.Find("USING", first) > 0;
        var at = where + 1;
        var end = words.Count;
        for (var i = at; i < words.Count; i++)
        {
            if (words.Is(i, "RETURNING") || words.Is(i, "ORDER")) { end = i; break; }
            // One alternative that is always true makes the whole so.
            if (words.Is(i, "OR") && IsAlways(words, i + 1, words.Count)) return false;
        }
        return !IsAlways(words, at, end);
    }

    private static bool IsAlways(Words words, int at, int end)
    {
        while (at < end && words.IsSign(at, '(')) at++;
        while (end > at && words.IsSign(end - 1, ')')) end--;
        if (end - at == 0) return true;
        if (words.Is(at, "AND")) return false;
        if (end - at == 1) return words.Is(at, "TRUE") || (words.Text(at) is [>= '1' and <= '9', ..] number && number.All(char.IsAsciiDigit));
        if (end - at == 3 && words.IsSign(at + 1, '=')) return words.Text(at).Equals(words.Text(at + 2), StringComparison.OrdinalIgnoreCase);
        return false;
    }

    private static void Alters(Words words, int first, Report report)
    {
        for (var i = first + 1; i < words.Count; i++)
        {
            if (!words.Is(i, "DROP")) continue;
            if (words.Is(i + 1, "CONSTRAINT") || words.Is(i + 1, "INDEX") || words.Is(i + 1, "KEY") || words.Is(i + 1, "DEFAULT") || words.Is(i + 1, "NOT") || words.Is(i + 1, "PRIMARY") || words.Is(i + 1, "FOREIGN") || words.Is(i + 1, "CHECK") || words.Is(i + 1, "EXPRESSION") || words.Is(i + 1, "IDENTITY")) continue;
            if (words.Is(i + 1, "PARTITION")) report.Add("sql-drop", words.Name(i + 2));
            else report.Add("sql-drop-column", $"{words.Name(first + 2)}.{words.Name(words.Is(i + 1, "COLUMN") ? i + 2 : i + 1)}");
        }
        if (words.Find("SUPERUSER", first) > 0) report.Add("sql-grant-all", words.Name(first + 2));
    }

    private static void Grants(Words words, int first, Report report)
    {
        var to = words.Find("TO", first);
        if (words.Is(first + 1, "ALL") || words.Is(first + 1, "SUPER") || words.Is(first + 1, "DBA") || words.Is(first + 1, "sysadmin")) report.Add("sql-grant-all", to > 0 ? words.Text(to + 1) : words.Text(first + 1));
    }

    // A statement in a string: DO $$ ... $$, EXECUTE 'DROP ...'
    private static void Inner(Words words, int first, Report report, int depth)
    {
        for (var i = first; i < words.Count && depth < 4; i++)
        {
            if (words.Kind(i) != SqlKind.Text) continue;
            var text = words.Text(i);
            var quote = text[0] == '$' ? text.IndexOf('$', 1) + 1 : 1;
            if (text.Length >= quote * 2) Judge(text[quote..^quote], report, ownLines: false, depth + 1);
        }
    }
}
