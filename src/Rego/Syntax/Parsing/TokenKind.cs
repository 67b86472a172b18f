// The tokens of the language and the names that errors give them (OPA's, so that "unexpected eq token" reads the same everywhere).
namespace CabinCrew.Rego.Syntax.Parsing;

/// <summary>What a token is. Words are <see cref="Ident"/> to the lexer; the parser knows which keywords are in force.</summary>
internal enum TokenKind : byte
{
    End,
    Illegal,
    Ident,
    Number,
    String,
    RawString,

    /// <summary>Template text up to the <c>{</c> of an expression.</summary>
    TemplatePart,

    /// <summary>Template text up to the closing quote.</summary>
    TemplateEnd,
    LBracket,
    RBracket,
    LBrace,
    RBrace,
    LParen,
    RParen,
    Comma,
    Colon,
    Dot,
    Semicolon,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Ampersand,
    Pipe,
    Unify,
    Assign,
    Equal,
    NotEqual,
    Less,
    Greater,
    LessEqual,
    GreaterEqual,

    // Keywords. Those from In on are keywords only where the version or an import says so.
    Package,
    Import,
    As,
    Default,
    Else,
    Not,
    Some,
    With,
    Null,
    True,
    False,
    In,
    Every,
    Contains,
    If,
    And,
    Or,
}

internal static class TokenKinds
{
    /// <summary>The keyword that a word would be, or <see cref="TokenKind.Ident"/>.</summary>
    public static TokenKind KeywordOf(ReadOnlySpan<char> word) => word switch
    {
        "package" => TokenKind.Package,
        "import" => TokenKind.Import,
        "as" => TokenKind.As,
        "default" => TokenKind.Default,
        "else" => TokenKind.Else,
        "not" => TokenKind.Not,
        "some" => TokenKind.Some,
        "with" => TokenKind.With,
        "null" => TokenKind.Null,
        "true" => TokenKind.True,
        "false" => TokenKind.False,
        "in" => TokenKind.In,
        "every" => TokenKind.Every,
        "contains" => TokenKind.Contains,
        "if" => TokenKind.If,
        "and" => TokenKind.And,
        "or" => TokenKind.Or,
        _ => TokenKind.Ident,
    };

    public static bool IsKeyword(TokenKind kind) => kind >= TokenKind.Package;

    /// <summary>The token's name in messages.</summary>
    public static string NameOf(TokenKind kind) => kind switch
    {
        TokenKind.End => "eof",
        TokenKind.Illegal => "illegal",
        TokenKind.Ident => "identifier",
        TokenKind.Number => "number",
        TokenKind.String or TokenKind.RawString => "string",
        TokenKind.TemplatePart => "template-string-part",
        TokenKind.TemplateEnd => "template-string-end",
        TokenKind.LBracket => "[",
        TokenKind.RBracket => "]",
        TokenKind.LBrace => "{",
        TokenKind.RBrace => "}",
        TokenKind.LParen => "(",
        TokenKind.RParen => ")",
        TokenKind.Comma => ",",
        TokenKind.Colon => ":",
        TokenKind.Dot => ".",
        TokenKind.Semicolon => ";",
        TokenKind.Unify => "eq",
        TokenKind.Assign => "assign",
        _ when Operators.TryGet(kind, out var infix) => infix.Function,
        _ => kind.ToString().ToLowerInvariant(),
    };
}
