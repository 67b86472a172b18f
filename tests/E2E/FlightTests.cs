// Every flight script, and every console block that a document marks to be run, against the real program. Two classes, so that they run side by side.
namespace CabinCrew.E2E;

public sealed class FlightTests
{
    public static TheoryData<string> Flights() =>
        [.. Directory.EnumerateFiles(Path.Combine(App.Root, "tests", "E2E", "flights"), "*.txt").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Flights))]
    public async Task A_flight_goes_as_written(string flight)
    {
        var file = Path.Combine("tests", "E2E", "flights", flight);
        var lines = File.ReadAllLines(Path.Combine(App.Root, file)).Select((text, i) => (i + 1, text));
        using var runner = new FlightRunner();
        await runner.RunAsync(file, FlightScript.Parse(file, lines), asClone: false, TestContext.Current.CancellationToken);
    }
}

public sealed class DocumentTests
{
    // The front page is always asked: one that shows nothing to run is a failure, not an empty list.
    public static TheoryData<string> Documents() => [.. Guides().Where(f => FlightScript.MarkedBlocks(File.ReadAllLines(Path.Combine(App.Root, f))).Any()).Prepend("README.md")];

    [Theory, MemberData(nameof(Documents))]
    public async Task A_document_does_what_it_says(string document)
    {
        var lines = FlightScript.MarkedBlocks(File.ReadAllLines(Path.Combine(App.Root, document)));
        using var runner = new FlightRunner();
        await runner.RunAsync(document, FlightScript.Parse(document, lines), asClone: true, TestContext.Current.CancellationToken);
    }

    private static IEnumerable<string> Guides()
    {
        var guides = Path.Combine(App.Root, "docs", "guides");
        return Directory.Exists(guides) ? Directory.EnumerateFiles(guides, "*.md").Select(f => Path.GetRelativePath(App.Root, f)).Order(StringComparer.Ordinal) : [];
    }
}
