// Terms: scalars, names, references, calls, infix operators.
using System.Collections.Immutable;
using System.Globalization;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Syntax.Parsing;

internal sealed partial class Parser
{
    /// <summary>A term with infix operators. With <paramref name="allowPair"/>, <c>k, v in xs</c> is read too. <paramref name="left"/> is what was read of it already.</summary>
    private Term? ParseInfix(bool allowPair, Term? left = null)
    {
        if (!Enter())
            return null;
        left = ParseBinary(Operators.Relation, left);
        if (left is not null && allowPair && Kind == TokenKind.Comma)
            left = ParsePairIn(left);

        for (var chain = 0; left is not null && IsContinued(TokenKind.In); chain++)
        {
            var operation = Current;
            tokens.Next();
            var right = ParseBinary(Operators.Relation);
            if (chain > options.ChainMax)
                FailTooDeep();
            left = right is null || Failed ? null : Membership(operation, [left, right]);
        }

        Leave();
        return left;
    }

    private CallTerm Membership(Token operation, ImmutableArray<Term> arguments)
    {
        var span = SpanOf(operation);
        var function = new RefTerm(span, new VarTerm(span, "internal"), [new ScalarTerm(span, new StringValue(arguments.Length == 2 ? "member_2" : "member_3"))]);
        return new CallTerm(SpanFrom(arguments[0]), function, arguments, Operators.In);
    }

    private Term ParsePairIn(Term key)
    {
        var mark = tokens.Position;
        tokens.Next();
        if (ParseBinary(Operators.Relation) is { } value && Kind == TokenKind.In)
        {
            var operation = Current;
            tokens.Next();
            if (ParseBinary(Operators.Relation) is { } domain)
                return Membership(operation, [key, value, domain]);
        }

        error = null;
        tokens.Reset(mark);
        return key;
    }

    private Term? ParseBinary(int binding, Term? left = null)
    {
        left ??= ParseTerm();
        for (var chain = 0; left is not null && Operators.TryGet(Kind, out var infix) && infix.Binding >= binding; chain++)
        {
            var span = SpanOf(Current);
            tokens.Next();
            if (chain > options.ChainMax)
                FailTooDeep();
            if (Failed || ParseBinary(infix.Binding + 1) is not { } right)
                return null;
            left = new CallTerm(SpanFrom(left), new RefTerm(span, new VarTerm(span, infix.Function), []), [left, right], infix.Symbol);
        }

        return left;
    }

    /// <summary>A term without infix operators. What a bracket came to is remembered, since it may be read twice.</summary>
    private Term? ParseTerm()
    {
        if (Kind is not (TokenKind.LBracket or TokenKind.LBrace or TokenKind.LParen))
            return ParseTermOnce();

        var start = tokens.Position;
        if (tried.TryGetValue(start, out var known))
        {
            tokens.Reset(known.Position);
            error ??= known.Error;
            return known.Term;
        }

        var term = ParseTermOnce();
        tried[start] = new(term, tokens.Position, error);
        return term;
    }

    private Term? ParseTermOnce()
    {
        if (!Enter())
            return null;
        var term = Kind switch
        {
            TokenKind.Null => Scalar(NullValue.Instance),
            TokenKind.True => Scalar(BooleanValue.True),
            TokenKind.False => Scalar(BooleanValue.False),
            TokenKind.Minus or TokenKind.Dot or TokenKind.Number => ParseNumber(),
            TokenKind.String => ParseString(),
            TokenKind.RawString => ParseRawString(),
            TokenKind.TemplatePart or TokenKind.TemplateEnd => ParseTemplate(),
            TokenKind.Ident or TokenKind.Contains => ParseVar(),
            TokenKind.And or TokenKind.Or when tokens.At(tokens.Position + 1) is { SpaceBefore: false, Kind: TokenKind.LParen } => ParseVar(),
            TokenKind.LBracket => ParseArray(),
            TokenKind.LBrace => ParseSetOrObject(),
            TokenKind.LParen => ParseParenthesis(),
            _ => null,
        };

        if (term is null)
            Illegal();
        else if (IsAdjacent && Kind is TokenKind.LParen or TokenKind.Dot or TokenKind.LBracket)
            term = ParseReference(term);
        else if (term is VarTerm { Name: "input" or "data" })
            term = new RefTerm(term.Span, term, []);
        Leave();
        return Failed ? null : term;
    }

