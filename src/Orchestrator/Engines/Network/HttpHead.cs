// The head of an HTTP/1 request, read strictly (RFC 9112): what two readers could understand differently is refused, never repaired. Pure.
using System.Globalization;
using System.Text;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Network;

/// <summary>How the body is delimited. Neither: there is none.</summary>
internal readonly record struct Framing(long Length, bool Chunked)
{
    public bool HasBody => Chunked || Length > 0;
}

internal sealed record HttpHead(string Method, string Target, bool Old, IReadOnlyList<(string Name, string Value)> Headers)
{
    public const int BytesMax = 64 << 10, HeadersMax = 128, TargetCharsMax = 16 << 10, MethodCharsMax = 32;

    /// <param name="bytes">From the request line to the empty line, both with it.</param>
    public static Outcome<HttpHead> Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > BytesMax) return Malformed($"its head is larger than {BytesMax} bytes");
        foreach (var b in bytes)
            if (b is >= 0x7f or (< 0x20 and not (byte)'\t' and not (byte)'\r' and not (byte)'\n')) return Malformed("its head holds a byte that may not stand there");
        var text = Encoding.ASCII.GetString(bytes);
        if (!text.EndsWith("\r\n\r\n", StringComparison.Ordinal)) return Malformed("its head does not end in an empty line");
        var lines = text[..^4].Split("\r\n");
        foreach (var line in lines)
            if (line.AsSpan().ContainsAny('\r', '\n')) return Malformed("a line of its head ends in something else than CR LF");

        var words = lines[0].Split(' ');
        if (words.Length != 3 || words[2] is not ("HTTP/1.1" or "HTTP/1.0")) return Malformed("its first line is not METHOD TARGET HTTP/1.1");
        if (words[0].Length is 0 or > MethodCharsMax || !words[0].All(IsTokenChar)) return Malformed("its method is not a token");
        if (words[1].Length is 0 or > TargetCharsMax || !words[1].All(c => c is > ' ' and not ('"' or '<' or '>' or '\\' or '^' or '`' or '{' or '}' or '|' or '#')))
            return Malformed("its target is empty, too long, or holds a character that may not stand there");
        if (lines.Length - 1 > HeadersMax) return Malformed($"it has more than {HeadersMax} headers");

        var headers = new List<(string, string)>(lines.Length - 1);
        foreach (var line in lines.AsSpan(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            // A space before the colon or at the start of a line is how one header hides from one of two readers.
            if (colon <= 0 || !line.AsSpan(0, colon).ToString().All(IsTokenChar)) return Malformed("a line of its head is not 'name: value'");
            headers.Add((line[..colon], line[(colon + 1)..].Trim(' ', '\t')));
        }
        return new HttpHead(words[0], words[1], words[2] == "HTTP/1.0", headers);
    }

    public IEnumerable<string> Values(string name) => Headers.Where(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value);

    public bool Has(string name) => Values(name).Any();

    /// <summary>The members of all lists under this name, in lower case.</summary>
    public IEnumerable<string> List(string name) => Values(name).SelectMany(v => v.Split(',')).Select(v => v.Trim().ToLowerInvariant()).Where(v => v.Length > 0);

    public bool KeepsAlive => !Old && !List("Connection").Contains("close") && !List("Proxy-Connection").Contains("close");

    public bool AsksForUpgrade => Has("Upgrade") || Has("HTTP2-Settings") || List("Connection").Contains("upgrade");

    public Outcome<Framing> Body()
    {
        var (lengths, codings) = (Values("Content-Length").ToList(), Values("Transfer-Encoding").ToList());
        if (lengths.Count > 0 && codings.Count > 0) return Malformed("it has both Content-Length and Transfer-Encoding");
        if (codings.Count > 0)
            return codings is [var coding] && coding.Equals("chunked", StringComparison.OrdinalIgnoreCase) && !Old ? new Framing(0, true) : Malformed("its Transfer-Encoding is not exactly 'chunked'");
        if (lengths.Count == 0) return new Framing(0, false);
        return lengths is [var length] && length.Length is > 0 and <= 15 && length.All(char.IsAsciiDigit)
            ? new Framing(long.Parse(length, CultureInfo.InvariantCulture), false)
            : Malformed("it has more than one Content-Length, or one that is not a number");
    }

    public static Problem Malformed(string what) => new(ProblemCode.NetworkRequestMalformed, $"the request was refused: {what}");

    private static bool IsTokenChar(char c) => char.IsAsciiLetterOrDigit(c) || c is '!' or '#' or '$' or '%' or '&' or '\'' or '*' or '+' or '-' or '.' or '^' or '_' or '`' or '|' or '~';
}
