// Every built-in answers as its cases say, and no built-in is without cases.
using CabinCrew.Rego.Builtins;
using CabinCrew.Rego.Types;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Tests.Builtins;

public class BuiltinTests
{
    public static TheoryData<CallCase> Cases => [.. CallCase.ReadAll()];

    [Theory, MemberData(nameof(Cases), DisableDiscoveryEnumeration = true)]
    public void A_call_answers_as_its_case_says(CallCase one)
    {
        var (answer, otherwise) = one.Run();
        var shown = answer?.ToString() ?? otherwise;
        if (one.Want.StartsWith("! ", StringComparison.Ordinal))
        {
            var colon = one.Want.IndexOf(": ", StringComparison.Ordinal);
            Assert.StartsWith(colon < 0 ? one.Want : one.Want[..colon], shown, StringComparison.Ordinal);
            if (colon >= 0) Assert.Contains(one.Want[(colon + 2)..], shown, StringComparison.Ordinal);
        }
        else if (one.Want == "undefined")
        {
            Assert.Equal(one.Want, shown);
        }
        else if (!Calls.Term(one.Want).Equals(answer))
        {
            Assert.Equal(one.Want, shown);
        }
    }

    [Fact]
    public void Every_built_in_has_a_good_case_a_wrong_one_and_an_edge()
    {
        var cases = CallCase.ReadAll().ToLookup(one => one.Name);
        foreach (var builtin in BuiltinTable.All.Where(b => b.Refusal is null && !b.Name.StartsWith("rego.metadata", StringComparison.Ordinal)))
        {
            var own = cases[builtin.Name].ToList();
            if (builtin.Arity > 0) Assert.True(own.Count >= 3, $"{builtin.Name} has {own.Count} cases");
            Assert.True(own.Count > 0, $"{builtin.Name} has no case");
            // One that takes anything, or answers false for the wrong type, cannot be called wrongly.
            var choosy = builtin.Signature.Arguments.Any(a => a is not AnyType) && !builtin.Name.EndsWith("is_valid", StringComparison.Ordinal) && builtin.Name is not ("json.verify_schema" or "internal.test_case");
            if (choosy) Assert.True(own.Any(one => one.Want.StartsWith("! ", StringComparison.Ordinal)), $"{builtin.Name} has no case that is refused");
        }
    }

    [Fact]
    public void No_case_calls_a_name_that_does_not_exist() =>
        Assert.All(CallCase.ReadAll(), one => Assert.True(BuiltinTable.Find(one.Name) is { Refusal: null }, one.Name));

    [Fact]
    public void Every_signature_reads_and_prints_as_it_was_written()
    {
        foreach (var builtin in BuiltinTable.All)
        {
            var signature = builtin.Signature;
            Assert.True(signature.Result is not null || builtin.Name is "print" or "internal.print" or "internal.test_case", builtin.Name);
            foreach (var type in signature.Arguments) Assert.Equal(type, TypeNotation.Parse(type.ToString()));
        }
    }

    [Fact]
    public void What_the_cases_pass_fits_the_declared_types_wherever_an_answer_comes()
    {
        foreach (var one in CallCase.ReadAll().Where(one => one.Want != "undefined" && !one.Want.StartsWith("! ", StringComparison.Ordinal)))
        {
            var builtin = BuiltinTable.Find(one.Name)!;
            if (builtin.Signature.Result is not { } result || builtin.IsRelation) continue;
            Assert.True(result.Accepts(Calls.Term(one.Want)) || one.Want is "null", $"{one}: {one.Want} is no {result}");
        }
    }

    [Theory]
    [InlineData("http.send", "no network")]
    [InlineData("net.lookup_ip_addr", "no network")]
    [InlineData("opa.runtime", "no OPA")]
    [InlineData("providers.aws.sign_req", "AWS")]
    [InlineData("graphql.parse", "GraphQL")]
    public void What_cannot_be_done_here_is_known_by_name_and_refused_with_a_reason(string name, string reason) =>
        Assert.Contains(reason, BuiltinTable.Find(name)!.Refusal, StringComparison.Ordinal);

    [Fact]
    public void Printing_shows_undefined_operands_and_one_line_for_every_choice()
    {
        var context = new TestContext();
        BuiltinTable.Find("internal.print")!.Function(context, [ArrayValue.Of(SetValue.Of(Value.From("a"), Value.From("b")), SetValue.Empty, SetValue.Of(Value.From(1)))]);
        Assert.Equal(["a <undefined> 1", "b <undefined> 1"], context.Printed);
    }

    [Fact]
    public void Random_answers_stay_the_same_for_one_seed_and_spread_over_the_range()
    {
        var seen = Enumerable.Range(0, 200).Select(i => Calls.Run("rand.intn", Value.From($"k{i}"), Value.From(10))).ToList();
        Assert.Equal(10, seen.Distinct().Count());
        Assert.Equal(seen, Enumerable.Range(0, 200).Select(i => Calls.Run("rand.intn", Value.From($"k{i}"), Value.From(10))));
    }
}
