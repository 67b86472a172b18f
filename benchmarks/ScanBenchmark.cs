// `cabincrew scan`: how much real source a core looks through in a second, beside grep with a handful of patterns on the same files; how long one file takes, the whole process; and how much memory a
// gigabyte takes, of which only the start is looked through.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using CabinCrew.Governance.Detection.Scanning;

namespace CabinCrew.Benchmarks;

internal sealed class ScanBenchmark : IBenchmark
{
    private const int Rounds = 11;
    private const double MegabytesPerSecondMin = 30;
    private const double FirstFileMsMax = 300;
    private const double PeakMiBMax = 10 * 64;
    private const long Gigabyte = 1_000_000_000;

    // What people grep for; the detectors know some two hundred rules more.
    private const string Patterns = "AKIA[A-Z2-7]{16}|gh[pousr]_[A-Za-z0-9]{36}|-----BEGIN [A-Z ]*PRIVATE KEY-----|[a-z+]+://[^/ :@]+:[^/ @]+@|sk_live_[A-Za-z0-9]{24}|xox[bp]-[0-9]+-[A-Za-z0-9-]+|AIza[0-9A-Za-z_-]{35}";

    public string Name => "scan";

    public async Task<IReadOnlyList<Measure>> RunAsync(string scratch)
    {
        var program = Path.Combine(Environment.GetEnvironmentVariable("CABINCREW_APP") ?? throw new InvalidOperationException("CABINCREW_APP names the built program; use benchmarks/run"), "cabincrew");
        List<ScanContent> contents = [.. Copy(scratch)];
        var start = Encoding.UTF8.GetBytes(string.Concat(contents.Select(c => Encoding.UTF8.GetString(c.Bytes.Span))));
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
            new("memory at most, a file of 1 GB", "MiB", await PeakAsync(program, ["scan", LargeFile(scratch, start)], null), "bound", PeakMiBMax, 1),
            new("memory at most, 1 GB from standard input", "MiB", await PeakAsync(program, ["scan", "-"], start), "bound", PeakMiBMax, 1),
        ];
    }

    private static string LargeFile(string scratch, byte[] start)
    {
        var path = Path.Combine(scratch, "large.txt");
        using var file = File.Create(path);
        while (file.Length < Scanner.BytesMax) file.Write(start);
        file.SetLength(Gigabyte);
        return path;
    }

    // The kernel's own mark of the most that was resident, read until the program is gone.
    private static async Task<double> PeakAsync(string program, IEnumerable<string> arguments, byte[]? input)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        var fed = Task.Run(() =>
        {
            try
            {
                for (var sent = 0L; input is not null && sent < Gigabyte; sent += input.Length) process.StandardInput.BaseStream.Write(input);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It has read enough.
            }
        });
        var peak = 0L;
        while (!process.HasExited)
        {
            try
            {
                foreach (var line in File.ReadLines($"/proc/{process.Id}/status").Where(l => l.StartsWith("VmHWM:", StringComparison.Ordinal)))
                    peak = Math.Max(peak, long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture));
            }
            catch (IOException)
            {
                // Gone meanwhile.
            }
            await Task.Delay(5);
        }
        await Task.WhenAll(output, error, fed);
        return peak / 1024.0;
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
