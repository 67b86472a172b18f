// `cabincrew scan`: how much real source a core looks through in a second, beside grep with a handful of patterns on the same files; and how long one file takes, the whole process.
using CabinCrew.Governance.Detection.Scanning;

namespace CabinCrew.Benchmarks;

internal sealed class ScanBenchmark : IBenchmark
{
    private const int Rounds = 11;
    private const double MegabytesPerSecondMin = 30;
    private const double FirstFileMsMax = 300;

    // What people grep for; the detectors know some two hundred rules more.
    private const string Patterns = "AKIA[A-Z2-7]{16}|gh[pousr]_[A-Za-z0-9]{36}|-----BEGIN [A-Z ]*PRIVATE KEY-----|[a-z+]+://[^/ :@]+:[^/ @]+@|sk_live_[A-Za-z0-9]{24}|xox[bp]-[0-9]+-[A-Za-z0-9-]+|AIza[0-9A-Za-z_-]{35}";

    public string Name => "scan";

    public async Task<IReadOnlyList<Measure>> RunAsync(string scratch)
    {
        var program = Path.Combine(Environment.GetEnvironmentVariable("CABINCREW_APP") ?? throw new InvalidOperationException("CABINCREW_APP names the built program; use benchmarks/run"), "cabincrew");
        List<ScanContent> contents = [.. Copy(scratch)];
        var megabytes = contents.Sum(c => (double)c.Bytes.Length) / 1e6;
        var (ours, grep) = await Pairs.MedianAsync(Rounds,
            () => Timing.InProcess(() =>
            {
                foreach (var content in contents) Scanner.Standard.Scan(content, CancellationToken.None);
            }),
            () => Timing.ProcessAsync("bash", ["-c", "LC_ALL=C grep -rEc -e \"$0\" . > /dev/null; true", Patterns], scratch));
        var first = Path.Combine(scratch, contents[0].Name);
        var (process, whole) = await Pairs.MedianAsync(Rounds,
            () => Timing.ProcessAsync(program, ["scan", first], scratch),
            () => Timing.ProcessAsync("bash", ["-c", "\"$0\" scan . --all > /dev/null; true", program], scratch));
        return
        [
            new($"scan {megabytes:0} MB of source, CPU", "ms", ours.CpuMs, "at 30 MB/s a core", megabytes / MegabytesPerSecondMin * 1000, 1) { Note = $"{megabytes / ours.CpuMs * 1000:0} MB/s a core, warm" },
            new($"scan {megabytes:0} MB of source, CPU", "ms", ours.CpuMs, "grep -rE, 7 patterns", grep.CpuMs, double.PositiveInfinity),
            new("scan one file, whole process", "ms", process.WallMs, "300 ms", FirstFileMsMax, 1),
            new($"scan {megabytes:0} MB, whole process", "ms", whole.WallMs, "grep -rE, 7 patterns", grep.WallMs, double.PositiveInfinity) { Note = $"{megabytes / whole.WallMs * 1000:0} MB/s with reading and starting, on {Environment.ProcessorCount} cores" },
        ];
    }

    // This repository's own sources, four times over, so that there is something to do.
    private static IEnumerable<ScanContent> Copy(string scratch)
    {
        var root = Path.GetFullPath("../..", Environment.GetEnvironmentVariable("CABINCREW_APP")!);
        for (var copy = 0; copy < 4; copy++)
            foreach (var folder in (string[])["src", "engines", "tests", "docs", "policies"])
                foreach (var file in Directory.EnumerateFiles(Path.Combine(root, folder), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
                {
                    var relative = Path.GetRelativePath(root, file);
                    if (relative.Contains("/bin/", StringComparison.Ordinal) || relative.Contains("/obj/", StringComparison.Ordinal)) continue;
                    var name = Path.Combine($"copy{copy}", relative);
                    Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(scratch, name))!);
                    File.Copy(file, Path.Combine(scratch, name));
                    yield return new(name, File.ReadAllBytes(file));
                }
    }
}
