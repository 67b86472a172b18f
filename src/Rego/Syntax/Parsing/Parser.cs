// Reads policies by recursive descent. Bounded: depth and chain lengths are limited, a bracket that was tried once is remembered, so time is linear in the text.
// The first error ends the parse. Where the grammar is ambiguous the parser tries one reading, resets and tries the other.
using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace CabinCrew.Rego.Syntax.Parsing;

internal sealed partial class Parser
{
    public const string ParseError = "rego_parse_error";

    private readonly SourceText source;
    private readonly ParseOptions options;
    private readonly Lexer lexer;
    private readonly TokenStream tokens;
    private readonly Dictionary<int, Tried> tried = [];
    private readonly List<string> hints = [];
    private RegoError? error;
    private int depth;
    private int wildcards;

    /// <summary>What reading a bracketed term at some token came to.</summary>
    private sealed record Tried(Term? Term, int Position, RegoError? Error);

    public Parser(SourceText source, ParseOptions options)
    {
        this.source = source;
        this.options = options;
        lexer = new Lexer(source);
        tokens = new TokenStream(lexer);
        if (options.Version == RegoVersion.V1)
            ActivateStandardKeywords();
        foreach (var keyword in options.FutureKeywords)
            ActivateFutureKeyword(keyword);
    }

    private ref readonly Token Current => ref tokens.Current;

    private TokenKind Kind => tokens.Kind;

    private bool Failed => error is not null;

    /// <summary>The current token stands directly behind the one before it.</summary>
    private bool IsAdjacent => !Current.SpaceBefore;

    private SourceSpan SpanOf(Token token) => new(source, token.Offset, token.Length, token.Row, token.Column);

    /// <summary>From a token to the last one consumed.</summary>
    private SourceSpan SpanFrom(Token start) => SpanOf(start).To(tokens.PreviousEnd);

    private SourceSpan SpanFrom(Node start) => start.Span.To(tokens.PreviousEnd);

    private bool Take(TokenKind kind)
    {
        if (Kind != kind)
            return false;
        tokens.Next();
        return true;
    }

    /// <summary>The keyword continues what was read: it does not start a reference (<c>with.foo</c>) on a new line.</summary>
    private bool IsContinued(TokenKind keyword) => Kind == keyword && !(Current.NewlineBefore && IsReferenceAhead());

    private void Fail(SourceSpan span, string message)
    {
        if (hints.Count > 0)
            message += (hints.Count == 1 ? " (hint: " : " (hints: ") + string.Join(", ", hints) + ")";
        hints.Clear();
        error ??= span.Error(ParseError, message);
    }

    private void FailHere(string message) => Fail(SpanOf(Current), message);

    /// <summary>The current token cannot stand here.</summary>
    private void Illegal(string note = "")
    {
        if (Kind == TokenKind.Illegal)
        {
            FailHere(tokens.Problem ?? "illegal token");
            return;
        }

        var what = $"unexpected {TokenKinds.NameOf(Kind)} {(TokenKinds.IsKeyword(Kind) ? "keyword" : "token")}";
        FailHere(note.Length == 0 ? what : $"{what}: {note}");
    }

    private bool Expect(TokenKind kind, string note)
    {
        if (Take(kind))
            return true;
        Illegal(note);
        return false;
    }

    private bool Enter()
    {
        if (++depth <= options.DepthMax && RuntimeHelpers.TryEnsureSufficientExecutionStack())
            return true;
        Leave();
        FailTooDeep();
        return false;
    }

    private void Leave() => depth--;

    private void FailTooDeep() => FailHere("max parsing recursion depth exceeded");

    private bool CheckLength()
    {
        if (source.Text.Length <= options.TextCharsMax)
            return true;
        error = new RegoError(ParseError, $"text too long: {source.Text.Length} characters, at most {options.TextCharsMax} are read", new(source.Name, 1, 1));
        return false;
    }

    private void StartStatement()
    {
        tried.Clear();
        matches.Clear();
        hints.Clear();
        tokens.Forget();
    }

    public RegoResult<RegoQuery> ParseQuery()
    {
        if (!CheckLength())
            return RegoResult<RegoQuery>.Failed(error!);

        var start = Current;
        var expressions = ImmutableArray.CreateBuilder<Expr>();
        do
        {
            StartStatement();
            if (ParseLiteral() is not { } expression)
                return RegoResult<RegoQuery>.Failed(error!);
            expressions.Add(expression);
        }
        while (Take(TokenKind.Semicolon) || Kind != TokenKind.End);

        return new RegoQuery(source, new Body(SpanFrom(start), expressions.DrainToImmutable()));
    }
}
