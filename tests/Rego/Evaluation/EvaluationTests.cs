// What evaluation promises beside the language: the same answers on every thread and every time, and an account of what fired.
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Tests.Evaluation;

public class EvaluationTests
{
    private const string Policy = """
        package t
        import data.lim

        over(n) if n > lim.max

        deny contains msg if {
            some f in input.files
            over(f.size)
            not f.path in allowed
            msg := sprintf("%s is too large", [f.path])
        }

        allowed contains p if {
            some p in lim.allowed
        }

        default decision := "allow"

        decision := "deny" if count(deny) > 0

        else := "warn" if count(input.files) > 3

        stamp := [time.now_ns(), rand.intn("a", 1000)]
        """;

    private const string Data = """{"lim": {"max": 10, "allowed": ["big"]}}""";

    private static Value Input(int seed) =>
        Value.FromJson("{\"files\": [" + string.Join(',', Enumerable.Range(0, seed % 7).Select(i => $"{{\"path\": \"{(i == 2 ? "big" : "f" + i)}\", \"size\": {(i * seed) % 23}}}")) + "]}");

    [Fact]
    public void one_program_answers_the_same_on_many_threads()
    {
        var query = Policies.Compile(Policy).Asks("data.t");
        var data = Value.FromJson(Data);
        var alone = Enumerable.Range(0, 200).Select(i => query.Evaluate(Input(i), data, EvaluationOptions.Default with { Seed = (ulong)i }).Value!.ToString()).ToArray();
        Parallel.For(0, 4_000, i => Assert.Equal(alone[i % 200], query.Evaluate(Input(i % 200), data, EvaluationOptions.Default with { Seed = (ulong)(i % 200) }).Value!.ToString()));
    }

    [Fact]
    public void clock_and_randomness_are_inputs()
    {
        var query = Policies.Compile(Policy).Asks("data.t.stamp");
        var options = EvaluationOptions.Default with { NowNanoseconds = 42, Seed = 5 };
        var first = query.Evaluate(null, null, options).Value;
        Assert.Equal(first, query.Evaluate(null, null, options).Value);
        Assert.NotEqual(first, query.Evaluate(null, null, options with { NowNanoseconds = 43 }).Value);
        Assert.StartsWith("[42, ", first!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void every_rule_that_fired_is_told_with_its_line()
    {
        var query = Policies.Compile(Policy).Asks("data.t.decision");
        var answers = query.Evaluate(Value.FromJson("""{"files": [{"path": "a", "size": 11}, {"path": "big", "size": 99}]}"""), Value.FromJson(Data));
        Assert.Equal("\"deny\"", answers.Value!.ToString());
        Assert.Equal(
            ["data.t.over m0.rego:4:1", "data.t.deny m0.rego:6:1", "data.t.allowed m0.rego:13:1", "data.t.decision m0.rego:19:1"],
            answers.FiredRules.OrderBy(r => r.Location.Row).Select(r => $"{r.Path} {r.Location}"));
    }

    [Fact]
    public void what_only_a_with_supposes_did_not_fire()
    {
        var query = Policies.Compile("package t\nadmin if input.role == \"admin\"\np if admin with input.role as \"admin\"").Asks("data.t.p");
        Assert.Equal(["data.t.p"], query.Evaluate(ObjectValue.Empty, null).FiredRules.Select(r => r.Path));
    }

    [Fact]
    public void an_observer_hears_rules_locals_lines_and_prints()
    {
        var program = Policies.Compile("package t\np contains y if {\n  some x in [1, 2]\n  print(\"x is\", x, input.missing)\n  y := x * 10\n}");
        var heard = new Listener();
        var answers = program.Prepare("data.t.p", instrument: true).Value!.Evaluate(null, null, EvaluationOptions.Default with { Observer = heard });
        Assert.Equal("{10, 20}", answers.Value!.ToString());
        Assert.Equal(["data.t.p x=1 y=10", "data.t.p x=2 y=20"], heard.Rules);
        Assert.Equal(["x is 1 <undefined>", "x is 2 <undefined>"], heard.Prints);
        Assert.Equal([3, 4, 5], heard.Lines.Where(l => l.File == "m0.rego").Select(l => l.Row).Distinct().Order());
    }

    [Fact]
    public void coverage_counts_heads_that_held_and_expressions_that_were_tried()
    {
        var program = Policies.Compile("package t\np if {\n  input.x == 1\n  input.y == 2\n}\n\nq := 2 if p\n\nelse := 3");
        var coverage = new RegoCoverage(program);
        var query = program.Prepare("data.t.q", instrument: true).Value!;
        query.Evaluate(Value.FromJson("""{"x": 0}"""), null, EvaluationOptions.Default with { Observer = coverage });
        var file = Assert.Single(coverage.Report());
        Assert.Equal(("m0.rego", "3 7 9", "2 4"), (file.File, string.Join(' ', file.CoveredRows), string.Join(' ', file.UncoveredRows)));
        Assert.Equal(60, file.Percent);
        query.Evaluate(Value.FromJson("""{"x": 1, "y": 2}"""), null, EvaluationOptions.Default with { Observer = coverage });
        Assert.Equal(100, coverage.Report()[0].Percent);
    }

    [Fact]
    public void locals_of_one_rule_do_not_leak_into_another()
    {
        var program = Policies.Compile("package t\nf(x) := y if { z := x + 1; y := z * g(z) }\ng(a) := b if { c := a + 1; b := c }\np := [f(1), f(2), [v | some v in [f(3)]]]");
        Assert.Equal("[6, 12, [20]]", program.Asks("data.t.p").Evaluate(null, null).Value!.ToString());
    }

    private sealed class Listener : IRegoObserver
    {
        public List<string> Rules { get; } = [];

        public List<string> Prints { get; } = [];

        public List<RegoLocation> Lines { get; } = [];

        public void RuleHeld(RuleInfo rule, IReadOnlyList<KeyValuePair<string, Value>> locals) =>
            Rules.Add(rule.Path + string.Concat(locals.Select(l => $" {l.Key}={l.Value}")));

        public void ExpressionTried(RegoLocation location)
        {
        }

        public void ExpressionHeld(RegoLocation location) => Lines.Add(location);

        public void Print(string message) => Prints.Add(message);

        public void Note(string message)
        {
        }
    }
}
