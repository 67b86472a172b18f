// What a JSON text says in several strings of one list: content parts, and the strings of an array. They are read as one by whoever reads them, so they are looked through as one; only what goes from
// one into the next is told here. Linear: of a long part, what is near its ends.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection;

/// <param name="Index">In the list.</param>
/// <param name="Start">Between the string's quotes.</param>
/// <param name="IsContent">It is the <c>text</c> of an object in the list.</param>
internal readonly record struct JsonPart(int Index, int Start, int Length, bool IsContent)
{
    public string PlaceIn(string list) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{list}/{Index}{(IsContent ? "/text" : "")}");
}

internal static class JsonParts
{
    /// <summary>As far as an anchor's look sees.</summary>
    private const int SeamChars = 1 << 13;

    private static readonly System.Buffers.SearchValues<byte> Blank = System.Buffers.SearchValues.Create(" \t\r\n"u8);

    private static ReadOnlySpan<byte> Text => "\"text\""u8;

    /// <summary>A piece of a part within all of them.</summary>
    private readonly record struct Piece(int From, int Length, int Part, int Offset);

    /// <summary>Whether any list may hold several: two members called <c>text</c>, or a list that begins with a string.</summary>
    public static bool MayBeIn(ReadOnlySpan<byte> utf8)
    {
        var texts = 0;
        for (var at = 0; texts < 2 && utf8[at..].IndexOf(Text) is >= 0 and var step;)
        {
            at += step + Text.Length;
            // Also the value of "type".
            if (utf8[at..].IndexOfAnyExcept(Blank) is >= 0 and var next && utf8[at + next] == (byte)':') texts++;
        }
        if (texts > 1) return true;
        for (var at = 0; utf8[at..].IndexOf((byte)'[') is >= 0 and var step;)
        {
            at += step + 1;
            var rest = utf8[at..];
            if (rest.IndexOfAnyExcept(Blank) is >= 0 and var first && rest[first] == (byte)'"') return true;
        }
        return false;
    }

    /// <param name="list">A JSON pointer to it.</param>
    /// <param name="isCut">There was more in it than is told.</param>
    public static List<Finding> Look(ReadOnlyMemory<byte> json, string list, IReadOnlyList<JsonPart> parts, TextDetection.Side side, out bool isCut)
    {
        List<Finding> found = [];
        HashSet<(DetectorRule, int)> known = [];
        isCut = Look(json, list, parts, " ", side, known, found);
        // Two values of a list are not one value; two parts of a content are one text.
        if (parts.All(p => p.IsContent)) isCut |= Look(json, list, parts, "", side, known, found);
        return found;
    }

    private static bool Look(ReadOnlyMemory<byte> json, string list, IReadOnlyList<JsonPart> parts, string between, TextDetection.Side side, HashSet<(DetectorRule, int)> known, List<Finding> found)
    {
        var (all, pieces) = Together(json.Span, parts, between);
        var matches = TextLook.At(all, side, Asked.Cheap, out var isCut);
        foreach (var (detector, match) in matches)
        {
            var (first, last) = (At(pieces, match.Start), At(pieces, match.Start + match.Length - 1));
            var decision = side.DecisionOf(detector.Name, match.Rule.Id);
            if (pieces[first].Part == pieces[last].Part || (decision == Decision.Allow && !side.Redacts(detector.Name))) continue;
            if (between.Length > 0 ? !HasSentence(all, pieces, first, last) : known.Contains((match.Rule, pieces[first].Part))) continue;
            known.Add((match.Rule, pieces[first].Part));
            for (var i = first; i <= last && found.Count < TextDetection.FindingsMax; i++)
            {
                var piece = pieces[i];
                var (from, to) = (Math.Max(match.Start, piece.From), Math.Min(match.Start + match.Length, piece.From + piece.Length));
                if (from >= to) continue;
                var part = parts[piece.Part];
                using var text = JsonText.Decode(json.Span.Slice(part.Start, part.Length));
                var (start, end) = (text.PlaceOf(piece.Offset + from - piece.From), text.PlaceOf(piece.Offset + to - piece.From));
                found.Add(new(detector.Name, match.Rule.Id, part.PlaceIn(list), part.Start + start, end - start, decision, side.Redacts(detector.Name), $"{match.Rule.Reason}, in parts"));
            }
        }
        return isCut || found.Count >= TextDetection.FindingsMax;
    }

    // Words of a list are no sentence, but halves of a sentence are.
    private static bool HasSentence(string all, List<Piece> pieces, int first, int last)
    {
        for (var i = first; i <= last; i++)
            if (all.AsSpan(pieces[i].From, pieces[i].Length).Trim().Contains(' ')) return true;
        return false;
    }

    // One part at a time: there may be millions.
    private static (string All, List<Piece> Pieces) Together(ReadOnlySpan<byte> json, IReadOnlyList<JsonPart> parts, string between)
    {
        var all = new System.Text.StringBuilder();
        List<Piece> pieces = [];
        for (var part = 0; part < parts.Count; part++)
        {
            using var text = JsonText.Decode(json.Slice(parts[part].Start, parts[part].Length));
            var chars = text.Chars;
            if (chars.Length <= 2 * SeamChars) Add(chars, part, 0);
            else
            {
                Add(chars[..SeamChars], part, 0);
                // Nothing goes over this.
                all.Append('\0');
                Add(chars[^SeamChars..], part, chars.Length - SeamChars);
            }
            all.Append(between);
        }
        return (all.ToString(), pieces);

        void Add(ReadOnlySpan<char> chars, int part, int offset)
        {
            pieces.Add(new(all.Length, chars.Length, part, offset));
            all.Append(chars);
        }
    }

    // The piece in which a character stands, or the last before it.
    private static int At(List<Piece> pieces, int at)
    {
        var (low, high) = (0, pieces.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (pieces[middle].From <= at) low = middle;
            else high = middle - 1;
        }
        return low;
    }
}
