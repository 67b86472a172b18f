// The package that a Rego module says it is of, read from its first words alone: enough to hold a bundle to its roots before anything of it is compiled.
// What is not plainly a package clause is none.
using System.Text;
using System.Text.Json;

namespace CabinCrew.Governance.Policies.Bundles;

internal static class PackageClause
{
    private const int SegmentsMax = 64;

    /// <summary>The path below <c>data</c>, or null.</summary>
    public static IReadOnlyList<string>? Read(ReadOnlySpan<byte> utf8)
    {
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(utf8);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
        var rest = SkipBlank(text.AsSpan().TrimStart('\uFEFF'));
        if (!rest.StartsWith("package", StringComparison.Ordinal)) return null;
        var name = rest["package".Length..];
        rest = SkipBlank(name);
        if (rest.Length == name.Length || Word(rest) is not { Length: > 0 } first) return null;

        List<string> path = [first.ToString()];
        rest = rest[first.Length..];
        while (rest.Length > 0 && rest[0] is '.' or '[')
        {
            if (path.Count == SegmentsMax) return null;
            if (rest[0] == '.')
            {
                var word = Word(rest[1..]);
                if (word.Length == 0) return null;
                path.Add(word.ToString());
                rest = rest[(1 + word.Length)..];
            }
            else if (Quoted(rest) is var (segment, length))
            {
                path.Add(segment);
                rest = rest[length..];
            }
            else return null;
        }
        var after = rest.TrimStart(" \t");
        return after.Length == 0 || after[0] is '\n' or '\r' or '#' or ';' ? path : null;
    }

    private static ReadOnlySpan<char> SkipBlank(ReadOnlySpan<char> text)
    {
        while (true)
        {
            text = text.TrimStart(" \t\r\n");
            if (text is not ['#', ..]) return text;
            var end = text.IndexOf('\n');
            text = end < 0 ? [] : text[end..];
        }
    }

    private static ReadOnlySpan<char> Word(ReadOnlySpan<char> text)
    {
        var length = 0;
        while (length < text.Length && (char.IsAsciiLetter(text[length]) || text[length] == '_' || (length > 0 && char.IsAsciiDigit(text[length])))) length++;
        return text[..length];
    }

    // ["text"]: a JSON string in brackets.
    private static (string Segment, int Length)? Quoted(ReadOnlySpan<char> text)
    {
        if (text is not ['[', '"', ..]) return null;
        for (var i = 2; i + 1 < text.Length; i++)
        {
            if (text[i] == '\\') i++;
            else if (text[i] == '"')
            {
                if (text[i + 1] != ']') return null;
                try
                {
                    return (JsonElement.Parse(text[1..(i + 1)]).GetString()!, i + 2);
                }
                catch (Exception e) when (e is JsonException or InvalidOperationException)
                {
                    return null;
                }
            }
            else if (text[i] is '\n') return null;
        }
        return null;
    }
}
