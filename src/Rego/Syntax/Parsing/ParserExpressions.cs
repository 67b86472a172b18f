// Expressions of bodies: negation, some, every, with, and the and/or operators where they are imported.
using System.Collections.Immutable;

namespace CabinCrew.Rego.Syntax.Parsing;

internal sealed partial class Parser
{
    private readonly Dictionary<int, int> matches = [];

    private bool HasLogic => tokens.IsActive(TokenKind.And) || tokens.IsActive(TokenKind.Or);

    /// <summary>The expressions up to <paramref name="end"/>, which is consumed.</summary>
    private Body? ParseBody(TokenKind end)
    {
        if (!Enter())
            return null;

        var start = Current;
        if (Kind == end)
            FailHere("found empty body");

        var expressions = ImmutableArray.CreateBuilder<Expr>();
        while (!Failed)
        {
            if (ParseLiteral() is not { } expression)
                break;
            expressions.Add(expression);
            if (Take(TokenKind.Semicolon))
                continue;
            if (Kind == end)
            {
                var body = new Body(SpanFrom(start), expressions.DrainToImmutable());
                tokens.Next();
                Leave();
                return body;
            }

            if (!Current.NewlineBefore)
                Illegal($"expected \\n or ; or {TokenKinds.NameOf(end)}");
        }

        Leave();
        return null;
    }

    private Expr? ParseLiteral()
    {
        if (!ReadAsIdentIfReference() && Kind == TokenKind.Some)
            return ParseSome();

        var start = Current;
        if (ParseLogical(isOr: true) is not var (body, form))
            return null;

        var expression = body.Expressions[0];
        if (!IsContinued(TokenKind.With))
            return expression;
        if (form == OperandForm.Group && !expression.Withs.IsEmpty)
        {
            Illegal();
            return null;
        }

        var withs = ParseWiths();
        return withs.IsEmpty ? null : Modify(expression, SpanFrom(start), withs);
    }

    private static Expr Modify(Expr expression, SourceSpan span, ImmutableArray<With> withs) => expression switch
    {
        TermExpr e => new TermExpr(span, e.Term, withs),
        UnifyExpr e => new UnifyExpr(span, e.Left, e.Right, withs),
        AssignExpr e => new AssignExpr(span, e.Left, e.Right, withs),
        SomeInExpr e => new SomeInExpr(span, e.Key, e.Value, e.Domain, withs),
        EveryExpr e => new EveryExpr(span, e.Key, e.Value, e.Domain, e.Body, withs),
        NotExpr e => new NotExpr(span, e.Body, e.Form, withs),
        LogicalExpr e => new LogicalExpr(span, e.IsOr, e.Left, e.Right, withs),
        _ => expression,
    };

    /// <summary>The modifiers from the current <c>with</c> on; empty after an error.</summary>
    private ImmutableArray<With> ParseWiths()
    {
        var withs = ImmutableArray.CreateBuilder<With>();
        while (IsContinued(TokenKind.With))
        {
            var start = Current;
            tokens.Next();
            if (Kind != TokenKind.Ident)
            {
                Illegal("expected ident");
                return [];
            }

            var target = ParseTerm();
            if (target is not (null or RefTerm or VarTerm))
                Illegal("expected with target path");
            if (Failed || !Expect(TokenKind.As, "expected as keyword") || ParseInfix(allowPair: true) is not { } value)
                return [];
            withs.Add(new With(SpanFrom(start), target!, value));
        }

        return withs.DrainToImmutable();
    }

    /// <summary>Operands joined by <c>or</c> (of such joined by <c>and</c>). A single operand comes back as it is.</summary>
    private LogicalOperand? ParseLogical(bool isOr, bool isRight = false)
    {
        var start = Current;
        var keyword = isOr ? TokenKind.Or : TokenKind.And;
        var left = isOr ? ParseLogical(isOr: false, isRight) : ParseOperand(isRight);
        for (var chain = 0; left is { } first && IsContinued(keyword); chain++)
        {
            tokens.Next();
            if (chain > options.ChainMax)
                FailTooDeep();
            if (Failed || (isOr ? ParseLogical(isOr: false, isRight: true) : ParseOperand(isRight: true)) is not { } second)
                return null;
            left = Single(new LogicalExpr(SpanFrom(start), isOr, first, second, []));
        }

        return left;
    }

