// Reads a name that says "secret" and what is assigned to it, in the ways of many languages and formats: NAME=value, "name": "value", name := `value`, define('NAME', 'value'),
// setName("value"), <name>value</name>, --name value, name: Type = "value"; also where that stands in a string of code or of JSON, with its quotes escaped. Pure, and bounded.
using System.Collections.Frozen;
using Words = System.Collections.Frozen.FrozenSet<string>.AlternateLookup<System.ReadOnlySpan<char>>;

namespace CabinCrew.Governance.Detection.Secrets;

/// <param name="NameStart">Of the name with the words before the one that was found.</param>
/// <param name="NameEnd">Behind the name's last letter.</param>
/// <param name="IsQuoted">The value stands in quotes; only then a person's words are read as one.</param>
/// <param name="IsLine">Not in quotes, and nothing but a name stands before it on its line and nothing behind it: a line of an .env, INI or YAML file.</param>
internal readonly record struct Assignment(int NameStart, int NameEnd, int ValueStart, int ValueLength, bool IsQuoted, bool IsLine)
{
    private const int NameCharsMax = 64;
    private const int SuffixCharsMax = 24;
    private const int BlanksMax = 16;
    private const int ValueCharsMax = 512;
    private const int TypeCharsMax = 32;

    // What may follow the word in a name of the secret itself. Behind most other words stands something about it: _id, _name, _file, _ttl.
    private static readonly Words Suffixes = new[] { "", "value", "string", "str", "base64", "b64", "hex", "raw", "text", "prod", "production", "dev", "test", "testing", "staging", "stage", "live", "sandbox", "default", "old", "new", "base", "plain", "main", "primary", "secondary" }
        .ToFrozenSet(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly System.Buffers.SearchValues<char> BareEnds = System.Buffers.SearchValues.Create(" \t\r\n\"'`,;<>(){}[]&|\\");
    private static readonly System.Buffers.SearchValues<char> TypeLetters = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_&<>[]'?.* ");

    /// <summary>What is assigned to the name in which a word ends at <paramref name="wordEnd"/>; null where nothing is.</summary>
    public static Assignment? Read(ReadOnlySpan<char> text, int wordStart, int wordEnd)
    {
        var end = wordEnd;
        while (end < text.Length && end - wordEnd <= SuffixCharsMax && WordStarts.IsWord(text[end])) end++;
        if (!Suffixes.Contains(text[wordEnd..end].Trim("_-0123456789"))) return null;
        var start = wordStart;
        while (start > 0 && wordStart - start < NameCharsMax && (WordStarts.IsWord(text[start - 1]) || text[start - 1] == '.') && !(start > 1 && text[start - 2] == '\\' && text[start - 1] is 'n' or 'r' or 't')) start--;
        var at = end;
        var isClosed = false;
        while (at < text.Length && at - end < 4 && text[at] is '"' or '\'' or '`' or ']' or '\\')
        {
            if (text[at] == '\\' && at + 1 < text.Length && text[at + 1] is not ('"' or '\'' or '\\')) break;
            isClosed |= text[at] is '"' or '\'' or '`';
            at++;
        }
        var before = at;
        at = SkipBlank(text, at);
        var isTag = start > 0 && text[start - 1] == '<';
        if (!Operator(text, ref at, before, isClosed, text[start..end], isTag, out var needsQuotes)) return null;
        at = SkipBlank(text, at);
        // Between tags stands a value as in quotes.
        return Value(text, at, start, end, needsQuotes) is { } read ? read with { IsQuoted = read.IsQuoted || (isTag && text[at - 1] == '>') } : null;
    }

    private static bool Operator(ReadOnlySpan<char> text, ref int at, int nameEnd, bool isClosed, ReadOnlySpan<char> name, bool isTag, out bool needsQuotes)
    {
        needsQuotes = false;
        if (at >= text.Length) return false;
        switch (text[at])
        {
            case '=':
                while (at < text.Length && text[at] is '=' or '>') at++;
                return true;
            case ':':
                at++;
                if (at < text.Length && text[at] == ':') return false;
                if (at < text.Length && text[at] == '=') at++;
                else Type(text, ref at);
                return true;
            case ',' when isClosed:
            case '(' when !isClosed && at == nameEnd:
                at++;
                return needsQuotes = true;
            case '>' when isTag:
                at++;
                return true;
            case '?' or '+' or '|' when at + 1 < text.Length && text[at + 1] == '=':
                at += 2;
                return true;
            case 'v' when isClosed && at > nameEnd && text[at..].StartsWith("value="):
                at += "value=".Length;
                return needsQuotes = true;
            default:
                return at > nameEnd && !isClosed && name.StartsWith("--");
        }
    }

    // ": str =", ": &'static str =": what stands behind the sign of equality is the value.
    private static void Type(ReadOnlySpan<char> text, ref int at)
    {
        var rest = text.Slice(at, Math.Min(TypeCharsMax, text.Length - at));
        if (rest.TrimStart(' ') is ['"' or '\'' or '`', ..] && !rest.TrimStart(' ').StartsWith("'static")) return;
        var equals = rest.IndexOfAnyExcept(TypeLetters);
        if (equals > 1 && rest[equals] == '=' && equals + 1 < rest.Length && rest[equals + 1] != '=') at += equals + 1;
    }

    private static Assignment? Value(ReadOnlySpan<char> text, int at, int start, int end, bool needsQuotes)
    {
        var open = at;
        // Prefixes of strings: b"", @"", L"".
        while (open < text.Length && open - at < 2 && text[open] is 'b' or 'f' or 'r' or 'u' or 'L' or '@' or 'N') open++;
        var slashes = 0;
        while (open + slashes < text.Length && text[open + slashes] == '\\' && slashes < 3) slashes++;
        if (open + slashes < text.Length && text[open + slashes] is '"' or '\'' or '`')
        {
            var quote = text[open + slashes];
            var first = open + slashes + 1;
            if (first + 1 < text.Length && text[first] == quote && text[first + 1] == quote) first += 2;
            var rest = text.Slice(first, Math.Min(ValueCharsMax, text.Length - first));
            var close = slashes > 0 ? rest.IndexOf('\\') : rest.IndexOfAny(quote, '\n', '\r');
            return close <= 0 || rest[close] is '\n' or '\r' ? null : new(start, end, first, close, true, false);
        }
        if (needsQuotes || at >= text.Length || text[at] is '$' or '@' or '%' or '&' or '*' or '!' or '-') return null;
        var bare = text.Slice(at, Math.Min(ValueCharsMax, text.Length - at));
        var stop = bare.IndexOfAny(BareEnds);
        // A call, an index, or a part of something longer.
        if (stop >= 0 && bare[stop] is '(' or '[' or '{' or '"' or '\'' or '`') return null;
        var length = stop < 0 ? bare.Length : stop;
        if (length == 0 || (stop < 0 && bare.Length == ValueCharsMax)) return null;
        return new(start, end, at, length, false, IsWholeLine(text, start, at + length));
    }

    private static bool IsWholeLine(ReadOnlySpan<char> text, int start, int end)
    {
        var next = end;
        while (next < text.Length && text[next] is ' ' or '\t') next++;
        if (next < text.Length && text[next] is not ('\n' or '\r') && !text[next..].StartsWith("\\n")) return false;
        var line = text[Math.Max(0, start - 32)..start];
        line = line[(line.LastIndexOf('\n') + 1)..].Trim();
        if (line.EndsWith("\\n")) return true;
        return line.IsEmpty || line is "export" or "set" or "ENV" or "-" or "ARG" || line.StartsWith("//");
    }

    private static int SkipBlank(ReadOnlySpan<char> text, int at)
    {
        for (var limit = at + BlanksMax; at < text.Length && at < limit && text[at] is ' ' or '\t'; at++)
        {
        }
        return at;
    }
}
