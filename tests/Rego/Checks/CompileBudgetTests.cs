// Compiling ends: policies that are short and dear to check are checked less exactly or refused, in bounded time, and never by an exception.
using System.Diagnostics;
using System.Text;
using CabinCrew.Rego.Syntax;

namespace CabinCrew.Rego.Tests.Checks;

public class CompileBudgetTests
{
    private static readonly TimeSpan enough = TimeSpan.FromSeconds(20);

    private static string Lines(int count, Func<int, string> line) => string.Concat(Enumerable.Range(0, count).Select(i => line(i) + "\n"));

    // Each is a whole policy; the number says how large.
    private static readonly (string Name, Func<int, string> Text)[] hostile =
    [
        ("types that double", n => "r0 := {\"a\": 1}\n" + Lines(n, i => $"r{i + 1} := {{\"a\": r{i}, \"b\": r{i}}}") + $"p if r{n} == 1"),
        ("types that nest", n => "r0 := 1\n" + Lines(n * 100, i => $"r{i + 1} := [r{i}]") + $"p if r{n * 100} == \"a\""),
        ("locals that double", n => "p if {\n x0 := [1]\n" + Lines(Math.Min(n, 900), i => $" x{i + 1} := [x{i}, x{i}]") + $" x{Math.Min(n, 900)} == 1\n}}"),
        ("unions of objects", n => Lines(n, i => $"o[k] := {{\"k{i}\": {{\"v\": {i % 2}, \"w\": \"{i}\"}}}} if k := \"{i}\"") + "p if { o[_][_] == o[_][_]; o == o }"),
        ("bodies back to front", n => "p if {\n" + Lines(Math.Min(n * 10, 1900), i => $" x{i} = x{i + 1} + 1") + $" x{Math.Min(n * 10, 1900)} = 1\n}}"),
        ("rules that ask for all others", n => Lines(n * 10, i => $"q{i}[x] := y if {{ some x, y in input; data.u[_][_][x] }}") + Lines(n * 10, i => $"p{i} if data.t[input.x][_]")),
        ("rules that ask for the whole package", n => Lines(n * 10, i => $"q{i} if data.u") + "p if data.t.q0"),
        ("closures within closures", n => $"p := {string.Concat(Enumerable.Repeat("[x | x := ", Math.Min(n, 60)))}1{new string(']', Math.Min(n, 60))}"),
        ("many closures over many locals", n => "p if {\n" + Lines(Math.Min(n, 600), i => $" x{i} := [y | y := input[_]; y > {(i == 0 ? "1" : $"x{i - 1}[_]")}]") + "}"),
        ("schemas that double", n => $"# METADATA\n# schemas:\n# - input: {Schema(Math.Min(n, 24))}\np if input.a == input.b"),
    ];

    // YAML in one line: each level has its own twice, by anyOf and beside it.
    private static string Schema(int depth) => depth == 0 ? "{type: string}" : $"{{anyOf: [{{}}, {{}}], properties: {{a: {Schema(depth - 1)}}}}}";

    public static TheoryData<string> Hostile() => [.. hostile.Select(h => h.Name)];

    private static (RegoResult<RegoProgram> Result, TimeSpan Time) Compile(string rules, CompileOptions? options = null, CancellationToken ct = default)
    {
        var module = RegoModule.Parse("package t\n\n" + rules + "\n", "t.rego", new() { TextCharsMax = 1 << 24 });
        Assert.True(module.Ok, string.Join("\n", module.Errors.Take(2)));
        var clock = Stopwatch.StartNew();
        return (RegoProgram.Compile([module.Value], options, ct), clock.Elapsed);
    }

    [Theory]
    [MemberData(nameof(Hostile))]
    public void hostile_policies_compile_or_are_refused_in_bounded_time(string name)
    {
        var text = hostile.Single(h => h.Name == name).Text(200);
        var (result, time) = Compile(text);
        Assert.True(time < enough, $"took {time}");
        Assert.All(result.Errors, e => Assert.StartsWith("rego_", e.Code, StringComparison.Ordinal));
        Assert.True(result.Errors.Sum(e => e.ToString().Length) < 100_000, "the errors are longer than anybody reads");
    }

    [Theory]
    [MemberData(nameof(Hostile))]
    public void with_few_steps_all_are_refused(string name)
    {
        var (result, time) = Compile(hostile.Single(h => h.Name == name).Text(200), new CompileOptions { StepsMax = 100 });
        Assert.Equal("rego_compile_error: it takes more than 100 steps to compile", Assert.Single(result.Errors).ToString());
        Assert.True(time < TimeSpan.FromSeconds(5), $"took {time}");
    }

    [Fact]
    public void who_no_longer_wants_it_ends_it()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        var (result, _) = Compile(Lines(5_000, i => $"r{i} := [x | x := input[_]; x > {i}]"), ct: cancelled.Token);
        Assert.Equal("rego_compile_error: cancelled", Assert.Single(result.Errors).ToString());
    }

