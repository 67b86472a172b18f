// What is remembered from one evaluation to the next is never seen: not in answers, nor in the rules that held, nor in what is told, nor in the work that counts.
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Tests.Evaluation;

public class StandingDocumentsTests
{
    private const string Policy = """
        package t
        settings := object.union({"max": 3}, data.given) if data.given
        else := {"max": 1}
        limits contains settings.max
        limits contains twice(settings.max)
        twice(n) := n * 2
        big := [n | some n in numbers.range(1, 3000)]
        late := time.now_ns()
        chance := rand.intn("x", 1000000000)
        hidden := wanted if { wanted := settings.max; trace("looked") }
        asked := input.n + settings.max
        deny contains "over" if input.n > settings.max
        """;

    private static readonly Value three = Value.FromJson("""{"given": {"name": "three"}}""");
    private static readonly Value nine = Value.FromJson("""{"given": {"max": 9}}""");

    [Fact]
    public void Asked_again_it_answers_the_same_and_by_the_same_rules()
    {
        var query = Policies.Compile(Policy).Asks("[data.t.settings, data.t.limits, data.t.asked, data.t.deny]");
        foreach (var (data, n, wanted) in new[] { (three, 5, """[{"max": 3, "name": "three"}, {3, 6}, 8, {"over"}]"""), (nine, 5, """[{"max": 9}, {9, 18}, 14, set()]""") })
        {
            var input = Value.FromJson($$"""{"n": {{n}}}""");
            var first = query.Evaluate(input, data);
            var again = query.Evaluate(input, data);
            Assert.Equal(wanted, first.Value!.ToString());
            Assert.Equal(first.Value, again.Value);
            Assert.Equal(first.FiredRules, again.FiredRules);
            Assert.Contains(again.FiredRules, r => r.Path == "data.t.twice");
        }
    }

    [Fact]
    public void Other_data_and_other_inputs_have_other_answers()
    {
        var query = Policies.Compile(Policy).Asks("[data.t.settings.max, data.t.asked]");
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal($"[3, {3 + i}]", query.Evaluate(Value.FromJson($$"""{"n": {{i}}}"""), three).Value!.ToString());
            Assert.Equal($"[9, {9 + i}]", query.Evaluate(Value.FromJson($$"""{"n": {{i}}}"""), nine).Value!.ToString());
            Assert.Equal($"[1, {1 + i}]", query.Evaluate(Value.FromJson($$"""{"n": {{i}}}"""), null).Value!.ToString());
        }
    }

    [Fact]
    public void What_with_replaces_is_replaced()
    {
        var program = Policies.Compile(Policy);
        var (plain, replaced) = (program.Asks("data.t.limits"), program.Asks("""x := data.t.limits with data.given as {"max": 7}; x"""));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("{3, 6}", plain.Evaluate(null, three).Value!.ToString());
            Assert.Equal("{7, 14}", replaced.Evaluate(null, three).Value!.ToString());
        }
    }

    [Fact]
    public void Clock_and_chance_are_those_of_each_evaluation()
    {
        var query = Policies.Compile(Policy).Asks("[data.t.late, data.t.chance]");
        RegoAnswers At(int seed) => query.Evaluate(null, three, new EvaluationOptions { NowNanoseconds = seed, Seed = (ulong)seed });
        Assert.Equal(At(1).Value, At(1).Value);
        Assert.NotEqual(At(1).Value, At(2).Value);
        Assert.StartsWith("[2, ", At(2).Value!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Whoever_listens_hears_all_of_it_each_time()
    {
        var query = Policies.Compile(Policy).Asks("[data.t.limits, data.t.hidden]");
        List<string> heard = [];
        for (var i = 0; i < 3; i++)
        {
            var listener = new Listener();
            Assert.Equal("[{3, 6}, 3]", query.Evaluate(null, three, new EvaluationOptions { Observer = listener }).Value!.ToString());
            heard.Add(string.Join(' ', listener.Heard));
        }

        Assert.Contains("data.t.settings", heard[0], StringComparison.Ordinal);
        Assert.Contains("looked", heard[0], StringComparison.Ordinal);
        Assert.Single(heard.Distinct());
    }

    [Fact]
    public void It_counts_against_the_limits_as_if_it_were_worked_out()
    {
        var options = new EvaluationOptions { Limits = new() { ElementsMax = 8_000 } };
        var program = Policies.Compile(Policy);
        var (alone, twice) = (program.Asks("count(data.t.big)"), program.Asks("[count(data.t.big), count([n | some n in numbers.range(1, 3000)])]"));
        Assert.Equal("eval_limit_elements", twice.Evaluate(null, three, options).Error?.Code);
        Assert.Equal("3000", alone.Evaluate(null, three, options).Value!.ToString());
        Assert.Equal("eval_limit_elements", twice.Evaluate(null, three, options).Error?.Code);
        Assert.Equal("eval_limit_elements", alone.Evaluate(null, three, new EvaluationOptions { Limits = new() { ElementsMax = 2_000 } }).Error?.Code);
    }

    private sealed class Listener : IRegoObserver
    {
        public List<string> Heard { get; } = [];

        public void RuleHeld(RuleInfo rule, IReadOnlyList<KeyValuePair<string, Value>> locals) => Heard.Add(rule.Path);

        public void ExpressionTried(RegoLocation location)
        {
        }

        public void ExpressionHeld(RegoLocation location)
        {
        }

        public void Print(string message) => Heard.Add(message);

        public void Note(string message) => Heard.Add(message);
    }
}
