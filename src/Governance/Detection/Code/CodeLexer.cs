// Cuts code into tokens: knows comments, texts with what is filled into them, and brackets, and nothing of grammar. One pass; what nobody closes ends where its line or the code ends.
namespace CabinCrew.Governance.Detection.Code;

/// <param name="tokens">Empty; what is found is put there.</param>
internal sealed partial class CodeLexer(string text, int start, int end, CodeLanguage language, List<CodeToken> tokens)
{
    private const int OpenMax = 4096;

    private static readonly System.Buffers.SearchValues<char> PythonPrefixes = System.Buffers.SearchValues.Create("fFrRbBuUtT");

    private readonly List<int> open = [];
    private int at = start;
    private bool beginsLine = true;

    private bool IsHashComment => language is CodeLanguage.Python or CodeLanguage.Ruby or CodeLanguage.Php or CodeLanguage.Hcl;

    private bool IsSlashComment => language is not (CodeLanguage.Python or CodeLanguage.Ruby);

    private bool IsDollarName => language is CodeLanguage.JavaScript or CodeLanguage.Php or CodeLanguage.Java;

    /// <param name="isPart">Code may begin in the middle of anything.</param>
    public void Run(bool isPart)
    {
        if (language == CodeLanguage.Php) Page(isBegin: true, isPart);
        else if (isPart && IsSlashComment && IsInComment()) at += text.AsSpan(at, end - at).IndexOf("*/") + 2;
        while (at < end) Next();
    }

    private bool IsInComment()
    {
        var rest = text.AsSpan(at, end - at);
        return rest.IndexOf("*/") is >= 0 and var closes && rest[..closes].IndexOf("/*") < 0 && rest[..closes].IndexOfAny('"', '\'', '`') < 0;
    }

    private void Next()
    {
        var c = text[at];
        if (c is ' ' or '\t' or '\r')
        {
            at++;
        }
        else if (c == '\n')
        {
            at++;
            beginsLine = true;
            if (waiting.Count > 0) Heredocs();
        }
        else if (char.IsAsciiLetter(c) || c == '_' || c >= 0x80 || (c == '$' && IsDollarName))
        {
            Word();
        }
        else if (char.IsAsciiDigit(c))
        {
            Number();
        }
        else if (c is '"' or '\'' or '`')
        {
            Quoted(at, at);
        }
        else if (!Comment(c) && !Special(c))
        {
            Sign();
        }
    }

    private char Peek(int ahead = 1) => at + ahead < end ? text[at + ahead] : '\0';

    private void Add(CodeTokenKind kind, int from, int to, int opened = 0, int closed = 0, bool holes = false)
    {
        tokens.Add(new(kind, from, to, (byte)Math.Min(opened, 255), (byte)Math.Min(closed, 255), holes, beginsLine));
        beginsLine = false;
        at = to;
    }

    private void Word()
    {
        var to = at + 1;
        while (to < end && (char.IsAsciiLetterOrDigit(text[to]) || text[to] == '_' || text[to] >= 0x80 || (text[to] == '$' && IsDollarName))) to++;
        // f"...", rb'...', R"(...)", s"...", b'x', @ and $ are signs elsewhere.
        if (to < end && to - at <= 3 && text[to] is '"' or '\'' && IsPrefix(text.AsSpan(at, to - at))) Quoted(at, to);
        else if (language == CodeLanguage.Rust && to < end && text[to] is '#' or '"' && text.AsSpan(at, to - at) is "r" or "br") RawRust(at, to);
        else Add(CodeTokenKind.Name, at, to);
    }

    private bool IsPrefix(ReadOnlySpan<char> word) => language switch
    {
        CodeLanguage.Python => !word.ContainsAnyExcept(PythonPrefixes),
        CodeLanguage.C => word is "R" or "L" or "u" or "U" or "u8" or "LR" or "u8R",
        CodeLanguage.Rust => word is "b" or "c",
        CodeLanguage.Java => word is "s" or "f" or "raw",
        _ => false,
    };

    private void Number()
    {
        var to = at + 1;
        while (to < end && (char.IsAsciiLetterOrDigit(text[to]) || text[to] is '_' or '.' || (text[to] == '\'' && language == CodeLanguage.C && to + 1 < end && char.IsAsciiDigit(text[to + 1]))))
        {
            // 0..n, 1.to_s
            if (text[to] == '.' && (to + 1 >= end || !char.IsAsciiDigit(text[to + 1]))) break;
            to++;
        }
        Add(CodeTokenKind.Number, at, to);
    }

    // Whether one begins here; it is passed over.
    private bool Comment(char c)
    {
        if (c == '#' && IsHashComment && !(language == CodeLanguage.Php && Peek() == '[')) return Line();
        if (c == '=' && language == CodeLanguage.Ruby && beginsLine && text.AsSpan(at, end - at).StartsWith("=begin")) return Until("\n=end", 5);
        if (c != '/' || !IsSlashComment) return false;
        return Peek() switch { '/' => Line(), '*' => Block(), _ => false };
    }

    private bool Line()
    {
        var rest = text.AsSpan(at, end - at);
        var length = rest.IndexOf('\n');
        if (length < 0) length = rest.Length;
        // A page begins in the middle of a comment too.
        if (language == CodeLanguage.Php && rest[..length].IndexOf("?>") is >= 0 and var page) length = page;
        at += length;
        return true;
    }

    private bool Block()
    {
        if (language is CodeLanguage.Rust or CodeLanguage.Kotlin)
        {
            var depth = 1;
            for (at += 2; at < end && depth > 0; at++)
            {
                if (text[at] == '*' && Peek() == '/') (depth, at) = (depth - 1, at + 1);
                else if (text[at] == '/' && Peek() == '*') (depth, at) = (depth + 1, at + 1);
            }
            return true;
        }
        at += 2;
        return Until("*/", 2);
    }

    private bool Until(string mark, int length)
    {
        var step = text.AsSpan(at, end - at).IndexOf(mark);
        at = step < 0 ? end : at + step + length;
        return true;
    }

    private void Sign()
    {
        var two = (text[at], Peek());
        var length = two is ('=', '>') or ('-', '>') or (':', ':') or (':', '=') or ('=', '=') or ('!', '=') or ('+', '=') or ('?', '.') or ('<', '<') or ('|', '|') or ('&', '&') or ('<', '=') or ('>', '=') or ('.', '=') or ('|', '>') or ('?', '?') ? 2 : 1;
        if (length == 2 && two is ('=', '=') or ('!', '=') && Peek(2) == '=') length = 3;
        var c = text[at];
        Add(CodeTokenKind.Sign, at, at + length);
        if (length != 1) return;
        if (c is '(' or '[' or '{')
        {
            if (open.Count < OpenMax) open.Add(tokens.Count - 1);
        }
        else if (c is ')' or ']' or '}' && open.Count > 0)
        {
            Close(c == ')' ? '(' : c == ']' ? '[' : '{');
        }
    }

    // What was opened in between and never closed has no other half.
    private void Close(char opener)
    {
        for (var i = open.Count - 1; i >= Math.Max(0, open.Count - 8); i--)
        {
            if (text[tokens[open[i]].Start] != opener) continue;
            var span = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(tokens);
            (span[open[i]].Match, span[^1].Match) = (span.Length - 1, open[i]);
            open.RemoveRange(i, open.Count - i);
            return;
        }
    }
}
