// Policies that loop, explode or nest end in an error of their own, in bounded time, and the process lives on.
using System.Diagnostics;
using CabinCrew.Rego.Evaluate;

namespace CabinCrew.Rego.Tests.Evaluation;

public class LimitTests
{
    private const string Cross = """
        package t
        xs := numbers.range(1, 1000)
        p if { some a in xs; some b in xs; some c in xs; some d in xs; a + b + c + d == 0 }
        q := [1 | some a in xs; some b in xs; some c in xs]
        """;

    private static EvaluationOptions With(EvaluationLimits limits) => EvaluationOptions.Default with { Limits = limits };

    [Fact]
    public void a_cross_product_ends_when_its_steps_are_used_up() =>
        Assert.Equal("eval_limit_steps", Policies.Ask(Cross, "data.t.p", options: With(new() { StepsMax = 100_000 })).Error?.Code);

    [Fact]
    public void a_cross_product_ends_when_its_time_is_used_up()
    {
        var clock = Stopwatch.StartNew();
        Assert.Equal("eval_limit_time", Policies.Ask(Cross, "data.t.p", options: With(new() { Time = TimeSpan.FromMilliseconds(100), StepsMax = long.MaxValue })).Error?.Code);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"took {clock.Elapsed}");
    }

    [Fact]
    public void what_a_comprehension_collects_is_counted() =>
        Assert.Equal("eval_limit_elements", Policies.Ask(Cross, "data.t.q", options: With(new() { ElementsMax = 50_000 })).Error?.Code);

    [Fact]
    public void what_a_built_in_makes_is_counted() =>
        Assert.Equal("eval_limit_elements", Policies.Ask("package t\np := count(numbers.range(1, 1000000000))", "data.t.p").Error?.Code);

    [Theory]
    [InlineData("[a{0}, a{0}]")]
    [InlineData("{{\"k\": a{0}, \"l\": a{0}}}")]
    [InlineData("{{[a{0}, 1], [a{0}, 2]}}")]
    [InlineData("[x | some x in [a{0}, a{0}]]")]
    [InlineData("array.concat([a{0}], [a{0}])")]
    public void a_value_that_is_small_only_because_it_shares_its_parts_is_refused(string doubled)
    {
        var rules = string.Join('\n', Enumerable.Range(1, 60).Select(i => $"a{i} := {string.Format(System.Globalization.CultureInfo.InvariantCulture, doubled, i - 1)}"));
        Assert.Equal("eval_limit_elements", Policies.Ask($"package t\na0 := 1\n{rules}", "data.t.a60").Error?.Code);
        Assert.Null(Policies.Ask($"package t\na0 := 1\n{rules}", "data.t.a10").Error);
    }

    [Fact]
    public void an_evaluation_can_be_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Equal("eval_cancel_error", Policies.Ask(Cross, "data.t.p", cancellation: cancelled.Token).Error?.Code);
    }

    [Fact]
    public void a_chain_of_rules_may_be_long_but_not_endless()
    {
        var rules = string.Join('\n', Enumerable.Range(1, 20_000).Select(i => $"r{i} := r{i - 1} + 1"));
        var answers = Policies.Ask($"package t\nr0 := 0\n{rules}", "data.t.r20000");
        Assert.Equal("eval_limit_depth", answers.Error?.Code);
        Assert.Equal("500", Policies.Ask($"package t\nr0 := 0\n{rules}", "data.t.r500").Value?.ToString());
    }

    [Fact]
    public void a_body_may_be_long_but_not_endless()
    {
        var body = string.Join('\n', Enumerable.Range(1, 60_000).Select(i => $"  input.x != {i}"));
        var answers = Policies.Ask($"package t\np if {{\n{body}\n}}", "data.t.p", """{"x": 0}""");
        Assert.True(answers.Error?.Code == "eval_limit_depth" || answers.Value?.ToString() == "true");
    }

    [Fact]
    public void deep_nesting_of_comprehensions_is_refused_or_answered()
    {
        var deep = string.Concat(Enumerable.Repeat("[x | x := ", 300)) + "1" + new string(']', 300);
        var parsed = CabinCrew.Rego.Syntax.RegoModule.Parse($"package t\np := {deep}", "m.rego");
        if (!parsed.Ok) return;
        var program = RegoProgram.Compile([parsed.Value]);
        if (program.Ok) Assert.NotNull(program.Value.Prepare("data.t.p", false).Value!.Evaluate(null, null));
    }

    [Fact]
    public void calling_twice_at_every_level_costs_no_more_than_once()
    {
        var functions = string.Join('\n', Enumerable.Range(1, 60).Select(i => $"f{i}(x) := f{i - 1}(x) + f{i - 1}(x)"));
        Assert.Equal("1152921504606846976", Policies.Ask($"package t\nf0(x) := x\n{functions}", "data.t.f60(1)").Value?.ToString());
    }

    [Fact]
    public void a_strict_error_of_a_built_in_ends_the_evaluation_and_a_lax_one_is_undefined()
    {
        const string Policy = "package t\ndeny contains \"x\" if to_number(input.n) > 1";
        Assert.Equal("eval_builtin_error", Policies.Ask(Policy, "data.t.deny", """{"n": "abc"}""").Error?.Code);
        Assert.Equal("set()", Policies.Ask(Policy, "data.t.deny", """{"n": "abc"}""", EvaluationOptions.Default with { StrictBuiltinErrors = false }).Value?.ToString());
    }

    [Theory]
    [InlineData("reversed chain")]
    [InlineData("many locals")]
    [InlineData("many rules of one set")]
    [InlineData("many rules of many names")]
    [InlineData("many conditions on the input")]
    public void compiling_large_policies_takes_time_in_proportion(string shape)
    {
        string Lines(int count, Func<int, string> line) => string.Join('\n', Enumerable.Range(0, count).Select(line));
        var text = "package t\n" + shape switch
        {
            "reversed chain" => $"p if {{\n{Lines(1_900, i => $"x{i} = x{i + 1}")}\nx1900 = 1\n}}",
            "many locals" => $"p if {{\n{Lines(100_000, i => $"x{i} = 1")}\n}}",
            "many rules of one set" => Lines(20_000, i => $"p contains {i} if input.x"),
            "many rules of many names" => Lines(20_000, i => $"p{i} := {i}"),
            _ => Lines(20_000, i => $"p contains {i} if {{ input.x == {i}; input.y }}"),
        };
        var clock = Stopwatch.StartNew();
        var program = RegoProgram.Compile([Policies.Parse(text, "m.rego")]);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"took {clock.Elapsed}");
        Assert.Equal(shape != "many locals", program.Ok);
    }
}
