// Made-up patterns: they compile or are refused, never throw, never take long; whether, where and what they match is what another engine finds.
using System.Diagnostics;
using System.Text.RegularExpressions;
using CabinCrew.Rego.Builtins.Patterns;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Tests.Builtins;

public class PatternFuzzTests
{
    private const string Pieces = "a b c . ^ $ * + ? | ( ) (?: (?i) (?P<n> [ ] [^ a-c [[:alpha:]] - , { } 2 {2} {1,3} {,2} \\ \\d \\w \\s \\b \\B \\pL \\p{Lu} \\Q \\E \\x41 \\x{1F600} é 😀 \n";

    private static string Make(Random random, int length)
    {
        var pieces = Pieces.Split(' ');
        return string.Concat(Enumerable.Range(0, random.Next(1, length)).Select(_ => pieces[random.Next(pieces.Length)]));
    }

    [Fact]
    public void Any_pattern_compiles_or_is_refused_and_matches_in_bounded_time()
    {
        var random = new Random(30);
        var (valid, clock) = (0, Stopwatch.StartNew());
        for (var round = 0; round < 1_500 && clock.Elapsed.TotalSeconds < 4; round++)
        {
            string pattern = Make(random, 12), text = Make(random, 30);
            foreach (var name in new[] { "regex.match", "regex.split", "regex.globs_match" })
            {
                var context = new TestContext();
                var answer = Rego.Builtins.BuiltinTable.Find(name)!.Function(context, [Value.From(pattern), Value.From(text)]);
                Assert.True(answer is not null || context.Failed, $"{name} {pattern}");
                if (answer is not null) valid++;
            }

            var globs = new TestContext();
            Assert.True(Rego.Builtins.BuiltinTable.Find("glob.match")!.Function(globs, [Value.From(pattern), NullValue.Instance, Value.From(text)]) is not null || globs.Failed, pattern);
        }

        Assert.True(valid > 20, $"only {valid} of the patterns were valid");
    }

