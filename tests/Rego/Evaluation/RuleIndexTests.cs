// Leaving rules out by an index never changes an answer.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Tests.Evaluation;

public class RuleIndexTests
{
    private const string Policy = """
        package t
        deny contains "a1" if input.kind == "a"
        deny contains "a2" if { input.n > 1; "a" == input.kind }
        deny contains "b" if input.kind == "b"
        deny contains "c" if { input.kind == "c"; input.kind == "c" }
        deny contains "always" if input.n == 1
        deny contains "never" if { input.kind == "a"; input.kind == "b" }
        deny contains "under" if { input.kind == "z" with input.kind as "z" }
        deny contains "not" if not input.kind == "a"
        deny contains "d" if input.kind == "d"
        deny contains "e" if input.kind = "e"
        name := 1 if input.kind == "a"
        name := 2 if input.kind == "b"
        name := 3 if input.kind == "c"
        name := 4 if input.kind == "d"
        name := 5 if input.kind == "e"
        name := 6 if input.kind == "f"
        name := 7 if input.kind == "g" else := 8 if input.kind == "h"
        default name := 0
        """;

    [Theory]
    [InlineData("""{"kind": "a", "n": 1}""", """{"always", "a1", "under"}""", "1")]
    [InlineData("""{"kind": "a", "n": 2}""", """{"a1", "a2", "under"}""", "1")]
    [InlineData("""{"kind": "c", "n": 1}""", """{"always", "c", "not", "under"}""", "3")]
    [InlineData("""{"kind": "h"}""", """{"not", "under"}""", "8")]
    [InlineData("""{"kind": ["a"]}""", """{"not", "under"}""", "0")]
    [InlineData("""{"n": 1}""", """{"always", "not", "under"}""", "0")]
    [InlineData("""5""", """{"not", "under"}""", "0")]
    public void rules_left_out_could_not_have_held(string input, string deny, string name)
    {
        var program = Policies.Compile(Policy);
        var expected = program.Asks($"x := {deny}").Evaluate(null, null).Answers[0].Bindings.Get("x");
        Assert.Equal(expected, program.Asks("data.t.deny").Evaluate(Value.FromJson(input), null).Value);
        Assert.Equal(name, program.Asks("data.t.name").Evaluate(Value.FromJson(input), null).Value!.ToString());
    }
}
