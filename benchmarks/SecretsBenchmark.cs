// Looking for secrets: how fast on source code by one core, how soon after a start, how much of what is made up in every form and place is found, and how much is found in source code that has
// none. CABINCREW_BENCH_SOURCE names a directory to look through instead of this project's own sources.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using CabinCrew.Detection.Tests.Secrets;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Detection.Secrets;

namespace CabinCrew.Benchmarks;

internal sealed class SecretsBenchmark : IBenchmark
{
    private const int Back = 2048, Beyond = 8192;
    private const int FileBytesMax = 16 << 20;
    private const long BytesMax = 1L << 30;
    private const int Rounds = 9;

    public string Name => "secrets";

    public Task<IReadOnlyList<Measure>> RunAsync(string scratch)
    {
        var directory = Environment.GetEnvironmentVariable("CABINCREW_BENCH_SOURCE") ?? Path.Combine(AppContext.BaseDirectory, "source");
        // Before anything else: nothing of it was ever called.
        var clock = Stopwatch.StartNew();
        var first = new AnchorSearch(from detector in new ITextDetector[] { new SecretDetector(), new AssignmentDetector() } from anchor in detector.Anchors select new OwnedAnchor(detector, anchor));
        Find(first, "api_key = \"5f0c1a5293b14d7e8a642b9d3c7e1f08\"\nurl = \"https://a:s3cr3t-Kx9@h/\"\n"u8);
        var cold = clock.Elapsed.TotalMilliseconds;

        var files = Texts(directory).ToList();
        var bytes = files.Sum(f => (long)f.Bytes.Length);
        List<double> times = [];
        for (var i = -1; i < Rounds; i++)
        {
            var cpu = Usage.OfSelf();
            foreach (var (_, content) in files) Find(first, content);
            if (i >= 0) times.Add((Usage.OfSelf() - cpu).TotalMilliseconds);
        }
        var found = files.SelectMany(f => Find(first, f.Bytes).Select(rule => $"{rule} in {Path.GetRelativePath(directory, f.Name)}")).ToList();
        var (made, missed) = Missed(first);
        return Task.FromResult<IReadOnlyList<Measure>>(
        [
            new("30 MB of source code, CPU of one core", "ms", Pairs.Median(times) * 30e6 / bytes, "30 MB/s", 1000, 1) { Note = string.Create(CultureInfo.InvariantCulture, $"{bytes / Pairs.Median(times) / 1000:0} MB/s over {bytes / 1e6:0.0} MB in {files.Count} files") },
            new("the first text of a process", "ms", cold, "bound", 300, 1),
            new("made-up secrets that are missed, of a hundred", "", 100.0 * missed / made, "bound", 5, 1) { Note = $"{missed} of {made}, made from the rules' own declarations in {SecretSamples.Surroundings.Length} and {SecretSamples.Assignments.Length} surroundings" },
            new("findings in 10 MB of source code", "", found.Count * 10e6 / bytes, "bound", 10, 1) { Note = string.Join("\n    ", found.CountBy(f => f).Take(50).Select(f => f.Key).DefaultIfEmpty("none")) },
        ]);
    }

    private static List<string> Find(AnchorSearch search, ReadOnlySpan<byte> content)
    {
        List<string> found = [];
        search.Run(content, Back, Beyond, (_, match) =>
        {
            found.Add(match.Rule.Id);
            return true;
        });
        return found;
    }

    private static IEnumerable<(string Name, byte[] Bytes)> Texts(string directory)
    {
        var all = 0L;
        foreach (var file in Directory.EnumerateFiles(directory, "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint }))
        {
            if (new FileInfo(file).Length is 0 or > FileBytesMax || all > BytesMax) continue;
            var bytes = File.ReadAllBytes(file);
            if (bytes.AsSpan(0, Math.Min(bytes.Length, 8000)).Contains((byte)0)) continue;
            all += bytes.Length;
            yield return (file, bytes);
        }
    }

    private static (int Made, int Missed) Missed(AnchorSearch search)
    {
        var random = new Random(20261201);
        var (made, missed) = (0, 0);
        foreach (var rule in SecretRules.Table)
            foreach (var surrounding in SecretSamples.Surroundings)
                Try(rule.Id, string.Format(CultureInfo.InvariantCulture, surrounding, SecretSamples.Token(rule, random)));
        foreach (var service in KeyedServices.Table)
            foreach (var form in SecretSamples.Assignments)
                Try(service.Id, SecretSamples.Assign(form, service.Names[random.Next(service.Names.Length)], SecretSamples.Value(service, random)));
        return (made, missed);

        void Try(string rule, string text)
        {
            made++;
            if (!Find(search, Encoding.UTF8.GetBytes(text)).Contains(rule)) missed++;
        }
    }
}