    private static LogicalOperand Single(Expr expression, OperandForm form = OperandForm.Implicit) => new(new Body(expression.Span, [expression]), form);

    private LogicalOperand? ParseOperand(bool isRight)
    {
        if (!Enter())
            return null;
        LogicalOperand? operand = Kind switch
        {
            TokenKind.Not when !IsReferenceAhead() => ParseNot() is { } not ? Single(not) : null,
            TokenKind.Every when !IsReferenceAhead() => ParseEvery() is { } every ? Single(every) : null,
            TokenKind.LBrace when HasLogic && IsExplicitBody(isRight) => ParseExplicit() is { } body ? new(body, OperandForm.Explicit) : null,
            TokenKind.LParen when HasLogic => ParseGroupOrExpression(),
            _ => ParseExpression() is { } expression ? Single(expression) : null,
        };
        Leave();
        return operand;
    }

    /// <summary>A brace here opens a body, not a set or object: on the left where <c>and</c>/<c>or</c> follows, elsewhere unless an operator or another look-up follows.</summary>
    private bool IsExplicitBody(bool isRight)
    {
        var match = MatchOf(tokens.Position);
        if (match < 0)
            return isRight;
        var after = tokens.KindAt(match + 1);
        if (after is TokenKind.And or TokenKind.Or)
            return true;
        var isLookup = !tokens.At(match + 1).SpaceBefore && after is TokenKind.Dot or TokenKind.LBracket;
        return isRight && !isLookup && after is not (TokenKind.Unify or TokenKind.Assign or TokenKind.In) && !Operators.TryGet(after, out _);
    }

    /// <summary>A body in braces; its span begins at the brace.</summary>
    private Body? ParseExplicit()
    {
        var brace = SpanOf(Current);
        tokens.Next();
        return ParseBody(TokenKind.RBrace) is { } body ? new Body(brace.To(body.Span.End), body.Expressions) : null;
    }

    // A parenthesis may hold a term, which operators may follow, or else a whole expression with and, or, with.
    private LogicalOperand? ParseGroupOrExpression()
    {
        var start = tokens.Position;
        if (ParseExpression() is { } expression)
            return Single(expression);

        error = null;
        tokens.Reset(start);
        tokens.Next();
        if (ParseLiteral() is not { } inner || !Expect(TokenKind.RParen, "expected )"))
            return null;
        return Single(inner, OperandForm.Group);
    }

    private NotExpr? ParseNot()
    {
        var start = Current;
        tokens.Next();
        if (Kind is TokenKind.Some or TokenKind.Every && !IsReferenceAhead())
        {
            Illegal($"illegal negation of '{TokenKinds.NameOf(Kind)}'");
            return null;
        }

        ReadAsIdentIfReference();
        if (hasImprovedNot && Kind == TokenKind.LBrace && IsExplicitBody(isRight: true))
            return ParseExplicit() is { } body ? new NotExpr(SpanFrom(start), body, NotForm.Explicit, []) : null;

        var group = hasImprovedNot && HasLogic && Kind == TokenKind.LParen ? ParseGroupOrExpression()
            : ParseExpression() is { } expression ? Single(expression)
            : null;
        if (group is not { } operand)
            return null;
        var form = !hasImprovedNot ? NotForm.Legacy : operand.Form == OperandForm.Group ? NotForm.Group : NotForm.Implicit;
        return new NotExpr(SpanFrom(start), operand.Body, form, []);
    }

