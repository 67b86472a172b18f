// A directory of its own for each benchmark, and the files that they are run on: the same every time.
using System.Globalization;

namespace CabinCrew.Benchmarks;

internal sealed class Scratch : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("cabincrew-bench-").FullName;

    /// <summary>A workspace like a code base: directories of twenty files, most of them small. Gives the relative paths.</summary>
    public static IReadOnlyList<string> Fill(string workspace, int files)
    {
        var random = new Random(20260131);
        var paths = new List<string>(files);
        var line = new char[64];
        for (var i = 0; i < files; i++)
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"src/part{i / 400:00}/unit{i / 20:000}/file{i:00000}.txt");
            var full = System.IO.Path.Combine(workspace, path);
            if (i % 20 == 0) Directory.CreateDirectory(System.IO.Path.GetDirectoryName(full)!);
            using var writer = new StreamWriter(full);
            // Median near 3 KB, a tail to some hundred KB: about 6 KB a file.
            var lines = (int)Math.Min(4000, 45 * Math.Exp(1.15 * (random.NextDouble() + random.NextDouble() + random.NextDouble() + random.NextDouble() - 2)));
            for (var n = 0; n < lines; n++)
            {
                for (var c = 0; c < line.Length; c++) line[c] = (char)random.Next('a', 'z' + 1);
                writer.WriteLine(line);
            }
            paths.Add(path);
        }
        return paths;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
