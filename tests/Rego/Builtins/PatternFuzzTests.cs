// Made-up patterns: they compile or are refused, never throw, never take long; and both spellings of a pattern agree.
using System.Diagnostics;
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
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), clock.Elapsed.ToString());
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
}
