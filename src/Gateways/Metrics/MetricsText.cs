// What a meter counts, as text that Prometheus reads (exposition format 0.0.4). It knows no gateway: counters, gauges and histograms of one meter, with their labels.
// Invariant: the number of series is bounded, whatever labels are given.
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace CabinCrew.Gateways.Metrics;

public sealed class MetricsText : IDisposable
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly MeterListener listener = new();
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, Family> families = new(StringComparer.Ordinal);
    private readonly int seriesMax;
    private int count;

    /// <param name="seriesMax">More are not counted.</param>
    public MetricsText(Meter meter, int seriesMax = 10_000)
    {
        this.seriesMax = seriesMax;
        listener.InstrumentPublished = (instrument, own) =>
        {
            if (!ReferenceEquals(instrument.Meter, meter)) return;
            lock (gate) families[NameOf(instrument)] = new(instrument);
            own.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, labels, _) => Take(instrument, value, labels));
        listener.SetMeasurementEventCallback<int>((instrument, value, labels, _) => Take(instrument, value, labels));
        listener.SetMeasurementEventCallback<double>((instrument, value, labels, _) => Take(instrument, value, labels));
        listener.Start();
    }

    /// <summary>As it stands now.</summary>
    public string Write()
    {
        listener.RecordObservableInstruments();
        var text = new StringBuilder();
        lock (gate)
            foreach (var (name, family) in families) family.Write(text, name);
        return text.ToString();
    }

    public void Dispose() => listener.Dispose();

    private static string NameOf(Instrument instrument) => instrument.Name.Replace('.', '_') + (IsCounter(instrument) ? "_total" : "");

    private static bool IsCounter(Instrument instrument) => instrument is Counter<long> or Counter<double>;

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        var written = Labels(labels);
        lock (gate)
        {
            var family = families[NameOf(instrument)];
            if (!family.Series.TryGetValue(written, out var series))
            {
                if (count == seriesMax) return;
                count++;
                family.Series[written] = series = new(family.Bounds.Length);
            }
            series.Take(value, family);
        }
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in labels) text.Append(text.Length > 0 ? "," : "").Append(name).Append("=\"").Append(Escaped($"{value}", isLabel: true)).Append('"');
        return text.ToString();
    }

    private static string Escaped(string text, bool isLabel)
    {
        text = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return isLabel ? text.Replace("\"", "\\\"", StringComparison.Ordinal) : text;
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private sealed class Family(Instrument instrument)
    {
        private readonly string kind = IsCounter(instrument) ? "counter" : instrument is Histogram<double> ? "histogram" : "gauge";

        /// <summary>Of a histogram's buckets, without the last.</summary>
        public double[] Bounds { get; } = instrument is Histogram<double> histogram ? [.. histogram.Advice?.HistogramBucketBoundaries ?? []] : [];

        /// <summary>An observed value is the value, others add up.</summary>
        public bool IsObserved => instrument.IsObservable;

        public bool IsHistogram => kind == "histogram";

        public SortedDictionary<string, Series> Series { get; } = new(StringComparer.Ordinal);

        public void Write(StringBuilder to, string name)
        {
            to.Append("# HELP ").Append(name).Append(' ').Append(Escaped(instrument.Description ?? "", isLabel: false)).Append("\n# TYPE ").Append(name).Append(' ').Append(kind).Append('\n');
            foreach (var (labels, series) in Series)
            {
                if (IsHistogram) series.WriteBuckets(to, name, labels, Bounds);
                else Line(to, name, labels, series.Sum);
            }
        }
    }

    private sealed class Series(int bounds)
    {
        private readonly long[] buckets = new long[bounds + 1];

        public double Sum { get; private set; }

        public void Take(double value, Family family)
        {
            Sum = family.IsObserved ? value : Sum + value;
            if (!family.IsHistogram) return;
            // The first bound that is not below the value.
            var at = Array.BinarySearch(family.Bounds, value);
            buckets[at < 0 ? ~at : at]++;
        }

        public void WriteBuckets(StringBuilder to, string name, string labels, double[] bounds)
        {
            var (all, comma) = (0L, labels.Length > 0 ? "," : "");
            for (var i = 0; i < buckets.Length; i++) Line(to, $"{name}_bucket", $"{labels}{comma}le=\"{(i < bounds.Length ? Number(bounds[i]) : "+Inf")}\"", all += buckets[i]);
            Line(to, $"{name}_sum", labels, Sum);
            Line(to, $"{name}_count", labels, all);
        }
    }

    private static void Line(StringBuilder to, string name, string labels, double value) => to.Append(name).Append(labels.Length > 0 ? $"{{{labels}}}" : "").Append(' ').Append(Number(value)).Append('\n');
}
