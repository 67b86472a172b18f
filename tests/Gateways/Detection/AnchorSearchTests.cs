// The search for anchors against one that looks at every place: the same places in bytes and in characters, at every alignment, and never one missed.
using System.Text;
using CabinCrew.Governance.Detection;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Detection;

public sealed class AnchorSearchTests
{
    private static readonly DetectorRule Rule = new("rule", "reason");
    private static readonly ITextDetector Detector = Detectors.Table[0];

    private static readonly (string Text, bool IgnoreCase)[] Words =
        [.. Detectors.Table.SelectMany(d => d.Anchors).Select(a => (a.Text, a.IgnoreCase)).Distinct()];

    private static AnchorSearch Of(IEnumerable<(string Text, bool IgnoreCase)> words) => new(words.Select(w => new OwnedAnchor(Detector, new Anchor(w.Text, (_, at) => new(Rule, at, w.Text.Length), w.IgnoreCase))));

    private static List<(int, int)> Naive(string text) =>
        [.. from at in Enumerable.Range(0, text.Length) from w in Words where text.AsSpan(at).StartsWith(w.Text, w.IgnoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal) select (at, w.Text.Length)];

    private static List<(int, int)> InBytes(AnchorSearch search, byte[] text)
    {
        List<(int, int)> found = [];
        search.Run(text, 2048, 8192, (_, m) =>
        {
            found.Add((m.Start, m.Length));
            return true;
        });
        return found;
    }

    private static List<(int, int)> InText(AnchorSearch search, string text)
    {
        List<(int, int)> found = [];
        search.Run(text, (_, m) =>
        {
            found.Add((m.Start, m.Length));
            return true;
        });
        return found;
    }

    [Fact]
    public void Every_anchor_is_found_at_every_place_of_a_block_and_at_the_very_end()
    {
        var search = Of(Words);
        foreach (var (word, ignoreCase) in Words)
            for (var before = 0; before < 70; before++)
            {
                var text = new string('.', before) + (ignoreCase ? word.ToUpperInvariant() : word);
                Assert.Contains((before, word.Length), InBytes(search, Encoding.UTF8.GetBytes(text)));
                Assert.Contains((before, word.Length), InText(search, text));
            }
    }

    [Fact]
    public void Made_up_texts_have_the_same_anchors_as_one_by_one()
    {
        var search = Of(Words);
        var random = new Random(4711);
        string[] pieces = [.. Words.Select(w => w.Text), .. Words.Select(w => w.Text[..^1]), .. Words.Select(w => w.Text.ToUpperInvariant()), "é", "日本", "\ud83d\ude00", "x", " ", "\\n", "sk", "gh", "\u017F", "pa\u017Fsword=", "\u212A", "ÿ", "µ"];
        for (var i = 0; i < 3000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => pieces[random.Next(pieces.Length)]));
            Assert.Equal(Naive(text).Order(), InText(search, text).Order());
            // In bytes a place is a byte's, and letters that fold are not ASCII.
            var latin = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));
            Assert.Equal(Naive(latin).Order(), InBytes(search, Encoding.UTF8.GetBytes(text)).Order());
        }
    }

    [Fact]
    public void What_stands_far_behind_or_across_windows_is_seen_with_what_is_around_it()
    {
        var seen = new List<(string, int)>();
        var search = new AnchorSearch([new(Detector, new Anchor("KEY", (text, at) =>
        {
            seen.Add((text[Math.Max(0, at - 3)..Math.Min(text.Length, at + 6)].ToString(), at));
            return new(Rule, at, 3);
        }))]);
        foreach (var place in (int[])[5, (1 << 16) - 1, 1 << 16, (1 << 16) + 1, 3 * (1 << 16) - 2, 200_000])
        {
            seen.Clear();
            var bytes = Encoding.UTF8.GetBytes(new string('-', place) + "KEY=12" + new string('-', 9000));
            Assert.Equal([(place, 3)], InBytes(search, bytes));
            Assert.Equal("---KEY=12", Assert.Single(seen).Item1);
        }
    }

    [Fact]
    public void Whoever_has_enough_is_told_no_more()
    {
        var count = 0;
        Of(Words).Run(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("AKIA ", 100))), 10, 10, (_, _) => ++count < 3);
        Assert.Equal(3, count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain")]
    [InlineData("a\\nb\\\\c\\u00e9d\\ud83d\\ude00e")]
    [InlineData("é日\ud83d\ude00x\\t")]
    [InlineData("\\/")]
    public void Each_character_of_a_decoded_string_has_the_place_of_its_bytes(string json)
    {
        var raw = Encoding.UTF8.GetBytes(json);
        using var text = JsonText.Decode(raw);
        Assert.Equal(System.Text.Json.JsonElement.Parse([(byte)'"', .. raw, (byte)'"']).GetString(), text.Chars.ToString());
        Assert.Equal(raw.Length, text.PlaceOf(text.Chars.Length));
        for (var i = 0; i < text.Chars.Length; i++)
        {
            if (char.IsLowSurrogate(text.Chars[i]) && text.PlaceOf(i) == text.PlaceOf(i - 1)) continue;
            Assert.Equal(text.Chars[i..].ToString(), JsonText.Unescape(raw.AsSpan(text.PlaceOf(i))));
        }
    }
}
