// Programs made up from a grammar: they compile or are refused, evaluate or end in an error, never throw, never outlive their limits,
// and answer twice the same. A failure prints the seed and the program.
using System.Diagnostics;
using System.Text;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Tests.Evaluation;

public class EvaluatorFuzzTests
{
    private static readonly TimeSpan budget = TimeSpan.FromSeconds(double.Parse(Environment.GetEnvironmentVariable("CABINCREW_REGO_FUZZ_SECONDS") ?? "4", System.Globalization.CultureInfo.InvariantCulture));

    [Fact]
    public void made_up_programs_never_break_the_evaluator()
    {
        var first = int.Parse(Environment.GetEnvironmentVariable("CABINCREW_FUZZ_SEED") ?? "1", System.Globalization.CultureInfo.InvariantCulture);
        var clock = Stopwatch.StartNew();
        var (tried, answered) = (0, 0);
        for (var seed = first; clock.Elapsed < budget; seed++, tried++)
        {
            var program = new MadeUpProgram(new Random(seed)).Text();
            try
            {
                answered += Try(program) ? 1 : 0;
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}\n{program}");
            }
        }

        Assert.True(tried > 20, $"only {tried} programs");
        Assert.True(answered * 20 > tried, $"only {answered} of {tried} programs were answered: the grammar makes nonsense");
    }

    private static bool Try(string text)
    {
        var module = RegoModule.Parse(text, "m.rego");
        if (!module.Ok) return false;
        var program = RegoProgram.Compile([module.Value]);
        if (!program.Ok) return false;
        var query = program.Value.Prepare("data.t", false).Value!;
        var options = EvaluationOptions.Default with { Limits = new() { StepsMax = 200_000, ElementsMax = 100_000, Time = TimeSpan.FromSeconds(2) }, StrictBuiltinErrors = text.Length % 2 == 0 };
        var input = Value.FromJson("""{"a": [1, 2, {"b": "x"}], "b": {"a": 1, "b": [true, null]}, "n": 3, "s": "text"}""");
        var clock = Stopwatch.StartNew();
        var once = query.Evaluate(input, null, options);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"took {clock.Elapsed}");
        var again = query.Evaluate(input, null, options);
        Assert.Equal(once.Error?.ToString(), again.Error?.ToString());
        Assert.Equal(once.Value, again.Value);
        if (once.Error is { } error) Assert.StartsWith("eval_", error.Code, StringComparison.Ordinal);
        return once.Error is null;
    }
}

/// <summary>A program of a few rules over the input. Variables are mostly used where something has bound them.</summary>
internal sealed class MadeUpProgram(Random random)
{
    private static readonly string[] leaves = ["1", "2", "0", "\"a\"", "\"b\"", "true", "false", "null", "input.a", "input.b", "input.n", "input.s", "input", "[]", "{}", "set()"];
    private static readonly string[] calls = ["count({0})", "sort({0})", "({0} + {1})", "({0} - {1})", "({0} == {1})", "({0} < {1})", "({0} in {1})", "sprintf(\"%v\", [{0}])", "json.marshal({0})", "object.get({0}, {1}, 1)", "array.concat({0}, {1})", "({0} | {1})", "type_name({0})"];

    private readonly List<string> bound = [];
    private int names;
    private int rules;

    public string Text()
    {
        var text = new StringBuilder("package t\n");
        var count = random.Next(1, 7);
        for (rules = 0; rules < count; rules++)
        {
            bound.Clear();
            text.Append(Rule()).Append('\n');
        }

        return text.ToString();
    }

