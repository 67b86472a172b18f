// The injection classifier: what it costs to read source code and to load it, against what it may cost; and what the other detectors of servers' texts cost beside it.
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Detection.Injection;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;

namespace CabinCrew.Benchmarks;

internal sealed class InjectionBenchmark : IBenchmark
{
    private const int Rounds = 15;
    private const double KilobyteMs = 0.5, LoadMs = 250;

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public string Name => "injection";

    public async Task<IReadOnlyList<Measure>> RunAsync(string scratch)
    {
        // The first time in this process, everything that it needs is compiled as well.
        var load = Stopwatch.StartNew();
        var model = InjectionModel.BuiltIn.Value;
        var loaded = load.Elapsed.TotalMilliseconds;

        var source = Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "source"), "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(File.ReadAllText).ToList();
        var code = string.Concat(source)[..500_000];
        var encoded = string.Concat(Enumerable.Repeat(Convert.ToBase64String(Encoding.UTF8.GetBytes(code[..3000])) + "\n", 100));
        var answer = JsonSerializer.SerializeToUtf8Bytes(new { content = new[] { new { type = "text", text = code } } }, Relaxed);
        var small = JsonSerializer.SerializeToUtf8Bytes(new { content = new[] { new { type = "text", text = "Successfully wrote to src/Session.cs\n" } } }, Relaxed);
        var (with, without) = (Of(Detectors.StandardOf("injection-model") with { FromServer = Decision.Warn }), Of(DetectorSettings.Off));
        var large = await Pairs.MedianAsync(Rounds, () => Timing.InProcess(() => with.Detect(answer, TextOrigin.Server)), () => Timing.InProcess(() => without.Detect(answer, TextOrigin.Server)));
        var little = await Pairs.MedianAsync(Rounds, () => Times(with, small), () => Times(without, small));
        return
        [
            new("a KB of source code", "us", await MsOfKilobyte(code) * 1000, "0.5 ms", KilobyteMs * 1000, 1),
            new("a KB of what is wrapped in base64", "us", await MsOfKilobyte(encoded) * 1000, "0.5 ms", KilobyteMs * 1000, 1),
            new("loading it, the first time", "ms", loaded, "250 ms", LoadMs, 1) { Note = $"model {model.Digest}" },
            new("all detectors, an answer of 500 KB", "ms", large.Ours.CpuMs, "without it", large.Peer.CpuMs, double.PositiveInfinity),
            new("all detectors, 1,000 answers of 100 bytes", "ms", little.Ours.CpuMs, "without it", little.Peer.CpuMs, double.PositiveInfinity),
        ];
    }

    private static TextDetection Of(DetectorSettings settings) => TextDetection.Of(new Dictionary<string, DetectorSettings> { ["injection-model"] = settings }, new Redactor()).Value;

    private static Task<Cost> Times(TextDetection detection, byte[] json) => Timing.InProcess(() =>
    {
        for (var i = 0; i < 1000; i++) detection.Detect(json, TextOrigin.Server);
    });

    private static async Task<double> MsOfKilobyte(string text)
    {
        var classifier = new InjectionClassifier();
        List<TextMatch> found = [];
        List<double> costs = [];
        for (var i = 0; i < Rounds; i++)
        {
            found.Clear();
            costs.Add((await Timing.InProcess(() => classifier.FindIn(text, found))).CpuMs);
        }
        return Pairs.Median(costs.Skip(1)) / (Encoding.UTF8.GetByteCount(text) / 1024.0);
    }
}
