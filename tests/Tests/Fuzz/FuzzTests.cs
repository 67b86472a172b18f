// Every door under fire (ART-04, ENG-05, ORC-05): a seeded short run in the ordinary suite, and `eng/fuzz --minutes N` for as long as one likes.
// A failure prints the seed and the smallest input that was found; kept in testkit/fuzz it is a regression from then on.
using System.Globalization;

namespace CabinCrew.Tests.Fuzz;

public sealed class FuzzTests
{
    internal static readonly Lazy<Dictionary<string, FuzzTarget>> Targets = new(() =>
        ((IEnumerable<FuzzTarget>)[.. JsonTargets.All, .. TextTargets.All, PatchTarget.Target, .. GitTargets.All, .. LogTargets.All, .. NetworkTargets.All, .. BundleTargets.All, .. MessageTargets.All]).ToDictionary(t => t.Name, StringComparer.Ordinal));

    public static TheoryData<string> Names => [.. (string[])
    [
        "json", "documents", "receipt", "artifacts", "problem", "yaml", "workflow", "rules", "identities", "quantity", "name", "arguments", "redactor", "screen",
        "patch", "pack", "loose", "index", "refs", "replay", "audit", "http", "destination", "exchanges", "bundle", "bundle-signature", "file-pattern", "package", "policy-answer",
        "message-redaction", "call-arguments", "message-rules", "foreign-schema",
    ]];

    [Theory, MemberData(nameof(Names))]
    public void A_door_takes_any_bytes_without_breaking_hanging_or_growing(string door)
    {
        var fuzzer = new Fuzzer(Targets.Value[door], Fuzzer.Seed);
        fuzzer.Run(Targets.Value[door].Short, TimeSpan.FromSeconds(6));
        Assert.True(fuzzer.Ways > 2, $"{door}: {fuzzer.Tried} inputs went only {fuzzer.Ways} ways");
    }

    [Fact]
    public void Every_kept_input_belongs_to_a_door() =>
        Assert.Subset(Targets.Value.Keys.ToHashSet(), Directory.EnumerateDirectories(FuzzTarget.CorpusRoot).Select(d => Path.GetFileName(d)!).ToHashSet());

    [Fact]
    public void Every_door_stands_in_the_list() => Assert.Equal(Targets.Value.Keys.Order(StringComparer.Ordinal), Names.Select(n => n.Data).Order(StringComparer.Ordinal));

    [Theory(Explicit = true), MemberData(nameof(Names))]
    public void A_door_holds_for_as_long_as_is_asked(string door)
    {
        var only = Environment.GetEnvironmentVariable("CABINCREW_FUZZ_DOOR");
        if (only is { Length: > 0 } && only != door) return;
        var minutes = double.TryParse(Environment.GetEnvironmentVariable("CABINCREW_FUZZ_MINUTES"), CultureInfo.InvariantCulture, out var given) ? given : 0.5;
        var fuzzer = new Fuzzer(Targets.Value[door], Fuzzer.Seed);
        fuzzer.Run(long.MaxValue, TimeSpan.FromMinutes(minutes));
        TestContext.Current.SendDiagnosticMessage($"{door}: {fuzzer.Tried} inputs, {fuzzer.Ways} ways");
        Console.Error.WriteLine($"{door}: {fuzzer.Tried} inputs, {fuzzer.Ways} ways");
    }
}
