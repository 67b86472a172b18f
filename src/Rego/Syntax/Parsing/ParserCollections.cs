// Arrays, sets, objects and comprehensions. "[x | y" may be the start of a comprehension or of an array whose first item is a union: the comprehension is tried first.
using System.Collections.Immutable;

namespace CabinCrew.Rego.Syntax.Parsing;

internal sealed partial class Parser
{
    private Term? ParseArray()
    {
        var start = Current;
        tokens.Next();
        if (Take(TokenKind.RBracket))
            return new ArrayTerm(SpanFrom(start), []);

        var leadingComma = Take(TokenKind.Comma);
        if (ParseTerm() is not { } head)
            return null;
        if (Kind == TokenKind.Pipe && !leadingComma && ParseComprehensionBody(TokenKind.RBracket) is { } body)
            return new ArrayComprehension(SpanFrom(start), head, body);
        if (Failed || ParseInfix(allowPair: false, head) is not { } first)
            return null;
        return ParseItems(TokenKind.RBracket, first) is { } items ? new ArrayTerm(SpanFrom(start), items) : null;
    }

    private Term? ParseSetOrObject()
    {
        var start = Current;
        tokens.Next();
        if (Take(TokenKind.RBrace))
            return new ObjectTerm(SpanFrom(start), []);

        var leadingComma = Take(TokenKind.Comma);
        if (ParseTerm() is not { } head)
            return null;
        if (Kind == TokenKind.Pipe && !leadingComma && ParseComprehensionBody(TokenKind.RBrace) is { } body)
            return new SetComprehension(SpanFrom(start), head, body);
        if (Failed || ParseInfix(allowPair: false, head) is not { } first)
            return null;

        switch (Kind)
        {
            case TokenKind.RBrace or TokenKind.Comma:
                return ParseItems(TokenKind.RBrace, first) is { } items ? new SetTerm(SpanFrom(start), items) : null;
            case TokenKind.Colon:
                return ParseObject(start, first, leadingComma);
            default:
                Illegal("non-terminated set");
                return null;
        }
    }

    private Term? ParseObject(Token start, Term key, bool leadingComma)
    {
        tokens.Next();
        if (ParseTerm() is not { } head)
            return null;
        if (Kind == TokenKind.Pipe && !leadingComma && ParseComprehensionBody(TokenKind.RBrace) is { } body)
            return new ObjectComprehension(SpanFrom(start), key, head, body);
        if (Failed || ParseInfix(allowPair: false, head) is not { } value)
            return null;

        var items = ImmutableArray.CreateBuilder<ObjectItem>();
        items.Add(new(key, value));
        while (!Take(TokenKind.RBrace))
        {
            if (!Take(TokenKind.Comma))
            {
                Illegal(items.Count == 1 ? "non-terminated object" : "expected \",\" or \"}\"");
                return null;
            }

            if (Kind == TokenKind.RBrace)
                continue;
            if (ParseInfix(allowPair: false) is not { } nextKey || !Expect(TokenKind.Colon, "expected \":\"") || ParseInfix(allowPair: false) is not { } nextValue)
                return null;
            items.Add(new(nextKey, nextValue));
        }

        return new ObjectTerm(SpanFrom(start), items.DrainToImmutable());
    }

    /// <summary>The body behind <c>|</c>. Null without an error: it was no comprehension, and the tokens are back at the <c>|</c>.</summary>
    private Body? ParseComprehensionBody(TokenKind end)
    {
        var mark = tokens.Position;
        tokens.Next();
        if (ParseBody(end) is { } body)
            return body;
        if (Kind == TokenKind.Comma)
        {
            error = null;
            tokens.Reset(mark);
        }

        return null;
    }

    /// <summary>Items separated by commas up to <paramref name="end"/>, which is consumed; <paramref name="first"/> was read already. A comma may trail.</summary>
    private ImmutableArray<Term>? ParseItems(TokenKind end, params ReadOnlySpan<Term> first)
    {
        var items = ImmutableArray.CreateBuilder<Term>();
        items.AddRange(first);
        while (!Take(end))
        {
            if (items.Count > 0)
            {
                if (!Take(TokenKind.Comma))
                {
                    Illegal($"expected \",\" or \"{TokenKinds.NameOf(end)}\"");
                    return null;
                }

                if (Take(end))
                    break;
            }

            if (ParseInfix(allowPair: false) is not { } item)
                return null;
            items.Add(item);
        }

        return items.DrainToImmutable();
    }
}
