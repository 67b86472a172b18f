// The tokens of one action: words, fields with their dots, variables, numbers, quoted strings, and signs.
using System.Globalization;
using System.Text;

namespace CabinCrew.Rego.Builtins.Templates;

internal readonly struct TemplateLexer(string text)
{
    /// <summary>Starts behind the opening braces and ends behind the closing ones.</summary>
    public List<string> Action(ref int at, out bool trims)
    {
        var tokens = new List<string>();
        trims = false;
        while (true)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
            if (at >= text.Length) throw new FormatException("unclosed action");
            if (text.AsSpan(at).StartsWith("-}}") && at > 0 && char.IsWhiteSpace(text[at - 1]))
            {
                trims = true;
                at += 3;
                return tokens;
            }

            if (text.AsSpan(at).StartsWith("}}"))
            {
                at += 2;
                return tokens;
            }

            var start = at;
            at = End(at);
            tokens.Add(text[start..at]);
        }
    }

    /// <summary>The text of a double-quoted Go string.</summary>
    public static string Unquote(string quoted)
    {
        var plain = new StringBuilder();
        for (var i = 1; i < quoted.Length - 1; i++)
        {
            if (quoted[i] != '\\')
            {
                plain.Append(quoted[i]);
                continue;
            }

            i++;
            var digits = quoted[i] switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
            if (digits > 0 && i + digits < quoted.Length - 1 && int.TryParse(quoted.AsSpan(i + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) && Rune.IsValid(code))
            {
                plain.Append(new Rune(code));
                i += digits;
            }
            else
            {
                plain.Append(quoted[i] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'a' => '\a', 'b' => '\b', 'f' => '\f', 'v' => '\v', var same => same });
            }
        }

        return plain.ToString();
    }

    private int End(int at)
    {
        switch (text[at])
        {
            case '"' or '\'': return Quoted(at);
            case '`':
                var close = text.IndexOf('`', at + 1);
                return close < 0 ? throw new FormatException("unterminated raw quoted string") : close + 1;
            case ':' when at + 1 < text.Length && text[at + 1] == '=': return at + 2;
            case '|' or '(' or ')' or ',' or '=': return at + 1;
        }

        var end = at;
        if (text[end] is '.' or '$' or '+' or '-') end++;
        while (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] is '_' or '.')) end++;
        return end > at ? end : throw new FormatException($"unexpected {GoText.Quote(text[at].ToString())} in action");
    }

    private int Quoted(int at)
    {
        var quote = text[at];
        for (var end = at + 1; end < text.Length && text[end] != '\n'; end++)
        {
            if (text[end] == '\\') end++;
            else if (text[end] == quote) return end + 1;
        }

        throw new FormatException("unterminated quoted string");
    }
}
