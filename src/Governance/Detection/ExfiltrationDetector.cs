// Images in markdown and HTML that would carry something away when they are shown (MCP-06): an address with a place for the model to fill in, or with data in it that nobody writes by
// hand. Badges, pictures and ordinary links are none of these.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection;

internal sealed class ExfiltrationDetector : ITextDetector
{
    private const int UrlCharsMax = 4096;
    private const int DataCharsMin = 96;
    private const int AttributesMax = 256;

    private static readonly DetectorRule Template = new("image-template", "an image whose address has a place to fill something in: showing it would send that away");
    private static readonly DetectorRule Data = new("image-data", "an image whose address carries data: showing it would send that away");

    private static readonly System.Buffers.SearchValues<char> Blank = System.Buffers.SearchValues.Create(" \t\r\n\"\\<>)");

    private static readonly System.Buffers.SearchValues<char> ElementEnds = System.Buffers.SearchValues.Create(" \t\r\n\"'\\");

    public ExfiltrationDetector() => Anchors = [new("](http", Look), new("<img", Element, IgnoreCase: true)];

    public string Name => "exfiltration";

    public IReadOnlyList<DetectorRule> Rules { get; } = [Template, Data];

    public DetectorSettings Standard { get; } = new(Decision.Allow, Decision.RequireApproval, RedactFromServer: false);

    public IReadOnlyList<Anchor> Anchors { get; }

    private static TextMatch? Look(ReadOnlySpan<char> text, int at)
    {
        // ![ stands before on the same line, not far off.
        var before = text[Math.Max(0, at - 256)..at];
        var bracket = before.LastIndexOf('[');
        if (bracket < 1 || before[bracket - 1] != '!' || before[bracket..].Contains('\n')) return null;
        var url = text.Slice(at + 2, Math.Min(UrlCharsMax, text.Length - at - 2));
        var end = url.IndexOf(')');
        if (end < 0) return null;
        var start = at - before.Length + bracket - 1;
        return Address(url[..end]) is { } rule ? new(rule, start, at + 2 + end + 1 - start) : null;
    }

    // <img ... src="http..." ...>, with any quotes or none. What stands in JSON may have a backslash before its quotes.
    private static TextMatch? Element(ReadOnlySpan<char> text, int at)
    {
        var element = text.Slice(at, Math.Min(UrlCharsMax, text.Length - at));
        var source = element[..Math.Min(AttributesMax, element.Length)].IndexOf("src", StringComparison.OrdinalIgnoreCase);
        if (source < 0 || element[..source].Contains('>')) return null;
        var url = element[(source + 3)..].TrimStart(" =\\\"'");
        if (!url.StartsWith("http", StringComparison.OrdinalIgnoreCase) && !url.StartsWith("//", StringComparison.Ordinal)) return null;
        var length = element.Length - url.Length;
        var end = url.IndexOfAny(ElementEnds);
        if (end >= 0) url = url[..end];
        return Address(url, isElement: true) is { } rule ? new(rule, at, length + url.Length) : null;
    }

    private static DetectorRule? Address(ReadOnlySpan<char> url, bool isElement = false)
    {
        var query = url.IndexOfAny('?', '#') is >= 0 and var mark ? url[(mark + 1)..] : default;
        if (HasPlace(query, isElement)) return Template;
        // A title may follow the address.
        if (query.IndexOfAny(Blank) is >= 0 and var blank) query = query[..blank];
        return HasData(query) ? Data : null;
    }

    // {conversation}, <secrets>, [DATA], $HISTORY, {{...}}, %7B...%7D as the value of something. In HTML, braces, dollars and <% are what templates of pages are written in.
    private static bool HasPlace(ReadOnlySpan<char> query, bool isElement)
    {
        var equals = query.IndexOf('=');
        if (equals < 0) return false;
        for (var rest = query[equals..]; rest.IndexOf('=') is >= 0 and var at && at + 1 < rest.Length; rest = rest[(at + 1)..])
        {
            var value = rest[(at + 1)..];
            if (isElement && (value[0] is '{' or '$' or '%' || value.StartsWith("<%", StringComparison.Ordinal) || value.StartsWith("<?", StringComparison.Ordinal))) continue;
            if (value[0] is '{' or '<' or '[' or '$' || value.StartsWith("%7B", StringComparison.OrdinalIgnoreCase) || value.StartsWith("%24", StringComparison.Ordinal)) return true;
        }
        return false;
    }

    private static bool HasData(ReadOnlySpan<char> query)
    {
        var run = 0;
        foreach (var c in query)
        {
            run = char.IsAsciiLetterOrDigit(c) || c is '+' or '/' or '_' or '-' ? run + 1 : 0;
            if (run >= DataCharsMin) return true;
        }
        return false;
    }
}