    private Expr? ParseExpression()
    {
        var start = Current;
        if (ParseInfix(allowPair: true) is not { } left)
            return null;
        var kind = Kind;
        if (kind is TokenKind.Unify or TokenKind.Assign)
        {
            tokens.Next();
            if (ParseInfix(allowPair: true) is not { } right)
                return null;
            return kind == TokenKind.Unify ? new UnifyExpr(SpanFrom(start), left, right, []) : new AssignExpr(SpanFrom(start), left, right, []);
        }

        return left is CallTerm { Symbol: null, Operator: { Head: VarTerm name, Path.IsEmpty: true }, Arguments: [var a, var b] } && name.Name is "eq" or "assign"
            ? name.Name == "eq" ? new UnifyExpr(SpanFrom(start), a, b, []) : new AssignExpr(SpanFrom(start), a, b, [])
            : new TermExpr(SpanFrom(start), left, []);
    }

    private Expr? ParseSome()
    {
        var start = Current;
        tokens.Next();
        var mark = tokens.Position;
        if (ParseInfix(allowPair: true) is CallTerm call)
            return ParseSomeIn(start, call);

        error = null;
        tokens.Reset(mark);
        var variables = ImmutableArray.CreateBuilder<VarTerm>();
        do
        {
            if (Kind != TokenKind.Ident)
            {
                Illegal("expected var");
                return null;
            }

            variables.Add(ParseVar());
        }
        while (Take(TokenKind.Comma));

        if (Kind == TokenKind.Ident && Current.Word == TokenKind.In)
            hints.Add("`import future.keywords.in` for `some x in xs` expressions");
        return new SomeExpr(SpanFrom(start), variables.DrainToImmutable());
    }

    private SomeInExpr? ParseSomeIn(Token start, CallTerm call)
    {
        if (call.Symbol != Operators.In)
        {
            Illegal("expected `x in xs` or `x, y in xs` expression");
            return null;
        }

        var withs = ParseWiths();
        var key = call.Arguments.Length == 3 ? call.Arguments[0] : null;
        return Failed ? null : new SomeInExpr(SpanFrom(start), key, call.Arguments[^2], call.Arguments[^1], withs);
    }

    private EveryExpr? ParseEvery()
    {
        var start = Current;
        tokens.Next();
        if (ParseInfix(allowPair: true) is not { } term)
            return null;
        if (term is not CallTerm { Symbol: Operators.In } call)
        {
            Illegal("expected `x[, y] in xs { ... }` expression");
            return null;
        }

        var key = call.Arguments.Length == 3 ? call.Arguments[0] : null;
        if (key is not (null or VarTerm))
            Illegal("expected key to be a variable");
        if (call.Arguments[^2] is not VarTerm value)
        {
            Illegal("expected value to be a variable");
            return null;
        }

        if (Failed || !Expect(TokenKind.LBrace, "missing body") || ParseBody(TokenKind.RBrace) is not { } body)
            return null;
        return new EveryExpr(SpanFrom(start), (VarTerm?)key, value, call.Arguments[^1], body, []);
    }

    /// <summary>The number of the token that closes the bracket at <paramref name="open"/>, or -1. Each bracket is looked at once.</summary>
    private int MatchOf(int open)
    {
        if (matches.TryGetValue(open, out var known))
            return known;

        var unmatched = new List<int>();
        for (var number = open; ; number++)
        {
            var kind = tokens.At(number).Kind;
            if (kind is TokenKind.LBrace or TokenKind.LBracket or TokenKind.LParen)
                unmatched.Add(number);
            else if (kind is TokenKind.RBrace or TokenKind.RBracket or TokenKind.RParen)
            {
                matches[unmatched[^1]] = number;
                unmatched.RemoveAt(unmatched.Count - 1);
            }
            else if (kind is TokenKind.End or TokenKind.Illegal)
                break;
            if (unmatched.Count == 0)
                return matches[open];
        }

        foreach (var number in unmatched)
            matches[number] = -1;
        return -1;
    }
}
