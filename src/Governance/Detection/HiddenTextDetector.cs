// Text that a person does not see and a model reads, or that makes a terminal show something else (MCP-06): Unicode tags, overrides of direction, runs of characters without width,
// control sequences of terminals.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection;

internal sealed class HiddenTextDetector : ITextDetector
{
    /// <summary>A few joiners stand in emoji and in many scripts; so many at once say something.</summary>
    private const int InvisibleRun = 6;

    private static readonly DetectorRule Tags = new("unicode-tags", "characters of Unicode's tag block: text that nobody sees, and models read");
    private static readonly DetectorRule Direction = new("bidi-override", "characters that show text in another order than it is read in");
    private static readonly DetectorRule Invisible = new("invisible-run", "a run of characters without any width: text that nobody sees");
    private static readonly DetectorRule Variation = new("variation-selectors", "a run of variation selectors: bytes hidden behind a character");
    private static readonly DetectorRule Terminal = new("terminal-control", "a control sequence that changes what a terminal shows");

    public string Name => "hidden-text";

    public IReadOnlyList<DetectorRule> Rules { get; } = [Tags, Direction, Invisible, Variation, Terminal];

    public DetectorSettings Standard { get; } = new(Decision.Allow, Decision.RequireApproval, RedactFromServer: false)
    {
        Rules = new Dictionary<string, Decision> { [Terminal.Id] = Decision.Warn, [Direction.Id] = Decision.Warn },
    };

    public IReadOnlyList<Anchor> Anchors => [];

    // The first byte of what this looks for: U+200B to U+206F begin with E2 80 or E2 81, U+FEFF with EF BB, U+FE00 with EF B8, tags and U+E0100 with F3 A0, U+180E with E1 A0, C1 controls with C2.
    public bool Suspects(ReadOnlySpan<byte> utf8)
    {
        if (System.Text.Ascii.IsValid(utf8)) return false;
        for (var rest = utf8; rest.IndexOfAny(Leads) is >= 0 and var at && at + 1 < rest.Length; rest = rest[(at + 1)..])
        {
            switch (rest[at], rest[at + 1])
            {
                case (0xE2, 0x80) when at + 2 < rest.Length && rest[at + 2] is (>= 0x8B and <= 0x8F) or (>= 0xAA and <= 0xAE):
                case (0xE2, 0x81) when at + 2 < rest.Length && rest[at + 2] is >= 0xA0 and <= 0xAF:
                case (0xEF, 0xBB) when at + 2 < rest.Length && rest[at + 2] == 0xBF:
                case (0xEF, 0xB8) when at + 2 < rest.Length && rest[at + 2] <= 0x8E:
                case (0xF3, 0xA0):
                case (0xC2, 0x9B) or (0xC2, 0x9D) or (0xC2, 0x90):
                    return true;
            }
        }
        return false;
    }

    private static readonly System.Buffers.SearchValues<byte> Leads = System.Buffers.SearchValues.Create([0xE2, 0xEF, 0xF3, 0xC2]);

    public void FindIn(ReadOnlySpan<char> text, List<TextMatch> found)
    {
        for (var at = 0; at < text.Length;)
        {
            var step = text[at..].IndexOfAny(Interesting);
            if (step < 0) return;
            at += step;
            var length = Look(text, at, found);
            at += Math.Max(length, 1);
        }
    }

    private static readonly System.Buffers.SearchValues<char> Interesting = System.Buffers.SearchValues.Create(
        "\u001B\u0090\u009B\u009D\u200B\u200C\u200D\u2060\u2061\u2062\u2063\u2064\uFEFF\u202A\u202B\u202D\u202E\u2066\u2067\u2068\uDB40" + string.Concat(Enumerable.Range(0xFE00, 15).Select(c => (char)c)));

    private static int Look(ReadOnlySpan<char> text, int at, List<TextMatch> found)
    {
        var c = text[at];
        if (c == '\uDB40') return Block(text, at, found);
        if (c is '\u001B' or '\u0090' or '\u009B' or '\u009D') return Control(text, at, found);
        if (c is >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2068')
        {
            if (c is '\u202D' or '\u202E' || text.Slice(at, Math.Min(text.Length - at, 400)).IndexOfAny('\u202C', '\u2069') < 0) found.Add(new(Direction, at, 1));
            return 1;
        }
        var length = 0;
        var isSelector = c is >= '\uFE00' and <= '\uFE0E';
        while (at + length < text.Length && (isSelector ? text[at + length] is >= '\uFE00' and <= '\uFE0F' : text[at + length] is '\u200B' or '\u200C' or '\u200D' or '\uFEFF' or (>= '\u2060' and <= '\u2064'))) length++;
        if (length >= InvisibleRun) found.Add(new(isSelector ? Variation : Invisible, at, length));
        return length;
    }

    // U+E0000 to U+E007F are tags, U+E0100 to U+E01EF variation selectors. A flag of a region (U+1F3F4, tags, U+E007F) is the one thing that tags are for.
    private static int Block(ReadOnlySpan<char> text, int at, List<TextMatch> found)
    {
        int length = 0, tags = 0;
        while (at + length + 1 < text.Length && text[at + length] == '\uDB40')
        {
            if (text[at + length + 1] < '\uDD00') tags++;
            length += 2;
        }
        var isFlag = at >= 2 && text[at - 2] == '\uD83C' && text[at - 1] == '\uDFF4' && tags <= 7 && tags * 2 == length && text[at + length - 1] == '\uDC7F';
        if (tags > 0 && !isFlag) found.Add(new(Tags, at, length));
        else if (tags == 0 && length >= InvisibleRun) found.Add(new(Variation, at, length));
        return length;
    }

    // Colours change how text looks, and nothing else; concealed text, titles, links, moves and erasures change what is seen.
    private static int Control(ReadOnlySpan<char> text, int at, List<TextMatch> found)
    {
        var start = at + 1;
        var isSequence = text[at] == '\u009B';
        if (text[at] == '\u001B' && start < text.Length && text[start] == '[') (isSequence, start) = (true, start + 1);
        if (!isSequence)
        {
            if (text[at] != '\u001B' || (start < text.Length && text[start] is ']' or 'P' or '_' or '^' or 'X')) found.Add(new(Terminal, at, Math.Min(2, text.Length - at)));
            return 1;
        }
        var end = start;
        while (end < text.Length && end - start < 64 && text[end] is >= ' ' and <= '?') end++;
        if (end >= text.Length) return end - at;
        var parameters = text[start..end];
        var harmless = text[end] == 'm' ? !Conceals(parameters) : text[end] == 'K' && parameters.IsEmpty;
        if (!harmless) found.Add(new(Terminal, at, end + 1 - at));
        return end + 1 - at;
    }

    private static bool Conceals(ReadOnlySpan<char> parameters)
    {
        // 38 and 48 take what follows as a colour.
        if (parameters.StartsWith("38") || parameters.StartsWith("48")) return false;
        foreach (var range in parameters.Split(';'))
            if (parameters[range] is "8") return true;
        return false;
    }
}
