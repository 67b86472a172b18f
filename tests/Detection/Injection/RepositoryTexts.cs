// What the classifier tells of this repository's own text, printed and bounded: nobody chose a threshold by it.
using CabinCrew.Governance.Detection.Injection;
using CabinCrew.Tests.Tidy;

namespace CabinCrew.Detection.Tests.Injection;

public sealed class RepositoryTexts(ITestOutputHelper output)
{
    private const int Kilobyte = 1024;

    [Fact]
    public void Of_ordinary_text_little_is_told()
    {
        var model = InjectionModel.BuiltIn.Value;
        // What speaks about injection is not ordinary.
        var files = Repository.Files.Where(f => Path.GetExtension(f) is ".cs" or ".md" or ".yaml" or ".json" or ".rego" && !f.EndsWith("detection.md", StringComparison.Ordinal) && !f.Contains("Detection", StringComparison.Ordinal) && !f.Contains("njection", StringComparison.Ordinal) && !f.Contains("testkit", StringComparison.Ordinal)).ToList();
        var pieces = files.SelectMany(f => Repository.Text(f).Chunk(Kilobyte).Select(c => (File: f, Score: model.Score(new string(c))))).ToList();
        var (likely, strong) = (pieces.Count(p => p.Score >= 0.49), pieces.Count(p => p.Score >= model.Manifest.Thresholds.Strong - model.Manifest.Thresholds.Band));
        output.WriteLine($"{pieces.Count} pieces of 1 KB in {files.Count} files: {100.0 * likely / pieces.Count:F2} % likely, {100.0 * strong / pieces.Count:F2} % strong");
        foreach (var (file, score) in pieces.Where(p => p.Score >= 0.8).OrderByDescending(p => p.Score).Take(20)) output.WriteLine($"{score} {file}");
        Assert.True(pieces.Count > 2000);
        Assert.True(likely <= pieces.Count * 0.1, $"{likely} of {pieces.Count} are told as likely");
        Assert.True(strong <= pieces.Count * 0.005, $"{strong} of {pieces.Count} are told as strong");
    }
}
