// Infix operators: what they are called, which built-in they call and how tightly they bind.
namespace CabinCrew.Rego.Syntax.Parsing;

/// <summary>An infix operator. <see cref="Binding"/> grows with tightness: relations 1, <c>|</c> 2, <c>&amp;</c> 3, sums 4, products 5; <c>in</c> (0) is parsed apart.</summary>
internal readonly record struct Infix(string Symbol, string Function, int Binding);

internal static class Operators
{
    public const int Relation = 1;
    public const string In = "in";
    public const string Member2 = "internal.member_2";
    public const string Member3 = "internal.member_3";

    public static bool TryGet(TokenKind kind, out Infix infix)
    {
        infix = kind switch
        {
            TokenKind.Equal => new("==", "equal", Relation),
            TokenKind.NotEqual => new("!=", "neq", Relation),
            TokenKind.Less => new("<", "lt", Relation),
            TokenKind.Greater => new(">", "gt", Relation),
            TokenKind.LessEqual => new("<=", "lte", Relation),
            TokenKind.GreaterEqual => new(">=", "gte", Relation),
            TokenKind.Pipe => new("|", "or", 2),
            TokenKind.Ampersand => new("&", "and", 3),
            TokenKind.Plus => new("+", "plus", 4),
            TokenKind.Minus => new("-", "minus", 4),
            TokenKind.Star => new("*", "mul", 5),
            TokenKind.Slash => new("/", "div", 5),
            TokenKind.Percent => new("%", "rem", 5),
            _ => default,
        };
        return infix.Symbol is not null;
    }

    /// <summary>How tightly an operator binds, by the sign it is written with.</summary>
    public static int BindingOf(string symbol) => symbol switch
    {
        "*" or "/" or "%" => 5,
        "+" or "-" => 4,
        "&" => 3,
        "|" => 2,
        In => 0,
        _ => Relation,
    };
}
