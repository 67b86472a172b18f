// Images and links in markdown that would carry something away when they are shown (MCP-06): an address with a place for the model to fill in, or with data in it that nobody writes by
// hand. Badges, pictures and ordinary links are none of these.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection;

internal sealed class ExfiltrationDetector : ITextDetector
{
    private const int UrlCharsMax = 4096;
    private const int DataCharsMin = 96;

    private static readonly DetectorRule Template = new("image-template", "an image whose address has a place to fill something in: showing it would send that away");
    private static readonly DetectorRule Data = new("image-data", "an image whose address carries data: showing it would send that away");

    private static readonly System.Buffers.SearchValues<char> Blank = System.Buffers.SearchValues.Create(" \t\r\n\"\\<>)");

    public ExfiltrationDetector() => Anchors = [new("](http", Look)];

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
        url = url[..end];
        var query = url.IndexOfAny('?', '#') is >= 0 and var mark ? url[(mark + 1)..] : default;
        if (HasPlace(query)) return new(Template, start, at + 2 + end + 1 - start);
        // A title may follow the address.
        if (query.IndexOfAny(Blank) is >= 0 and var blank) query = query[..blank];
        return HasData(query) ? new(Data, start, at + 2 + end + 1 - start) : null;
    }

    // {conversation}, <secrets>, [DATA], $HISTORY, {{...}}, %7B...%7D as the value of something.
    private static bool HasPlace(ReadOnlySpan<char> query)
    {
        var equals = query.IndexOf('=');
        if (equals < 0) return false;
        for (var rest = query[equals..]; rest.IndexOf('=') is >= 0 and var at && at + 1 < rest.Length; rest = rest[(at + 1)..])
        {
            var value = rest[(at + 1)..];
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
