// The parser's view of the tokens: looks ahead and goes back within one statement, and knows which keywords are in force.
namespace CabinCrew.Rego.Syntax.Parsing;

/// <summary>Tokens by absolute number. Those of finished statements are forgotten, so memory follows the longest statement.</summary>
internal sealed class TokenStream
{
    private readonly Lexer lexer;
    // An array of our own: lists of own structs are compiled anew at every start.
    private Token[] buffer = new Token[64];
    private int count;
    private uint keywords;
    private int first;
    private int identAt = -1;

    public TokenStream(Lexer lexer)
    {
        this.lexer = lexer;
        for (var kind = TokenKind.Package; kind < TokenKind.In; kind++)
            Activate(kind);
    }

    /// <summary>The number of the current token; assign to go back (or on) to another.</summary>
    public int Position { get; set; }

    /// <summary>The offset behind the token before the current one.</summary>
    public int PreviousEnd { get; private set; }

    public ref readonly Token Current => ref At(Position);

    /// <summary>The current token as the keywords in force read it.</summary>
    public TokenKind Kind => KindAt(Position);

    public string? Problem => lexer.Problem;

    /// <summary>The token until the next one is read.</summary>
    public ref readonly Token At(int number)
    {
        while (number - first >= count)
            Read();
        return ref buffer[number - first];
    }

    private void Read()
    {
        if (count == buffer.Length)
        {
            var larger = new Token[count * 2];
            Array.Copy(buffer, larger, count);
            buffer = larger;
        }

        buffer[count++] = lexer.Next();
    }

    public TokenKind KindAt(int number)
    {
        ref readonly var token = ref At(number);
        return token.Kind == TokenKind.Ident && number != identAt && IsActive(token.Word) ? token.Word : token.Kind;
    }

    public void Next()
    {
        PreviousEnd = Current.End;
        Position++;
    }

    public void Reset(int position)
    {
        Position = position;
        PreviousEnd = position > first ? At(position - 1).End : PreviousEnd;
    }

    /// <summary>A statement is finished: what lies before the current token will not be asked for again.</summary>
    public void Forget()
    {
        count -= Position - first;
        Array.Copy(buffer, Position - first, buffer, 0, count);
        first = Position;
    }

    /// <summary>Reads the current token as a plain name, whatever keyword it is.</summary>
    public void ReadAsIdent() => identAt = Position;

    public bool IsActive(TokenKind keyword) => TokenKinds.IsKeyword(keyword) && (keywords & (1u << (keyword - TokenKind.Package))) != 0;

    public void Activate(TokenKind keyword) => keywords |= 1u << (keyword - TokenKind.Package);
}
