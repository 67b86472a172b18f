// Texts in code: quotes of every kind, what is filled in, and where a page of HTML goes on between code.
namespace CabinCrew.Governance.Detection.Code;

internal sealed partial class CodeLexer
{
    private const int HolesDeepMax = 12;
    private const int HeredocsMax = 8;

    private readonly Queue<(string Name, bool HasHoles)> waiting = [];

    // Once nobody closes one there is none further on, and nobody looks for it again.
    private bool noHeredocs, noDoubles, noSingles;

    private bool IsManyLines => language is CodeLanguage.Php or CodeLanguage.Ruby;

    // From: where the prefix begins; quote: where the text does.
    private void Quoted(int from, int quote)
    {
        var q = text[quote];
        var prefix = text.AsSpan(from, quote - from);
        if (q == '\'' && language == CodeLanguage.Rust && !IsRustChar(quote))
        {
            at = quote + 1;
            return;
        }
        if (q != '`' && !(q == '"' ? noDoubles : noSingles) && quote + 2 < end && text[quote + 1] == q && text[quote + 2] == q && (language == CodeLanguage.Python || (q == '"' && language is CodeLanguage.Java or CodeLanguage.Kotlin or CodeLanguage.CSharp)))
        {
            Triple(from, quote, prefix);
            return;
        }
        if (language == CodeLanguage.C && prefix.EndsWith("R") && RawC(from, quote)) return;
        var hole = HoleOf(q, prefix);
        var isRaw = language == CodeLanguage.Go && q == (char)96;
        var close = EndOf(quote, hole, isRaw, 0, out var holes);
        Add(CodeTokenKind.Text, from, close, quote - from + 1, close > quote + 1 && close <= end && text[close - 1] == q ? 1 : 0, holes);
    }

    // What begins something that is filled in; '\0': nothing.
    private char HoleOf(char quote, ReadOnlySpan<char> prefix) => language switch
    {
        CodeLanguage.Python => prefix.IndexOfAny("fFtT") >= 0 ? '{' : '\0',
        CodeLanguage.JavaScript => quote == '`' ? '$' : '\0',
        CodeLanguage.CSharp => prefix.Contains('$') ? '{' : '\0',
        CodeLanguage.Kotlin or CodeLanguage.Hcl => quote == '"' ? '$' : '\0',
        CodeLanguage.Java => quote == '"' && prefix is "s" or "f" ? '$' : '\0',
        CodeLanguage.Php => quote is '"' or '`' ? 'p' : '\0',
        CodeLanguage.Ruby => quote is '"' or '`' ? '#' : '\0',
        _ => '\0',
    };

    // Behind the closing quote.
    private int EndOf(int quote, char hole, bool isRaw, int depth, out bool holes)
    {
        var q = text[quote];
        var many = IsManyLines || q == '`';
        holes = false;
        for (var i = quote + 1; i < end; i++)
        {
            var c = text[i];
            if (c == q) return i + 1;
            if (c == '\\' && !isRaw) i++;
            else if (c == '\n' && !many) return i;
            else if (hole != '\0' && IsHole(i, hole, out var brace))
            {
                holes = true;
                if (brace >= 0 && depth < HolesDeepMax) i = EndOfHole(i + brace, many, depth) - 1;
            }
            else if (hole == '{' && c == '{') i++;
        }
        return end;
    }

    // Brace: how far off the brace stands that opens it; 0: a bare name is filled in.
    private bool IsHole(int i, char hole, out int brace)
    {
        var (c, next) = (text[i], i + 1 < end ? text[i + 1] : '\0');
        brace = hole == '{' ? 0 : 1;
        switch (hole)
        {
            case '{':
                brace = 0;
                return c == '{' && next != '{';
            case '#':
                return c == '#' && next == '{';
            case 'p' when c == '{' && next == '$':
                brace = 0;
                return true;
            case 'p' when c == '$' && (char.IsAsciiLetter(next) || next == '_'):
                brace = -1;
                return true;
            case '$' when c == '$' && next == '{':
                return true;
            case '$' when c == '$' && language is CodeLanguage.Kotlin or CodeLanguage.Java && char.IsAsciiLetter(next):
                brace = -1;
                return true;
            default:
                return false;
        }
    }

    // Behind the brace that closes it. What the text's own line does not close is no hole.
    private int EndOfHole(int brace, bool many, int depth)
    {
        var open = 0;
        for (var i = brace; i < end; i++)
        {
            var c = text[i];
            if (c == '\n' && !many) return i;
            if (c == '{') open++;
            else if (c == '}' && --open == 0) return i + 1;
            else if (c is '"' or '\'' or '`' && language != CodeLanguage.Python) i = EndOf(i, HoleOf(c, ""), isRaw: false, depth + 1, out _) - 1;
        }
        return end;
    }

