// Answers held against the schemas that their requests give: what fits passes, what does not is named by its place, and a schema that is not understood is no schema (LLM-02).
using System.Text;
using System.Text.Json;
using CabinCrew.Gateways.Llm.Calls;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Llm;

[Clause("LLM-02")]
public sealed class AnswerCheckTests
{
    private const string Schema = """{"type":"object","properties":{"n":{"type":"integer","minimum":1}},"required":["n"],"additionalProperties":false}""";

    private static Prompt Asking(string method, string more) => Prompt.Read(LlmApi.All.First(a => a.Method == method), Encoding.UTF8.GetBytes($$"""{"model":"m",{{more}}}"""), 1 << 20).Value;

    private static string Format(string method, string schema) => (method switch
    {
        "chat.completions" => """{"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":SCHEMA}}}"""[1..^1],
        "responses" => """{"text":{"format":{"type":"json_schema","name":"a","schema":SCHEMA}}}"""[1..^1],
        _ => """{"output_config":{"format":{"type":"json_schema","schema":SCHEMA}}}"""[1..^1],
    }).Replace("SCHEMA", schema, StringComparison.Ordinal);

    private static Problem? Fault(AnswerCheck check, params ReadOnlySpan<string> documents)
    {
        var carried = documents.Length == 1 ? Carried.Of(Encoding.UTF8.GetBytes(documents[0]), 1 << 21).Value : Carried.Stream();
        if (documents.Length > 1)
            foreach (var one in documents) Assert.Null(carried.Add("", Encoding.UTF8.GetBytes(one), 1 << 21).Problem);
        return check.Fault(carried, ExchangeReader.Answer("m", carried));
    }

    public static TheoryData<string, string[]> Answers => new()
    {
        { "chat.completions", ["""{"choices":[{"index":0,"message":{"role":"assistant","content":TEXT},"finish_reason":"stop"}]}"""] },
        { "chat.completions", ["""{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}""", """{"choices":[{"index":0,"delta":{"content":TEXT}}]}""", "[DONE]"] },
        { "messages", ["""{"content":[{"type":"text","text":TEXT}],"stop_reason":"end_turn"}"""] },
        { "messages", ["""{"type":"message_start","message":{"content":[]}}""", """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":TEXT}}""", """{"type":"message_stop"}"""] },
        { "responses", ["""{"output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":TEXT,"annotations":[]}]}],"status":"completed"}"""] },
        { "responses", ["""{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":TEXT}""", """{"type":"response.completed","response":{"output":[]}}"""] },
    };