    private string Rule()
    {
        switch (random.Next(8))
        {
            case 0: return $"r{rules} := {Term(2)}";
            case 1: { var body = Body(2); return $"r{rules} contains {Term(1)} if {body}"; }
            case 2: { var body = Body(2); return $"r{rules}[{Used()}] := {Term(1)} if {body}"; }
            case 3: { var body = Body(2); var value = Term(1); bound.Clear(); var other = Body(1); return $"default r{rules} := 1\nr{rules} := {value} if {body} else := {Term(1)} if {other}"; }
            case 4: { var argument = New(); bound.Add(argument); var body = Body(2); var value = Term(2); bound.Clear(); return $"f{rules}({argument}) := {value} if {body}\nr{rules} := f{rules}({Term(1)})"; }
            case 5: { var body = Body(2); return $"r{rules}[{Used()}].q contains {Term(1)} if {body}"; }
            case 6: { var body = Body(2); return $"r{rules} := {Term(2)} if {body}"; }
            default: return $"r{rules} if {Body(3)}";
        }
    }

    private string Body(int depth)
    {
        var lines = new List<string> { $"  some {New(out var first)} in {Term(1)}" };
        bound.Add(first);
        for (var i = random.Next(4); i > 0; i--) lines.Add("  " + Expression(depth));
        if (random.Next(4) == 0) lines.Reverse();
        return "{\n" + string.Join('\n', lines) + "\n}";
    }

    private string Expression(int depth)
    {
        switch (random.Next(11))
        {
            case 0: return Binding($"{{0}} := {Term(depth)}");
            case 1 or 2: return Binding($"{{0}} = {Term(depth)}");
            case 3: return Binding($"some {{0}} in {Term(depth)}");
            case 4: return Binding($"some {New(out var key)}, {{0}} in {Term(depth)}", key);
            case 5 when depth > 0: { var inner = bound.Count; var domain = Term(depth - 1); var name = New(); bound.Add(name); var body = Body(depth - 1); Forget(inner); return $"every {name} in {domain} {body}"; }
            case 6: return $"not {Term(depth)}";
            case 7: return Binding($"[{{0}}, {Term(0)}] = {Term(depth)}");
            case 8: return $"{Term(depth)} with input.{Pick(["a", "b", "n"])} as {Term(1)}";
            case 9 when rules > 0: return Binding($"{{0}} = r{random.Next(rules)}[{New(out var at)}]", at);
            default: return Term(depth);
        }
    }

    private string Term(int depth)
    {
        if (depth <= 0) return random.Next(2) == 0 ? Used() : Pick(leaves);
        switch (random.Next(12))
        {
            case 0: return $"[{Term(depth - 1)}, {Term(depth - 1)}]";
            case 1: return $"{{{Term(depth - 1)}}}";
            case 2: return $"{{\"a\": {Term(depth - 1)}, {Term(0)}: {Term(depth - 1)}}}";
            case 3: { var inner = bound.Count; var body = $"{Expression(depth - 1)}; {Expression(depth - 1)}"; var head = Used(); Forget(inner); return $"[{head} | {body}]"; }
            case 4: { var inner = bound.Count; var body = Expression(depth - 1); var head = Used(); Forget(inner); return $"{{{head} | {body}}}"; }
            case 5: { var inner = bound.Count; var body = Expression(depth - 1); var head = $"{Used()}: {Used()}"; Forget(inner); return $"{{{head} | {body}}}"; }
            case 6: return $"input.{Pick(["a", "b"])}[{(random.Next(2) == 0 ? "_" : Used())}]";
            case 7 or 8: return string.Format(System.Globalization.CultureInfo.InvariantCulture, Pick(calls), Term(depth - 1), Term(depth - 1));
            case 9 when rules > 0: return $"r{random.Next(rules)}";
            case 10: return $"$\"<{{{Used()}}}>\"";
            default: return Term(0);
        }
    }

    private string Binding(string format, string? other = null)
    {
        var name = New();
        if (other is not null) bound.Add(other);
        bound.Add(name);
        return format.Replace("{0}", name, StringComparison.Ordinal);
    }

    private string Used() => bound.Count == 0 || random.Next(40) == 0 ? Pick(leaves) : bound[random.Next(bound.Count)];

    private string New() => $"v{names++ % 9}";

    private string New(out string name) => name = New();

    private void Forget(int from) => bound.RemoveRange(from, bound.Count - from);

    private string Pick(string[] from) => from[random.Next(from.Length)];
}