    private void Triple(int from, int quote, ReadOnlySpan<char> prefix)
    {
        var mark = text.AsSpan(quote, 3).ToString();
        var hole = HoleOf(text[quote], prefix);
        var step = quote + 3;
        while (true)
        {
            var next = step < end ? text.AsSpan(step, end - step).IndexOf(mark) : -1;
            if (next < 0)
            {
                // In a part of a file, this was the end of one.
                if (text[quote] == '"') noDoubles = true;
                else noSingles = true;
                at = quote + 3;
                return;
            }
            step += next;
            if (text[step - 1] != '\\' || (step >= 2 && text[step - 2] == '\\')) break;
            step++;
        }
        var content = text.AsSpan(quote + 3, step - quote - 3);
        var holes = hole == '{' ? content.Contains('{') : hole == '$' && content.Contains('$');
        Add(CodeTokenKind.Text, from, step + 3, quote - from + 3, 3, holes);
    }

    private bool RawC(int from, int quote)
    {
        var head = text.AsSpan(quote + 1, Math.Min(18, end - quote - 1));
        var bracket = head.IndexOf('(');
        if (bracket < 0) return false;
        var mark = $"){head[..bracket]}\"";
        var step = text.AsSpan(quote, end - quote).IndexOf(mark);
        var close = step < 0 ? end : quote + step + mark.Length;
        Add(CodeTokenKind.Text, from, close, quote - from + bracket + 2, step < 0 ? 0 : mark.Length);
        return true;
    }

    private void RawRust(int from, int hash)
    {
        var hashes = 0;
        while (hash + hashes < end && text[hash + hashes] == '#' && hashes < 100) hashes++;
        if (hash + hashes >= end || text[hash + hashes] != '"')
        {
            Add(CodeTokenKind.Name, from, hash);
            return;
        }
        var mark = "\"" + new string('#', hashes);
        var step = text.AsSpan(hash + hashes + 1, end - hash - hashes - 1).IndexOf(mark);
        var close = step < 0 ? end : hash + hashes + 1 + step + mark.Length;
        Add(CodeTokenKind.Text, from, close, hash - from + hashes + 1, step < 0 ? 0 : mark.Length);
    }

    // 'x' and '\n', but not the lifetime 'a.
    private bool IsRustChar(int quote) => quote + 2 < end && (text[quote + 1] == '\\' || text[quote + 2] == '\'' || text[quote + 1] >= 0x80);

    // What a sign begins in one language only.
    private bool Special(char c)
    {
        switch (language)
        {
            case CodeLanguage.CSharp when c is '@' or '$':
                var quote = at;
                while (quote < end && text[quote] is '@' or '$') quote++;
                if (quote >= end || text[quote] != '"') return false;
                if (text.AsSpan(at, quote - at).Contains('@') && !text.AsSpan(quote, Math.Min(3, end - quote)).SequenceEqual("\"\"\"")) Verbatim(at, quote);
                else Quoted(at, quote);
                return true;
            case CodeLanguage.JavaScript or CodeLanguage.Ruby when c == '/' && IsPattern():
                return Pattern();
            case CodeLanguage.Ruby when c == '%' && Peek() is 'w' or 'i' or 'q' or 'Q' or 'x' or 'W' && Peek(2) is '[' or '(' or '{' or '|':
                var closer = Peek(2) switch { '[' => ']', '(' => ')', '{' => '}', var same => same };
                var length = text.AsSpan(at + 3, end - at - 3).IndexOf(closer);
                var to = length < 0 ? end : at + 4 + length;
                Add(CodeTokenKind.Text, at, to, 3, 1, Peek() is 'Q' or 'x' or 'W' && text.AsSpan(at, to - at).Contains("#{", StringComparison.Ordinal));
                return true;
            case CodeLanguage.Ruby or CodeLanguage.Hcl when c == '<' && Peek() == '<':
            case CodeLanguage.Php when c == '<' && Peek() == '<' && Peek(2) == '<':
                return Heredoc();
            case CodeLanguage.Php when c == '?' && Peek() == '>':
                Page(isBegin: false, isPart: false);
                return true;
            default:
                return false;
        }
    }