    private ScalarTerm Scalar(Value value, bool isRaw = false)
    {
        var span = SpanOf(Current);
        tokens.Next();
        return new ScalarTerm(span, value, isRaw);
    }

    private VarTerm ParseVar()
    {
        var span = SpanOf(Current);
        tokens.Next();
        return new VarTerm(span, span.Length == 1 && span.Text == "_" ? "$" + wildcards++.ToString(CultureInfo.InvariantCulture) : span.Text);
    }

    private Term? ParseParenthesis()
    {
        tokens.Next();
        if (ParseInfix(allowPair: true) is not { } term)
            return null;
        if (Take(TokenKind.RParen))
            return term;
        if (Kind == TokenKind.Illegal)
            Illegal();
        FailHere("non-terminated expression");
        return null;
    }

    /// <summary>What follows a head directly: <c>.name</c>, <c>[term]</c>, <c>(arguments)</c>.</summary>
    private Term? ParseReference(Term head)
    {
        if (head is ScalarTerm or RefTerm or TemplateTerm)
        {
            Fail(head.Span, $"illegal ref (head cannot be {TermNames.Of(head)})");
            return null;
        }

        return ContinueReference(head, ImmutableArray.CreateBuilder<Term>());
    }

    private Term? ContinueReference(Term head, ImmutableArray<Term>.Builder path)
    {
        if (!Enter())
            return null;
        Term? term = null;
        while (!Failed && term is null)
        {
            if (IsAdjacent && Kind == TokenKind.LParen)
                term = ParseCall(head, path.DrainToImmutable());
            else if (!IsAdjacent || !ParseStep(path))
                term = new RefTerm(SpanFrom(head), head, path.DrainToImmutable());
            else if (path.Count > options.ChainMax)
                FailTooDeep();
        }

        if (term is CallTerm or SetTerm && IsAdjacent && Kind is TokenKind.Dot or TokenKind.LBracket)
            term = ParseReference(term);
        Leave();
        return Failed ? null : term;
    }

    /// <summary>One <c>.name</c> or <c>[term]</c>; false where neither follows.</summary>
    private bool ParseStep(ImmutableArray<Term>.Builder path)
    {
        if (Take(TokenKind.Dot))
        {
            if (Current.Kind != TokenKind.Ident || !IsAdjacent)
                Illegal("expected identifier");
            else
                path.Add(Scalar(new StringValue(SpanOf(Current).Text)));
            return true;
        }

        if (!Take(TokenKind.LBracket))
            return false;
        if (ParseInfix(allowPair: true) is { } index && Expect(TokenKind.RBracket, "expected ]"))
            path.Add(index);
        return true;
    }

    private Term? ParseCall(Term head, ImmutableArray<Term> path)
    {
        if (head is not VarTerm name)
        {
            Fail(head.Span, $"illegal call (function cannot be {TermNames.Of(head)})");
            return null;
        }

        var function = new RefTerm(SpanFrom(head), head, path);
        tokens.Next();
        if (ParseItems(TokenKind.RParen, []) is not { } arguments)
            return null;
        return path.IsEmpty && name.Name == "set" && arguments.IsEmpty
            ? new SetTerm(SpanFrom(head), [])
            : new CallTerm(SpanFrom(head), function, arguments);
    }

    // As in OPA, 2^100000 is the end: what is larger costs too much to print.
    private const int NumberDigitsMax = 30_103;

    private ScalarTerm? ParseNumber()
    {
        var start = Current;
        var text = Take(TokenKind.Minus) ? "-" : "";
        var isFraction = Take(TokenKind.Dot);
        if (Kind != TokenKind.Number)
        {
            Illegal(text.Length > 0 || isFraction ? "expected number" : "");
            return null;
        }

        var digits = source.Text.AsSpan(Current.Offset, Current.Length);
        if (!isFraction && digits.Length > 1 && digits[0] == '0' && digits[1] != '.' && !(digits.Length > 2 && digits[1] is 'e' or 'E'))
        {
            Illegal("expected number without leading zero");
            return null;
        }

        tokens.Next();
        text += isFraction ? string.Concat("0.", digits) : digits.ToString();
        if (isFraction && digits.Contains('.'))
            Fail(SpanOf(start), "invalid float");
        else if (NumberValue.Parse(text) is { } number && (number.TryInt64(out _) || Math.Abs(number.ToExact().Magnitude) <= NumberDigitsMax))
            return new ScalarTerm(SpanFrom(start), number);
        else
            Fail(SpanOf(start), "number too big");
        return null;
    }
}
