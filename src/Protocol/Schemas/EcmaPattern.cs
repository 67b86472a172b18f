// A schema's pattern (ECMA-262) in .NET's spelling. The two differ where it hurts: in .NET `$` also matches before a last line feed,
// and `\d`, `\w`, `\s` are wider. What has no plain equal is refused when the schema is loaded.
using System.Text;

namespace CabinCrew.Protocol.Schemas;

internal static class EcmaPattern
{
    private const string Digit = "0-9";
    private const string Word = "A-Za-z0-9_";
    private const string Space = @" \t\n\v\f\r\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF";

    public static string Translate(string ecma)
    {
        var to = new StringBuilder();
        var inClass = false;
        for (var i = 0; i < ecma.Length; i++)
        {
            var c = ecma[i];
            switch (c)
            {
                case '\\':
                    i++;
                    to.Append(Escape(i < ecma.Length ? ecma[i] : '\0', inClass, ecma));
                    break;
                case '[' when inClass:
                    to.Append("\\[");
                    break;
                case '[':
                    inClass = true;
                    to.Append(c);
                    break;
                case ']':
                    inClass = false;
                    to.Append(c);
                    break;
                case '^' when !inClass:
                    to.Append("\\A");
                    break;
                case '$' when !inClass:
                    to.Append("\\z");
                    break;
                case '.' when !inClass:
                    to.Append(@"[^\n\r\u2028\u2029]");
                    break;
                case '(' when !inClass && i + 1 < ecma.Length && ecma[i + 1] == '?' && !(i + 2 < ecma.Length && ecma[i + 2] == ':'):
                    throw new InvalidOperationException($"schema pattern '{ecma}': look-around and named groups are not supported");
                default:
                    to.Append(c);
                    break;
            }
        }
        return to.ToString();
    }

    /// <summary>Anchored, without groups and alternatives, at most one part of unbounded length: the plain matcher is linear on it.</summary>
    public static bool CannotBacktrackFar(string ecma) =>
        ecma.StartsWith('^') && !ecma.AsSpan().ContainsAny('(', '|') && ecma.Count(c => c is '*' or '+') + (ecma.Contains(",}", StringComparison.Ordinal) ? 2 : 0) <= 1;

    private static string Escape(char c, bool inClass, string ecma) => c switch
    {
        'd' => inClass ? Digit : $"[{Digit}]",
        'w' => inClass ? Word : $"[{Word}]",
        's' => inClass ? Space : $"[{Space}]",
        'D' when !inClass => $"[^{Digit}]",
        'W' when !inClass => $"[^{Word}]",
        'S' when !inClass => $"[^{Space}]",
        'n' or 'r' or 't' or 'f' or 'v' or 'u' or 'x' => $"\\{c}",
        '^' or '$' or '\\' or '.' or '*' or '+' or '?' or '(' or ')' or '[' or ']' or '{' or '}' or '|' or '/' or '-' => $"\\{c}",
        _ => throw new InvalidOperationException($"schema pattern '{ecma}': the escape '\\{c}' is not supported"),
    };
}
