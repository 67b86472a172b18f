// Hostile text ends in an error, soon, whatever it nests, repeats or leaves open.
using System.Diagnostics;
using System.Text;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Syntax.Formatting;

namespace CabinCrew.Rego.Tests.Syntax;

public class ParserBoundsTests
{
    private static RegoResult<RegoModule> Timed(string text)
    {
        var clock = Stopwatch.StartNew();
        var result = RegoModule.Parse(text, "t.rego");
        Assert.True(clock.ElapsedMilliseconds < 3000, $"took {clock.ElapsedMilliseconds} ms");
        return result;
    }

    [Theory]
    [InlineData("[")]
    [InlineData("(")]
    [InlineData("{")]
    [InlineData("{1:")]
    [InlineData("[x|")]
    [InlineData("{x|")]
    [InlineData("{x:y|")]
    [InlineData("f(")]
    [InlineData("x[")]
    [InlineData("[x|[y|z,")]
    [InlineData("{x|{y|z,")]
    [InlineData("$\"{")]
    [InlineData("1 + (")]
    [InlineData("x, (y, [")]
    [InlineData("[x | every y in z {")]
    public void a_hundred_thousand_open_brackets_are_an_error(string open)
    {
        var text = new StringBuilder("package t\np := ").Insert(15, open, 100_000);
        Assert.False(Timed(text.ToString()).Ok);
    }

    [Theory]
    [InlineData("not {")]
    [InlineData("not (")]
    [InlineData("{ a and (")]
    [InlineData("(a or {")]
    public void open_logic_is_an_error(string open)
    {
        var text = "package t\nimport future.keywords\np if " + new StringBuilder().Insert(0, open, 50_000);
        Assert.False(Timed(text).Ok);
    }

    [Theory]
    [InlineData("[x | ", ", y]")]
    [InlineData("{x | ", ", y}")]
    [InlineData("{x: y | ", ", z: w}")]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    public void what_reads_two_ways_at_every_level_takes_linear_time(string open, string close)
    {
        var text = "package t\np := " + new StringBuilder().Insert(0, open, 90) + "1" + new StringBuilder().Insert(0, close, 90);
        Assert.True(Timed(text).Ok);
    }

    [Fact]
    public void endless_chains_are_an_error()
    {
        Assert.False(Timed("package t\np := 1" + new StringBuilder().Insert(0, " + 1", 100_000)).Ok);
        Assert.False(Timed("package t\np if false" + new StringBuilder().Insert(0, "\nelse if false", 100_000)).Ok);
        Assert.False(Timed("package t\nimport future.keywords\np if x" + new StringBuilder().Insert(0, " or x", 100_000)).Ok);
        Assert.False(Timed("package t\np := 1" + new StringBuilder().Insert(0, " in x", 100_000)).Ok);
        Assert.False(Timed("package t\np := x" + new StringBuilder().Insert(0, ".y", 100_000)).Ok);
        Assert.False(Timed("package t" + new StringBuilder().Insert(0, ".y", 100_000)).Ok);
        Assert.True(Timed("package t\np := x" + new StringBuilder().Insert(0, ".y", 500)).Ok);
    }

    [Fact]
    public void a_text_beyond_the_limit_is_not_read() =>
        Assert.Contains("text too long", RegoModule.Parse("package t\n" + new string('#', 10_000_000), "t.rego").Errors[0].Message);

    [Fact]
    public void a_policy_of_a_megabyte_is_read_in_time() =>
        Assert.True(Timed("package t\n" + new StringBuilder().Insert(0, "p contains \"x\" if input.a[_].b == {1, 2, \"abc\"}\n", 20_000)).Ok);

    private static readonly string[] seeds =
    [
        "package a.b\nimport data.x as y\nimport rego.v1\n# METADATA\n# title: t\ndefault p := false\np if { some k, v in input.xs; v.z > (1 + 2) * 3; not v.w }\n",
        "package a\nf(x, [y, _]) := z if { z := {\"k\": v | v := x[_]} } else := 3 if x == 1\np contains $\"a {input.b + 1} {$`x{y}`}\" if every q in [1] { q in {1} }\n",
        "package a\nimport future.keywords\np if { { a := 1; a > 0 } and not (b or c) with input as {\"x\": set()} with data.f as g }\np.q[r].s := `raw` if true\n",
        "package a\np[x] { x = 1.5e3 } { x = -1 }\nq = y { y := [1, \"\\u00e9\\n\", null][_] }\n",
    ];

    // Mutates valid policies and makes random text: reading never throws and never dwells, and what is read formats to something stable.
    [Theory]
    [InlineData(20261122)]
    [InlineData(7)]
    public void no_text_breaks_the_parser(int seed)
    {
        var random = new Random(seed);
        var clock = Stopwatch.StartNew();
        var read = 0;
        for (var round = 0; clock.ElapsedMilliseconds < 2500; round++)
        {
            var text = Mutate(seeds[round % seeds.Length], random);
            foreach (var version in new[] { RegoVersion.V1, RegoVersion.V0 })
            {
                var start = clock.ElapsedMilliseconds;
                var result = RegoModule.Parse(text, "fuzz.rego", new ParseOptions { Version = version });
                RegoQuery.Parse(text);
                if (result.Ok)
                {
                    read++;
                    var once = RegoFormatter.Format(result.Value);
                    var again = RegoModule.Parse(once, "fuzz.rego", new ParseOptions { Version = version });
                    Assert.True(again.Ok, $"seed {seed}: formatted text does not parse:\n{text}\n---\n{once}");
                    Assert.True(Read.Outline(result.Value) == Read.Outline(again.Value), $"seed {seed}: formatting changed the policy:\n{text}\n---\n{once}");
                    Assert.True(once == RegoFormatter.Format(again.Value), $"seed {seed}: formatting is not stable:\n{text}\n---\n{once}");
                }
                else
                {
                    Assert.All(result.Errors, error => Assert.Equal("rego_parse_error", error.Code));
                }

                Assert.True(clock.ElapsedMilliseconds - start < 1000, $"seed {seed}: took long:\n{text}");
            }
        }

        Assert.True(read > 20, $"only {read} of the mutated policies could be read");
    }

    private static string Mutate(string text, Random random)
    {
        var changed = new StringBuilder(text);
        for (var count = random.Next(1, 5); count > 0; count--)
        {
            var at = random.Next(changed.Length);
            var length = Math.Min(random.Next(1, 12), changed.Length - at);
            switch (random.Next(6))
            {
                case 0:
                    changed.Remove(at, length);
                    break;
                case 1:
                    changed.Insert(at, changed.ToString(at, length));
                    break;
                case 2:
                    changed.Insert(at, "{}[]()|,;:=.\"`$#\n\t \\&*-+%<>!_0aé\0"[random.Next(33)]);
                    break;
                case 3:
                    var other = seeds[random.Next(seeds.Length)];
                    var from = random.Next(other.Length);
                    changed.Insert(at, other.AsSpan(from, Math.Min(random.Next(1, 60), other.Length - from)));
                    break;
                case 4:
                    changed[at] = (char)random.Next(1, 0x3000);
                    break;
                default:
                    changed.Insert(at, new string("[{(|"[random.Next(4)], random.Next(1, 300)));
                    break;
            }

            if (changed.Length == 0)
                changed.Append("package a");
        }

        return changed.ToString();
    }
}