    [Theory]
    [InlineData("(a*)*b")]
    [InlineData("(a|aa)+$")]
    [InlineData("([a-z]+)*[0-9]")]
    public void Patterns_that_explode_elsewhere_are_linear_here(string pattern)
    {
        var clock = Stopwatch.StartNew();
        Assert.False(Pattern.Compile(pattern).IsMatch(new string('a', 50_000) + "!"));
        Assert.True(Glob.Compile("*a*a*a*a*a*a*a*b", "").IsMatch(new string('a', 20_000)) is false);
        Assert.Empty(Pattern.Compile(pattern).Matches(new string('a', 50_000) + "!", withGroups: true, static _ => { }));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), clock.Elapsed.ToString());
    }

    [Fact]
    public void What_a_search_costs_is_taken_off_the_budget()
    {
        long Cost(string pattern, int length)
        {
            long charged = 0;
            Assert.Single(Pattern.Compile(pattern).Matches(new string('a', length) + "b", withGroups: true, n => charged += n));
            return charged;
        }

        Assert.InRange(Cost("(a|a|a|a|a|a|a|a)*b$", 20_000), 9 * Cost("(a|a|a|a|a|a|a|a)*b$", 2_000), 11 * Cost("(a|a|a|a|a|a|a|a)*b$", 2_000));
        Assert.True(Cost("(a?){200}a*b", 5_000) > 20 * Cost("(a?){2}a*b", 5_000));
    }

    [Fact]
    public void A_pattern_of_too_many_groups_for_its_size_is_refused_where_they_are_asked_for()
    {
        var pattern = Pattern.Compile(string.Concat(Enumerable.Repeat("(a)", 1_500)));
        var text = new string('a', 1_500);
        Assert.Single(pattern.Matches(text, withGroups: false, static _ => { }));
        Assert.Contains("expression too large", Assert.Throws<PatternException>(() => pattern.Matches(text, withGroups: true, static _ => { }).ToList()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[^b]+c?")]
    [InlineData("^.(a|é)*.$")]
    [InlineData("\\W\\b|.{2}")]
    public void Texts_with_characters_beyond_the_first_plane_match_alike(string pattern)
    {
        // The same text with a character of the first plane in place of the other.
        var compiled = Pattern.Compile(pattern);
        foreach (var text in new[] { "☃", "a☃", "☃☃", "b☃a", "é☃é", "" })
        {
            Assert.Equal(compiled.IsMatch(text), compiled.IsMatch(text.Replace("☃", "😀", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void Whether_a_pattern_matches_is_what_the_other_engine_finds()
    {
        var random = new Random(41);
        var (agreed, held) = (0, 0);
        for (var round = 0; round < 6_000; round++)
        {
            // Between characters beyond ASCII the other engine sees words where RE2 sees none.
            string pattern = Make(random, 9), text = Make(random, 12).Replace("é", "a", StringComparison.Ordinal).Replace("K", "k", StringComparison.Ordinal);
            Pattern compiled;
            try
            {
                compiled = Pattern.Compile(pattern);
            }
            catch (PatternException)
            {
                continue;
            }

            var matches = compiled.IsMatch(text);
            var found = compiled.Matches(text, withGroups: true, static _ => { }).Select(m => Shown(compiled.Names.Count, m.Group)).ToList();
            Assert.True(matches == found.Count > 0, $"'{pattern}' on '{text}': {matches}");
            Assert.Equal(OtherEngine(pattern, text, compiled.Names.Count), found);
            agreed++;
            if (matches) held++;
        }

        Assert.True(agreed > 1_000 && held > 200 && held < agreed - 200, $"{held} of {agreed}");
    }

    // Successive matches as Go has them, each with the text of its groups.
    private static List<string> OtherEngine(string pattern, string text, int groups)
    {
        var regex = new Regex(PatternWriter.Write(PatternParser.Parse(pattern).Root, text.Any(char.IsSurrogate)), RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5));
        List<string> found = [];
        var previousEnd = -1;
        for (var at = 0; at <= text.Length;)
        {
            var match = regex.Match(text, at);
            if (!match.Success) break;
            var end = match.Index + match.Length;
            if (end != at || match.Index != previousEnd) found.Add(Shown(groups, i => match.Groups[i].ValueSpan));
            at = end > at ? end : at + (at < text.Length && char.IsHighSurrogate(text[at]) ? 2 : 1);
            previousEnd = end;
        }

        return found;
    }

    private static string Shown(int groups, Func<int, ReadOnlySpan<char>> group) => string.Join('|', Enumerable.Range(0, groups).Select(i => group(i).ToString()));

    [Theory]
    [InlineData(@"\bé", "é", false)]
    [InlineData(@"a\b", "aé", true)]
    [InlineData(@"(?m:^b$)", "a\nb\nc", true)]
    [InlineData(@"^b$", "a\nb\nc", false)]
    [InlineData(@"a$", "a\n", false)]
    [InlineData(@"^(a|^b|)c", "xc", false)]
    [InlineData(@"x*(^|y)b", "zb", false)]
    [InlineData(@"(a?){5}(b|$){2}", "aaa", true)]
    [InlineData(@"^.$", "😀", true)]
    [InlineData(@"^[^😀]$", "😀", false)]
    [InlineData(@"(?i)^\x{212A}S$", "k\u017F", true)]
    [InlineData(@"(?i)^[k-s]+$", "KS\u212A\u017F", true)]
    [InlineData(@"[^\x00-\x{10FFFF}]", "a", false)]
    public void Anchors_and_characters_are_those_of_RE2(string pattern, string text, bool matches) =>
        Assert.Equal(matches, Pattern.Compile(pattern).IsMatch(text));

    [Fact]
    public void Half_a_character_reads_as_the_one_that_stands_for_what_cannot_be_read()
    {
        Assert.True(Pattern.Compile("^\\x{FFFD}a$").IsMatch("\uD800a"));
        Assert.True(Pattern.Compile("^a.$").IsMatch("a\uDC00"));
        Assert.False(Pattern.Compile("^\\x{FFFD}").IsMatch("\U0001F600"));
    }

    [Fact]
    public void A_text_that_leads_to_ever_new_states_is_still_told_and_by_many_threads_alike()
    {
        var random = new Random(5);
        // Twenty characters behind the first "a" decide: more states than are kept.
        var pattern = Pattern.Compile("^[ab]*a[ab]{20}c$");
        var texts = Enumerable.Range(0, 8).Select(i => string.Concat(Enumerable.Range(0, 20_000).Select(_ => random.Next(2) == 0 ? 'a' : 'b')) + (i % 2 == 0 ? "a" : "b") + new string('b', 20) + "c").ToArray();
        Parallel.For(0, 32, i => Assert.Equal(i % 2 == 0, pattern.IsMatch(texts[i % 8])));
    }
}