    [Theory, MemberData(nameof(Answers))]
    public void An_answer_fits_or_is_named_by_its_place(string method, string[] documents)
    {
        var check = AnswerCheck.Of(Asking(method, Format(method, Schema))).Value;
        Problem? With(string text) => Fault(check, [.. documents.Select(d => d.Replace("TEXT", JsonSerializer.Serialize(text), StringComparison.Ordinal))]);
        Assert.Null(With("""{"n":3}"""));
        foreach (var (text, said) in ((string, string)[])[("""{"n":0}""", "/n: expected at least 1"), ("{}", "'n' is missing"), ("""{"n":1,"x":2}""", "'x' is not known"), ("three", "no JSON"), ("""{"n":1,"n":2}""", "no JSON"), ("""{"n":""", "no JSON")])
        {
            var problem = With(text);
            Assert.Equal(ProblemCode.ResponseWithheld, problem?.Code);
            Assert.Contains(said, problem!.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("chat.completions", """{"choices":[{"message":{"content":null,"refusal":"no"},"finish_reason":"stop"}]}""", true), InlineData("chat.completions", """{"choices":[{"message":{"content":"no"},"finish_reason":"content_filter"}]}""", true), InlineData("messages", """{"content":[{"type":"text","text":"no"}],"stop_reason":"refusal"}""", true)]
    [InlineData("chat.completions", """{"choices":[{"message":{"content":null,"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}}]}""", true), InlineData("chat.completions", """{"choices":[{"message":{"content":null}}]}""", false), InlineData("messages", """{"content":[]}""", false)]
    [InlineData("chat.completions", """{"choices":[{"message":{"content":"{\"n\":1}"}},{"message":{"content":"{}"}}]}""", false), InlineData("messages", """{"content":[{"type":"text","text":"{\"n\""},{"type":"text","text":":1}"}]}""", true)]
    [InlineData("chat.completions", """{"choices":[{"message":{"content":"words","refusal":"no"},"finish_reason":"stop"}]}""", false), InlineData("chat.completions", """{"x":{"refusal":"no"},"choices":[{"message":{"content":"words"},"finish_reason":"stop"}]}""", false)]
    public void Calls_and_refusals_stand_for_an_answer_and_each_answer_counts(string method, string answer, bool fits) => Assert.Equal(fits, Fault(AnswerCheck.Of(Asking(method, Format(method, Schema))).Value, answer) is null);

    [Theory]
    [InlineData("chat.completions", """{"tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":SCHEMA}},{"type":"function","function":{"name":"g","parameters":SCHEMA}}]}""", """{"choices":[{"message":{"content":null,"tool_calls":[{"function":{"name":"NAME","arguments":"{\"n\":VALUE}"}}]}}]}""")]
    [InlineData("messages", """{"tools":[{"name":"f","strict":true,"input_schema":SCHEMA},{"name":"g","input_schema":SCHEMA}]}""", """{"content":[{"type":"tool_use","name":"NAME","input":{"n":VALUE}}]}""")]
    [InlineData("responses", """{"tools":[{"type":"function","name":"f","strict":true,"parameters":SCHEMA},{"type":"function","name":"g","parameters":SCHEMA}]}""", """{"output":[{"type":"function_call","name":"NAME","arguments":"{\"n\":VALUE}"}]}""")]
    public void Arguments_of_a_strict_tool_are_held_against_its_schema(string method, string tools, string answer)
    {
        var check = AnswerCheck.Of(Asking(method, tools.Replace("SCHEMA", Schema, StringComparison.Ordinal)[1..^1])).Value;
        string With(string name, string value) => answer.Replace("NAME", name, StringComparison.Ordinal).Replace("VALUE", value, StringComparison.Ordinal);
        Assert.Null(Fault(check, With("f", "1")));
        Assert.Contains("the arguments of f", Fault(check, With("f", "0"))?.Message, StringComparison.Ordinal);
        Assert.Null(Fault(check, With("g", "0")));
    }

    [Fact]
    public void Without_a_schema_there_is_nothing_to_hold_it_against()
    {
        Assert.True(AnswerCheck.Of(Asking("chat.completions", "\"messages\":[]")).Value.AsksNothing);
        Assert.True(AnswerCheck.Of(Asking("chat.completions", "\"response_format\":{\"type\":\"json_object\"}")).Value.AsksNothing);
        Assert.True(AnswerCheck.Of(Asking("embeddings", Format("responses", Schema))).Value.AsksNothing);
    }

    [Theory]
    [InlineData("""{"prefixItems":[]}""", "prefixItems"), InlineData("7", "an object or a boolean"), InlineData("""{"type":7}""", ""), InlineData("""{"minLength":"x"}""", ""), InlineData("""{"$ref":"#/$defs/x"}""", "does not exist"), InlineData("""{"properties":[]}""", ""), InlineData("""{"required":[7]}""", "")]
    [InlineData("""{"pattern":"("}""", ""), InlineData("""{"pattern":"(?=a)"}""", "look-around"), InlineData("""{"pattern":"(a{100}){100}"}""", "repeats"), InlineData("""{"pattern":"\\1"}""", "escape"), InlineData("""{"maxItems":1.5}""", "")]
    public void A_schema_that_is_not_understood_is_refused_before_anybody_is_asked(string schema, string said)
    {
        var problem = AnswerCheck.Of(Asking("chat.completions", Format("chat.completions", schema))).Problem;
        Assert.Equal((ProblemCode.MessageInvalid, "/response_format/json_schema/schema"), (problem?.Code, problem?.Where));
        Assert.Contains(said, problem!.Message, StringComparison.Ordinal);
    }

    // A schema that leads to itself, one that branches without end, an expression that would backtrack for ever: each is over at once.
    [Theory]
    [InlineData("""{"$ref":"#"}""", "{}", false), InlineData("""{"anyOf":[{"$ref":"#"},{"$ref":"#"}]}""", "{}", false), InlineData("""{"$defs":{"a":{"oneOf":[{"$ref":"#/$defs/b"},{"$ref":"#/$defs/b"},{"$ref":"#/$defs/b"}]},"b":{"oneOf":[{"$ref":"#/$defs/c"},{"$ref":"#/$defs/c"},{"$ref":"#/$defs/c"}]},"c":{"oneOf":[{"type":"array"},{"items":{"$ref":"#/$defs/a"}},{"type":"array","items":{"$ref":"#/$defs/a"}}]}},"$ref":"#/$defs/a"}""", "[[[[[[[[[[[[[[]]]]]]]]]]]]]]", false)]
    [InlineData("""{"properties":{"a":{"pattern":"^(a+)+$"}}}""", "LONG", false), InlineData("""{"type":"array","items":{"$ref":"#"}}""", "[[[[[[]]]]]]", true)]
    public void However_a_schema_is_made_the_work_is_bounded(string schema, string document, bool fits)
    {
        var text = document == "LONG" ? $"{{\"a\":\"{new string('a', 100_000)}b\"}}" : document;
        var began = TimeProvider.System.GetTimestamp();
        var problem = Fault(AnswerCheck.Of(Asking("chat.completions", Format("chat.completions", schema))).Value, """{"choices":[{"message":{"content":TEXT}}]}""".Replace("TEXT", JsonSerializer.Serialize(text), StringComparison.Ordinal));
        Assert.Equal(fits, problem is null);
        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }
}