    private void Verbatim(int from, int quote)
    {
        var i = quote + 1;
        while (i < end && (text[i] != '"' || (i + 1 < end && text[i + 1] == '"'))) i += text[i] == '"' ? 2 : 1;
        var to = Math.Min(end, i + 1);
        var isFilled = text.AsSpan(from, quote - from).Contains('$');
        Add(CodeTokenKind.Text, from, to, quote - from + 1, 1, isFilled && text.AsSpan(quote, to - quote).Contains('{'));
    }

    // A slash divides behind a value, and begins a pattern elsewhere.
    private bool IsPattern()
    {
        if (tokens is not [.., var last]) return true;
        var word = text.AsSpan(last.Start, last.End - last.Start);
        return last.Kind switch
        {
            CodeTokenKind.Number or CodeTokenKind.Text => false,
            CodeTokenKind.Name => word is "return" or "typeof" or "case" or "in" or "of" or "delete" or "void" or "throw" or "if" or "unless" or "and" or "or" or "not" or "when" or "then" or "while" || (language == CodeLanguage.Ruby && Peek() is not (' ' or '=') && text[at - 1] == ' '),
            _ => word is not (")" or "]" or "}"),
        };
    }

    private bool Pattern()
    {
        var isClass = false;
        for (var i = at + 1; i < end && text[i] != '\n'; i++)
        {
            if (text[i] == '\\') i++;
            else if (text[i] == '[') isClass = true;
            else if (text[i] == ']') isClass = false;
            else if (text[i] == '/' && !isClass)
            {
                var to = i + 1;
                while (to < end && char.IsAsciiLetter(text[to])) to++;
                Add(CodeTokenKind.Text, at, to, 1, to - i);
                return true;
            }
        }
        return false;
    }

    private bool Heredoc()
    {
        var name = at + (language == CodeLanguage.Php ? 3 : 2);
        while (name < end && text[name] is '~' or '-' or ' ' && name - at < 6) name++;
        var quote = name < end && text[name] is '"' or '\'' ? text[name++] : '\0';
        var to = name;
        while (to < end && (char.IsAsciiLetterOrDigit(text[to]) || text[to] == '_')) to++;
        if (to == name || !(char.IsAsciiLetterUpper(text[name]) || language == CodeLanguage.Php) || noHeredocs || waiting.Count >= HeredocsMax) return false;
        waiting.Enqueue((text[name..to], quote != '\''));
        at = quote == '\0' ? to : Math.Min(end, to + 1);
        return true;
    }

    // At the beginning of the line behind the one that announced them.
    private void Heredocs()
    {
        while (waiting.TryDequeue(out var next))
        {
            var from = at;
            var isClosed = false;
            while (at < end && !isClosed)
            {
                var rest = text.AsSpan(at, end - at);
                var length = rest.IndexOf('\n');
                var line = length < 0 ? rest : rest[..length];
                var body = at;
                at = length < 0 ? end : at + length + 1;
                if (!line.TrimStart().StartsWith(next.Name, StringComparison.Ordinal)) continue;
                var after = line.TrimStart()[next.Name.Length..];
                if (!after.IsEmpty && (char.IsAsciiLetterOrDigit(after[0]) || after[0] == '_')) continue;
                var isFilled = next.HasHoles && (language == CodeLanguage.Php ? text.AsSpan(from, body - from).Contains('$') : text.AsSpan(from, body - from).Contains("#{", StringComparison.Ordinal));
                var resume = body + line.IndexOf(next.Name, StringComparison.Ordinal) + next.Name.Length;
                Add(CodeTokenKind.Text, from, body, 0, 0, isFilled);
                at = resume;
                isClosed = true;
            }
            if (isClosed) continue;
            at = from;
            noHeredocs = true;
            waiting.Clear();
        }
    }

    // On to where code begins again.
    private void Page(bool isBegin, bool isPart)
    {
        if (!isBegin) at += 2;
        var step = text.AsSpan(at, end - at).IndexOf("<?");
        // A part may begin within code.
        if (isPart && text.AsSpan(at, end - at).IndexOf("?>") is >= 0 and var closes && (step < 0 || closes < step)) return;
        // Without any tag a part is code, and a whole file is none.
        if (step < 0 && isPart) return;
        at = step < 0 ? end : at + step + 2;
        if (at + 3 <= end && text.AsSpan(at, 3).Equals("php", StringComparison.OrdinalIgnoreCase)) at += 3;
        else if (at < end && text[at] == '=') Echo();
        beginsLine = true;
    }

    // <?= is echo.
    private void Echo()
    {
        tokens.Add(new(CodeTokenKind.Name, at - 2, at + 1, BeginsLine: true));
        at++;
    }
}
