// Strings, raw strings and template strings.
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Syntax.Parsing;

internal sealed partial class Parser
{
    private ScalarTerm? ParseString()
    {
        var token = Current;
        var inner = source.Text.AsSpan(token.Offset + 1, token.Length - 2);
        if (Unescape(inner, inTemplate: false) is { } text)
            return Scalar(new StringValue(text));
        FailHere($"illegal string literal: {SpanOf(token).Text}");
        return null;
    }

    private ScalarTerm ParseRawString() =>
        // As in Go, carriage returns stay: the text is taken as it is.
        Scalar(new StringValue(source.Text.Substring(Current.Offset + 1, Current.Length - 2)), isRaw: true);

    private TemplateTerm? ParseTemplate()
    {
        var start = Current;
        if (!source.Text.AsSpan(start.Offset).StartsWith("$"))
        {
            // The end of an expression in an outer template, where a term was wanted.
            FailHere("invalid template-string expression");
            return null;
        }

        var parts = ImmutableArray.CreateBuilder<TemplatePart>();
        for (var opening = 2; ; opening = 1)
        {
            var token = Current;
            var inner = source.Text.AsSpan(token.Offset + opening, token.Length - opening - 1);
            if ((start.IsRaw ? inner.ToString().Replace("\\{", "{", StringComparison.Ordinal) : Unescape(inner, inTemplate: true)) is not { } text)
            {
                FailHere($"illegal template-string part: {SpanOf(token).Text}");
                return null;
            }

            if (text.Length > 0)
                parts.Add(new(text, null));
            tokens.Next();
            if (token.Kind == TokenKind.TemplateEnd)
                return new TemplateTerm(SpanFrom(start), start.IsRaw, parts.DrainToImmutable());
            if (ParseTemplateExpression() is not { } expression)
                return null;
            parts.Add(new(null, expression));
        }
    }

    private TermExpr? ParseTemplateExpression()
    {
        var start = Current;
        if (ParseLiteral() is not { } literal)
            return null;

        var refused = literal switch
        {
            NotExpr => "unexpected negation ('not') in template-string expression",
            UnifyExpr => "unexpected unification ('=') in template-string expression",
            AssignExpr => "unexpected assignment (':=') in template-string expression",
            EveryExpr => "unexpected 'every' in template-string expression",
            SomeExpr or SomeInExpr => "unexpected 'some' in template-string expression",
            LogicalExpr => "unexpected 'and' or 'or' in template-string expression",
            _ => null,
        };
        if (refused is not null)
            Fail(SpanFrom(start), refused);
        else if (Kind is not (TokenKind.TemplatePart or TokenKind.TemplateEnd) || source.Text[Current.Offset] != '}')
            FailHere("expected } to end template string expression");
        return Failed ? null : (TermExpr)literal;
    }

    /// <summary>Resolves escapes as JSON does, <c>\{</c> too in templates; null where one is malformed. Lone surrogates become U+FFFD.</summary>
    private static string? Unescape(ReadOnlySpan<char> inner, bool inTemplate)
    {
        if (!inner.Contains('\\'))
            return HasControls(inner) ? null : inner.ToString();

        var text = new StringBuilder(inner.Length);
        for (var i = 0; i < inner.Length; i++)
        {
            if (inner[i] < ' ')
                return null;
            if (inner[i] != '\\')
            {
                text.Append(inner[i]);
                continue;
            }

            if (++i == inner.Length)
                return null;
            switch (inner[i])
            {
                case 'b': text.Append('\b'); break;
                case 'f': text.Append('\f'); break;
                case 'n': text.Append('\n'); break;
                case 'r': text.Append('\r'); break;
                case 't': text.Append('\t'); break;
                case '"' or '\\' or '/': text.Append(inner[i]); break;
                case '{' when inTemplate: text.Append('{'); break;
                case 'u' when TryUnit(inner, i + 1, out var unit):
                    i += 4;
                    if (char.IsHighSurrogate(unit) && i + 2 < inner.Length && inner[i + 1] == '\\' && inner[i + 2] == 'u'
                        && TryUnit(inner, i + 3, out var low) && char.IsLowSurrogate(low))
                    {
                        text.Append(unit).Append(low);
                        i += 6;
                    }
                    else
                        text.Append(char.IsSurrogate(unit) ? '\uFFFD' : unit);
                    break;
                default:
                    return null;
            }
        }

        return text.ToString();
    }

    private static bool HasControls(ReadOnlySpan<char> text) => text.ContainsAnyInRange('\0', '\x1f');

    private static bool TryUnit(ReadOnlySpan<char> text, int at, out char unit)
    {
        var ok = at + 4 <= text.Length && ushort.TryParse(text.Slice(at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
            ? (true, (char)code)
            : (false, '\0');
        unit = ok.Item2;
        return ok.Item1;
    }
}