    [Fact]
    public void a_query_has_a_budget_too()
    {
        var (result, _) = Compile("p := 1", new CompileOptions { StepsMax = 1_000 });
        Assert.True(result.Value!.Prepare("data.t.p").Ok);
        var long_ = string.Join("; ", Enumerable.Range(0, 900).Select(i => $"x{i} = x{i + 1} + 1")) + "; x900 = 1";
        Assert.Contains("more than 1000 steps", result.Value.Prepare(long_).Errors[0].Message);
    }

    [Fact]
    public void a_schema_has_a_budget_too()
    {
        var text = new StringBuilder("{\"type\": \"string\"}");
        for (var i = 0; i < 40; i++) text.Insert(0, "{\"anyOf\": [{}, {}], \"properties\": {\"a\": ").Append("}}");
        var clock = Stopwatch.StartNew();
        Assert.Contains("schema: it takes more than", RegoSchema.Parse(text.ToString()).Errors[0].Message);
        Assert.True(clock.Elapsed < enough);
    }

    [Fact]
    public void ordinary_policies_are_far_from_the_bound()
    {
        // Two megabytes of plain rules.
        var (result, time) = Compile(Lines(20_000, i => $"deny contains msg if {{ some c in input.changes; c.path == \"a/{i}\"; msg := sprintf(\"%s: %d\", [c.path, {i}]) }}"));
        Assert.True(result.Ok, string.Join("\n", result.Errors.Take(2)));
        Assert.True(time < enough, $"took {time}");
    }

    [Fact]
    public void made_up_mixtures_of_hostile_policies_end_too()
    {
        var first = int.Parse(Environment.GetEnvironmentVariable("CABINCREW_FUZZ_SEED") ?? "1", System.Globalization.CultureInfo.InvariantCulture);
        var budget = TimeSpan.FromSeconds(double.Parse(Environment.GetEnvironmentVariable("CABINCREW_REGO_FUZZ_SECONDS") ?? "4", System.Globalization.CultureInfo.InvariantCulture));
        var clock = Stopwatch.StartNew();
        for (var seed = first; clock.Elapsed < budget; seed++)
        {
            var random = new Random(seed);
            List<RegoModule> modules = [];
            for (var i = random.Next(1, 4); i > 0; i--)
            {
                var (name, make) = hostile[random.Next(hostile.Length)];
                var text = $"package {(random.Next(2) == 0 ? "t" : "u")}{(random.Next(3) == 0 ? ".v" : "")}\n\n{make(random.Next(1, 60))}\n";
                var module = RegoModule.Parse(text, $"{name}-{i}.rego");
                Assert.True(module.Ok, $"seed {seed}: {string.Join("\n", module.Errors.Take(1))}");
                modules.Add(module.Value);
            }

            var started = clock.Elapsed;
            var result = RegoProgram.Compile(modules, new CompileOptions { StepsMax = 5_000_000, Tests = random.Next(2) == 0 });
            Assert.True(clock.Elapsed - started < TimeSpan.FromSeconds(10), $"seed {seed} took {clock.Elapsed - started}");
            Assert.All(result.Errors, e => Assert.StartsWith("rego_", e.Code, StringComparison.Ordinal));
        }
    }
}
