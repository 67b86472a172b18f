// Metrics as text: what Prometheus reads, checked by a reader of its own that knows the format and not the writer.
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.RegularExpressions;
using CabinCrew.Gateways.Metrics;

namespace CabinCrew.Gateways.Tests.Llm;

[Clause("AUD-04")]
public sealed class MetricsTextTests
{
    [Fact]
    public void Counters_gauges_and_histograms_are_written_as_the_format_has_them()
    {
        using var meter = new Meter("test");
        var counter = meter.CreateCounter<long>("a.count", null, "What is counted.\nIn \\ two lines.");
        var gauge = meter.CreateUpDownCounter<long>("b.open");
        var histogram = meter.CreateHistogram("c.seconds", null, "Took.", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.125, 1] });
        meter.CreateObservableGauge("d.up", () => 1);
        using var text = new MetricsText(meter);
        counter.Add(2, KeyValuePair.Create("who", (object?)"a\"b\\c\nd"));
        counter.Add(3, KeyValuePair.Create("who", (object?)"a\"b\\c\nd"));
        counter.Add(1, KeyValuePair.Create("who", (object?)"e"));
        gauge.Add(5);
        gauge.Add(-2);
        foreach (var value in (double[])[0.125, 0.25, 5]) histogram.Record(value);
        Assert.Equal("""
            # HELP a_count_total What is counted.\nIn \\ two lines.
            # TYPE a_count_total counter
            a_count_total{who="a\"b\\c\nd"} 5
            a_count_total{who="e"} 1
            # HELP b_open 
            # TYPE b_open gauge
            b_open 3
            # HELP c_seconds Took.
            # TYPE c_seconds histogram
            c_seconds_bucket{le="0.125"} 1
            c_seconds_bucket{le="1"} 2
            c_seconds_bucket{le="+Inf"} 3
            c_seconds_sum 5.375
            c_seconds_count 3
            # HELP d_up 
            # TYPE d_up gauge
            d_up 1

            """, text.Write());
        var read = ExpositionReader.Read(text.Write());
        Assert.Equal(5, read["a_count_total"].Single(s => s.Labels["who"] == "a\"b\\c\nd").Value);
        // Read again it says the same: an observed value does not add up.
        Assert.Equal(text.Write(), text.Write());
    }

    [Fact]
    public void No_label_makes_series_without_bound_and_other_meters_are_not_heard()
    {
        using var meter = new Meter("test");
        using var other = new Meter("test");
        var (counter, foreign) = (meter.CreateCounter<long>("a"), other.CreateCounter<long>("b"));
        using var text = new MetricsText(meter, seriesMax: 3);
        foreign.Add(1);
        for (var i = 0; i < 10; i++) counter.Add(1, KeyValuePair.Create("i", (object?)i));
        counter.Add(1, KeyValuePair.Create("i", (object?)0));
        var read = ExpositionReader.Read(text.Write());
        Assert.Equal(["a_total"], read.Keys);
        Assert.Equal([2.0, 1, 1], read["a_total"].Select(s => s.Value));
    }

    [Theory]
    [InlineData("a 1\n", "before its TYPE")]
    [InlineData("# TYPE a counter\na{b=\"c} 1\n", "a{b")]
    [InlineData("# TYPE a counter\na 1", "line feed")]
    [InlineData("# TYPE a counter\na x\n", "a x")]
    [InlineData("# TYPE a counter\na 1\na 2\n", "twice")]
    [InlineData("# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n", "fall")]
    public void The_reader_itself_refuses_what_is_none(string text, string said) => Assert.Contains(said, Assert.Throws<FormatException>(() => ExpositionReader.Read(text)).Message, StringComparison.Ordinal);
}

/// <summary>The text format 0.0.4 from its description: names, labels with their escapes, one TYPE before its samples, histograms that only rise.</summary>
internal static partial class ExpositionReader
{
    public sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\["\\n])*"(,|(?=\})))*)\})? (?<value>[^ ]+)$""")]
    private static partial Regex Line { get; }

    [GeneratedRegex("""(?<name>[a-zA-Z0-9_]+)="(?<value>([^"\\]|\\.)*)",?""")]
    private static partial Regex Label { get; }

    [GeneratedRegex("^# (?<what>HELP|TYPE) (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<text>.*)$")]
    private static partial Regex Comment { get; }

    /// <summary>By family.</summary>
    public static Dictionary<string, List<Sample>> Read(string text)
    {
        if (text.Length > 0 && !text.EndsWith('\n')) throw new FormatException("the last line has no line feed");
        Dictionary<string, List<Sample>> families = [];
        Dictionary<string, string> kinds = [];
        HashSet<string> seen = [];
        foreach (var line in text.Split('\n')[..^1])
        {
            if (Comment.Match(line) is { Success: true } comment)
            {
                if (comment.Groups["what"].Value == "TYPE") kinds.Add(comment.Groups["name"].Value, comment.Groups["text"].Value);
                continue;
            }
            if (Line.Match(line) is not { Success: true } sample) throw new FormatException($"no sample: {line}");
            var name = sample.Groups["name"].Value;
            var family = kinds.Keys.FirstOrDefault(k => name == k || (kinds[k] == "histogram" && (name == $"{k}_bucket" || name == $"{k}_sum" || name == $"{k}_count"))) ?? throw new FormatException($"a sample before its TYPE: {line}");
            if (!seen.Add($"{name}{{{sample.Groups["labels"].Value}}}")) throw new FormatException($"twice: {line}");
            var labels = Label.Matches(sample.Groups["labels"].Value).ToDictionary(m => m.Groups["name"].Value, m => Regex.Replace(m.Groups["value"].Value, @"\\(.)", e => e.Groups[1].Value == "n" ? "\n" : e.Groups[1].Value));
            if (!double.TryParse(sample.Groups["value"].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)) throw new FormatException($"no number: {line}");
            if (!families.TryGetValue(family, out var samples)) families[family] = samples = [];
            samples.Add(new(name, labels, value));
        }
        foreach (var (name, samples) in families.Where(f => kinds[f.Key] == "histogram"))
            foreach (var series in samples.GroupBy(s => string.Join(",", s.Labels.Where(l => l.Key != "le").OrderBy(l => l.Key).Select(l => $"{l.Key}={l.Value}"))))
            {
                var buckets = series.Where(s => s.Name == $"{name}_bucket").ToList();
                if (buckets[^1].Labels["le"] != "+Inf" || buckets[^1].Value != series.Single(s => s.Name == $"{name}_count").Value || !buckets.Zip(buckets.Skip(1)).All(b => b.First.Value <= b.Second.Value)) throw new FormatException($"the buckets of {name} fall, or do not end with all");
            }
        return families;
    }
}
