// Cuts policy text into tokens, one at a time. Invariant: each character is looked at a bounded number of times; after the first illegal token there is only End.
// Template strings nest: each open one remembers how many braces its current expression has open.
using System.Globalization;

namespace CabinCrew.Rego.Syntax.Parsing;

internal sealed class Lexer(SourceText source)
{
    private readonly string text = source.Text;
    private readonly Stack<OpenTemplate> templates = [];
    private readonly List<Comment> comments = [];
    private int position = source.Text.StartsWith('\uFEFF') ? 1 : 0;
    private int row = 1;
    private int lineStart = source.Text.StartsWith('\uFEFF') ? 1 : 0;
    private int lowSurrogates;

    private sealed class OpenTemplate(bool isRaw)
    {
        public readonly bool IsRaw = isRaw;
        public int Braces;
    }

    /// <summary>What was wrong with the illegal token.</summary>
    public string? Problem { get; private set; }

    public IReadOnlyList<Comment> Comments => comments;

    public Token Next()
    {
        var (space, newline) = SkipBlanks();
        var start = position;
        var (startRow, startColumn) = (row, ColumnOf(start));
        var raw = false;
        var kind = Problem is not null || start >= text.Length ? TokenKind.End : Scan(text[start], ref raw);
        if (Problem is not null && kind != TokenKind.End)
            kind = TokenKind.Illegal;

        var word = kind == TokenKind.Ident ? TokenKinds.KeywordOf(text.AsSpan(start, position - start)) : TokenKind.Ident;
        return new(kind, word, space, newline, raw, start, position - start, startRow, startColumn);
    }

    private int ColumnOf(int offset) => offset - lineStart - lowSurrogates + 1;

    private (bool Space, bool Newline) SkipBlanks()
    {
        var (start, newline) = (position, false);
        for (; position < text.Length; position++)
        {
            switch (text[position])
            {
                case ' ' or '\t' or '\r':
                    break;
                case '\n':
                    newline = true;
                    NewLine();
                    break;
                case '#' when Problem is null:
                    SkipComment();
                    position--;
                    break;
                default:
                    return (position > start, newline);
            }
        }

        return (position > start, newline);
    }

    private void NewLine()
    {
        row++;
        lineStart = position + 1;
        lowSurrogates = 0;
    }

    private void SkipComment()
    {
        var (start, column) = (position, ColumnOf(position));
        var end = text.IndexOf('\n', start);
        if (end < 0)
            end = text.Length;
        for (; position < end; position++)
            Check(text[position]);
        if (end > start + 1 && text[end - 1] == '\r')
            end--;
        comments.Add(new Comment(new SourceSpan(source, start, end - start, row, column), text[(start + 1)..end]));
    }

    // Characters that no policy may hold, wherever they stand.
    private void Check(char character)
    {
        if (character == '\0')
            Problem ??= "illegal null character";
        else if (character == '\uFEFF')
            Problem ??= "illegal byte-order mark";
        else if (char.IsLowSurrogate(character))
        {
            lowSurrogates++;
            if (position == 0 || !char.IsHighSurrogate(text[position - 1]))
                Problem ??= "illegal utf-8 character";
        }
        else if (char.IsHighSurrogate(character) && (position + 1 >= text.Length || !char.IsLowSurrogate(text[position + 1])))
            Problem ??= "illegal utf-8 character";
    }

    private bool Take(char wanted)
    {
        if (position >= text.Length || text[position] != wanted)
            return false;
        position++;
        return true;
    }

    private TokenKind Scan(char first, ref bool raw)
    {
        if (IsLetter(first))
            return ScanWord();
        if (char.IsAsciiDigit(first))
            return ScanNumber();

        position++;
        switch (first)
        {
            case '"':
                return ScanString();
            case '`':
                raw = true;
                return ScanRawString();
            case '$':
                raw = Take('`');
                if (raw || Take('"'))
                    return ScanTemplate(raw);
                Problem ??= "illegal $ character";
                return TokenKind.Illegal;
            case '{':
                if (templates.TryPeek(out var outer))
                    outer.Braces++;
                return TokenKind.LBrace;
            case '}' when templates.TryPeek(out var template):
                if (template.Braces-- > 0)
                    return TokenKind.RBrace;
                templates.Pop();
                raw = template.IsRaw;
                return ScanTemplate(raw);
            default:
                return ScanSign(first);
        }
    }

