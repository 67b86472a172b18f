// The second look: goes through a JSON text, takes the suspect strings apart, and lets the detectors read what they mean.
using System.Globalization;
using System.Text;
using System.Text.Json;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection;

internal sealed class JsonLook(ReadOnlyMemory<byte> json, TextDetection.Side side, Redactor redactor, FirstLook first)
{
    private static readonly byte[] HiddenName = "[redacted]"u8.ToArray();

    private readonly List<Finding> findings = [];
    private readonly List<(byte[]? Name, int Index, bool IsArray)> way = [];
    private readonly HashSet<int> hiddenNames = [];

    // Of each list that is open, the texts in it.
    private readonly Stack<List<JsonPart>> parts = new();
    private Asked asked;
    private int place;
    private bool cut, hasParts;

    /// <param name="notAsked">Models that had nothing to say any more.</param>
    public IReadOnlyList<Finding> Run(out IReadOnlyList<string> notAsked)
    {
        notAsked = [];
        try
        {
            if (!first.IsNothing) Walk(Asked.Cheap);
            if (side.Models.Length == 0) return hasParts ? InOrder() : findings;
            // What is denied already is denied as a whole: a model could only say so again.
            if (findings.Exists(f => f.Decision == Decision.Deny) && !Array.Exists(side.Models, m => side.Redacts(m.Name)))
            {
                notAsked = [.. side.Models.Select(m => m.Name)];
                return findings;
            }
            var cheap = findings.Count;
            Walk(Asked.Models);
            if (hasParts || (cheap > 0 && findings.Count > cheap)) return InOrder();
        }
        catch (JsonException)
        {
            // What cannot be read cannot be looked through, and is no message either.
            findings.Add(new(TextDetection.NotAll, "unreadable", "", 0, json.Length, Decision.Deny, false, "this is no JSON, so nobody can say what is in it"));
        }
        return findings;
    }

    // What is told of all of it (that nobody looked at the rest) is told last.
    private List<Finding> InOrder() => [.. findings.OrderBy(f => f.Detector == TextDetection.NotAll).ThenBy(f => f.Start)];

    private void Walk(Asked by)
    {
        (asked, place) = (by, 0);
        way.Clear();
        parts.Clear();
        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = JsonText.DepthMax });
        while (reader.Read() && findings.Count < TextDetection.FindingsMax && !cut)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    Count();
                    way.Add((null, -1, reader.TokenType == JsonTokenType.StartArray));
                    if (reader.TokenType == JsonTokenType.StartArray) parts.Push([]);
                    break;
                case JsonTokenType.EndObject:
                    way.RemoveAt(way.Count - 1);
                    break;
                case JsonTokenType.EndArray:
                    way.RemoveAt(way.Count - 1);
                    Parts(parts.Pop());
                    break;
                case JsonTokenType.PropertyName:
                    way[^1] = (reader.ValueSpan.ToArray(), 0, false);
                    Text((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length, isName: true);
                    break;
                case JsonTokenType.String:
                    Count();
                    Part((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
                    Text((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
                    break;
                case JsonTokenType.Number:
                    Count();
                    if (first.HasMapped && asked == Asked.Cheap) Number((int)reader.TokenStartIndex, reader.ValueSpan.Length);
                    break;
                default:
                    Count();
                    break;
            }
        }
        if (findings.Count >= TextDetection.FindingsMax || cut) findings.Add(new(TextDetection.NotAll, "too-many", "", 0, json.Length, Decision.Deny, false, $"more than {TextDetection.FindingsMax} things were found, and nobody looked at the rest"));
    }

    private void Count()
    {
        if (way.Count > 0 && way[^1] is { IsArray: true } list) way[^1] = list with { Index = list.Index + 1 };
    }

    private void Part(int start, int length)
    {
        if (asked != Asked.Cheap || way.Count == 0) return;
        var isContent = way is [.., { IsArray: true }, { IsArray: false, Name: { } name }] && (name.AsSpan().SequenceEqual("text"u8) || (name.Contains((byte)'\\') && JsonText.Unescape(name) == "text"));
        if (isContent || way[^1].IsArray) parts.Peek().Add(new(way[isContent ? ^2 : ^1].Index, start, length, isContent));
    }

    private void Parts(List<JsonPart> list)
    {
        if (list.Count < 2) return;
        var found = JsonParts.Look(json, Pointer(), list, side, out var isCut);
        cut |= isCut;
        hasParts |= found.Count > 0;
        findings.AddRange(found.Take(TextDetection.FindingsMax - findings.Count));
    }

    private void Text(int start, int length, bool isName = false)
    {
        var raw = json.Span.Slice(start, length);
        if (isName && hiddenNames.Contains(start)) way[^1] = (HiddenName, 0, false);
        if (!IsSuspect(raw, start)) return;
        using var text = JsonText.Decode(raw);
        var found = TextLook.At(text.Chars, side, asked, out var isCut);
        cut |= isCut;
        var known = asked == Asked.Cheap && side.LooksForMapped && (first.HasMapped || first.HasEscapes) ? redactor.Locate(text.Chars) : [];
        // A name that is a secret, or holds one, is not told in any place.
        if (isName && (found.Count > 0 || known.Count > 0) && hiddenNames.Add(start)) way[^1] = (HiddenName, 0, false);
        foreach (var (detector, match) in found) Add(detector.Name, match.Rule.Id, match.Rule.Reason, start, text, match.Start, match.Length);
        foreach (var secret in known)
            Add(Detectors.Mapped, secret.Name, $"this is the value of the secret {secret.Name}", start, text, secret.Start, secret.Length);
    }

    private bool IsSuspect(ReadOnlySpan<byte> raw, int start)
    {
        if (asked == Asked.Models) return FirstLook.Suspects(raw, side.Models);
        while (place < first.Places.Count && first.Places[place] < start) place++;
        return first.HasMapped || first.IsCut
            || (place < first.Places.Count && first.Places[place] < start + raw.Length)
            || (first.HasEscapes && JsonEscapes.AreIn(raw))
            || (first.HasStrange && (FirstLook.Suspects(raw, side.Whole) || Disguise.MayBeIn(raw)));
    }

    private void Number(int start, int length)
    {
        var text = Encoding.ASCII.GetString(json.Span.Slice(start, length));
        if (redactor.Locate(text) is not [var secret, ..]) return;
        findings.Add(new(Detectors.Mapped, secret.Name, Pointer(), start, length, side.DecisionOf(Detectors.Mapped, secret.Name), side.Redacts(Detectors.Mapped), $"this is the value of the secret {secret.Name}") { IsNumber = true });
    }

    private void Add(string detector, string rule, string reason, int start, in JsonText text, int at, int length)
    {
        var decision = side.DecisionOf(detector, rule);
        var redact = side.Redacts(detector, rule);
        if ((decision == Decision.Allow && !redact) || findings.Count >= TextDetection.FindingsMax) return;
        var from = start + text.PlaceOf(at);
        findings.Add(new(detector, rule, Pointer(), from, start + text.PlaceOf(at + length) - from, decision, redact, reason));
    }

    private string Pointer()
    {
        var pointer = new StringBuilder();
        foreach (var (name, index, isArray) in way)
        {
            pointer.Append('/');
            if (isArray) pointer.Append(index.ToString(CultureInfo.InvariantCulture));
            else pointer.Append(JsonText.Unescape(name ?? []).Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
        }
        return pointer.ToString();
    }
}