    private TokenKind ScanSign(char first)
    {
        switch (first)
        {
            case '[': return TokenKind.LBracket;
            case ']': return TokenKind.RBracket;
            case '}': return TokenKind.RBrace;
            case '(': return TokenKind.LParen;
            case ')': return TokenKind.RParen;
            case ',': return TokenKind.Comma;
            case ';': return TokenKind.Semicolon;
            case '.': return TokenKind.Dot;
            case '+': return TokenKind.Plus;
            case '-': return TokenKind.Minus;
            case '*': return TokenKind.Star;
            case '/': return TokenKind.Slash;
            case '%': return TokenKind.Percent;
            case '&': return TokenKind.Ampersand;
            case '|': return TokenKind.Pipe;
            case ':': return Take('=') ? TokenKind.Assign : TokenKind.Colon;
            case '=': return Take('=') ? TokenKind.Equal : TokenKind.Unify;
            case '<': return Take('=') ? TokenKind.LessEqual : TokenKind.Less;
            case '>': return Take('=') ? TokenKind.GreaterEqual : TokenKind.Greater;
            case '!' when Take('='): return TokenKind.NotEqual;
        }

        position--;
        Check(first);
        Problem ??= first == '!' ? "illegal ! character" : "illegal token";
        position++;
        return TokenKind.Illegal;
    }

    private static bool IsLetter(char character) => char.IsAsciiLetter(character) || character == '_';

    private static bool IsWordPart(char character) => IsLetter(character) || char.IsAsciiDigit(character) ||
        (character > '\x7f' && char.GetUnicodeCategory(character) == UnicodeCategory.DecimalDigitNumber);

    private TokenKind ScanWord()
    {
        while (position < text.Length && IsWordPart(text[position]))
            position++;
        return TokenKind.Ident;
    }

    private bool SkipDigits()
    {
        var start = position;
        while (position < text.Length && char.IsAsciiDigit(text[position]))
            position++;
        return position > start;
    }

    private TokenKind ScanNumber()
    {
        SkipDigits();
        if (Take('.') && !SkipDigits())
            Problem ??= "expected fraction";
        if (Take('e') || Take('E'))
        {
            if (!Take('+'))
                Take('-');
            if (!SkipDigits())
                Problem ??= "expected exponent";
        }

        if (position < text.Length && IsLetter(text[position]))
        {
            Problem ??= "illegal number format";
            ScanWord();
        }

        return TokenKind.Number;
    }

    private TokenKind ScanString()
    {
        while (!AtLineEnd())
        {
            var character = Consume();
            if (character == '"')
                return TokenKind.String;
            if (character == '\\')
                ScanEscape(inTemplate: false);
        }

        Problem ??= "non-terminated string";
        return TokenKind.Illegal;
    }

    private TokenKind ScanRawString()
    {
        while (position < text.Length)
        {
            if (Consume() == '`')
                return TokenKind.RawString;
        }

        Problem ??= "non-terminated string";
        return TokenKind.Illegal;
    }

    private TokenKind ScanTemplate(bool isRaw)
    {
        var quote = isRaw ? '`' : '"';
        while (isRaw ? position < text.Length : !AtLineEnd())
        {
            var character = Consume();
            if (character == quote)
                return TokenKind.TemplateEnd;
            if (character == '{')
            {
                templates.Push(new OpenTemplate(isRaw));
                return TokenKind.TemplatePart;
            }

            if (character == '\\' && isRaw)
                Take('{');
            else if (character == '\\')
                ScanEscape(inTemplate: true);
        }

        Problem ??= "non-terminated string";
        return TokenKind.Illegal;
    }

    private bool AtLineEnd() => position >= text.Length || text[position] == '\n';

    private char Consume()
    {
        var character = text[position];
        Check(character);
        if (character == '\n')
            NewLine();
        position++;
        return character;
    }

    private void ScanEscape(bool inTemplate)
    {
        if (position >= text.Length)
            return;
        if (text[position] is '\\' or '"' or '/' or 'b' or 'f' or 'n' or 'r' or 't' or 'u' || (inTemplate && text[position] == '{'))
            position++;
        else
            Problem ??= "illegal escape sequence";
    }
}
