// Prompts as the configuration rewrites them, in each API, and nothing else of them changed (LLM-05).
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Gateways.Llm.Configuration;
using CabinCrew.Gateways.Llm.Routing;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Llm;

[Clause("LLM-05")]
public sealed class RewriteTests
{
    private static Outcome<LlmDefinition> Read(string rewrite, string always = "") => LlmFile.Of(Encoding.UTF8.GetBytes($$"""
        version: 1
        listen: { address: 127.0.0.1:8941 }
        providers: { a: { url: https://a.example, api: openai } }
        models: { m: { to: a, rewrite: {{rewrite}} } }
        callers: { keys: [ { name: ci, kind: automation, key_sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa } ] }
        {{always}}
        """), "/config/cabincrew-llm.yaml");

    private static Outcome<(Prompt Prompt, string Changed)> Apply(string rewrite, string method, string body, string always = "", params string[] roles)
    {
        var definition = Read(rewrite, always).Value;
        var prompt = Prompt.Read(LlmApi.All.First(a => a.Method == method), Encoding.UTF8.GetBytes(body), 1 << 20).Value;
        return RewriteRule.Apply([.. definition.Rewrites, .. definition.Models[0].Rewrites], prompt, RouteRequest.Of(prompt, new MessageCaller("ci", false, roles, "api_key"), null));
    }

    private const string Both = "{ system: { prepend: first, append: last } }";

    [Theory]
    [InlineData("chat.completions", """{"model":"m","messages":[{"role":"user","content":"x"}]}""", """{"model":"m","messages":[{"role":"system","content":"first"},{"role":"system","content":"last"},{"role":"user","content":"x"}]}""")]
    [InlineData("chat.completions", """{"model":"m","messages":[{"role":"system","content":"own"},{"role":"developer","content":"more"},{"role":"user","content":"x"},{"role":"system","content":"late"}]}""", """{"model":"m","messages":[{"role":"system","content":"first"},{"role":"system","content":"own"},{"role":"developer","content":"more"},{"role":"system","content":"last"},{"role":"user","content":"x"},{"role":"system","content":"late"}]}""")]
    [InlineData("messages", """{"model":"m","messages":[]}""", """{"model":"m","messages":[],"system":"first\n\nlast"}"""), InlineData("messages", """{"model":"m","system":"own","messages":[]}""", """{"model":"m","system":"first\n\nown\n\nlast","messages":[]}""")]
    [InlineData("messages.count_tokens", """{"model":"m","system":[{"type":"text","text":"own"}],"messages":[]}""", """{"model":"m","system":[{"type":"text","text":"first"},{"type":"text","text":"own"},{"type":"text","text":"last"}],"messages":[]}""")]
    [InlineData("responses", """{"model":"m","input":"x"}""", """{"model":"m","input":"x","instructions":"first\n\nlast"}"""), InlineData("responses", """{"model":"m","input":"x","instructions":"own"}""", """{"model":"m","input":"x","instructions":"first\n\nown\n\nlast"}""")]
    public void Instructions_stand_around_those_of_the_caller(string method, string body, string expected)
    {
        var (prompt, changed) = Apply(Both, method, body).Value;
        Assert.Equal(("instructions before, instructions after", expected), (changed, Encoding.UTF8.GetString(prompt.Carried.Write().Span)));
    }

    [Theory]
    [InlineData("embeddings", """{"model":"m","input":"x"}"""), InlineData("completions", """{"model":"m","prompt":"x"}"""), InlineData("rerank", """{"model":"m","query":"x"}"""), InlineData("chat.completions", """{"model":"m","messages":"x"}"""), InlineData("messages", """{"model":"m","system":7}"""), InlineData("responses", """{"model":"m","instructions":["x"]}""")]
    public void Instructions_that_have_no_place_are_not_left_out(string method, string body) => Assert.NotNull(Apply(Both, method, body).Problem);

    [Theory]
    [InlineData("chat.completions", "\"max_tokens\":50", "\"max_tokens\":20,\"temperature\":0.5"), InlineData("chat.completions", "\"max_tokens\":10,\"temperature\":0.2", "\"max_tokens\":10,\"temperature\":0.2"), InlineData("chat.completions", "\"n\":1", "\"n\":1,\"max_completion_tokens\":20,\"temperature\":0.5")]
    [InlineData("chat.completions", "\"max_tokens\":50,\"max_completion_tokens\":null", "\"max_tokens\":20,\"max_completion_tokens\":20,\"temperature\":0.5"), InlineData("messages", "\"max_tokens\":50,\"temperature\":1.0", "\"max_tokens\":20,\"temperature\":0.5")]
    [InlineData("responses", "\"store\":false", "\"store\":false,\"max_output_tokens\":20,\"temperature\":0.5"), InlineData("completions", "\"max_tokens\":\"1\"", "\"max_tokens\":20,\"temperature\":0.5"), InlineData("embeddings", "\"dimensions\":3", "\"dimensions\":3")]
    public void Bounds_are_held_where_an_answer_is_made(string method, string said, string becomes) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse($$"""{"model":"m",{{becomes}}}"""), JsonNode.Parse(Apply("{ limits: { max_tokens: 20, temperature: 0.5 } }", method, $$"""{"model":"m",{{said}}}""").Value.Prompt.Carried.Write().Span)));

    [Fact]
    public void What_is_not_rewritten_goes_on_as_the_very_bytes()
    {
        const string body = """{ "model":"m", "messages":[], "x": 1.50 }""";
        var (prompt, changed) = Apply("{ remove: [user], limits: { max_tokens: 20 }, when: { role: guest } }", "chat.completions", body).Value;
        Assert.Equal((body, ""), (Encoding.UTF8.GetString(prompt.Carried.Write().Span), changed));
        (prompt, changed) = Apply("{ remove: [user, x] }", "chat.completions", body, roles: "guest").Value;
        Assert.Equal(("""{"model":"m","messages":[]}""", "without x"), (Encoding.UTF8.GetString(prompt.Carried.Write().Span), changed));
    }

    [Fact]
    public void Rules_of_all_models_go_before_those_of_one_and_each_for_whom_it_is_meant()
    {
        const string always = "rewrite: [ { system: { prepend: house } }, { limits: { max_tokens: 20, bound: max_tokens }, when: { role: guest } } ]";
        const string own = "[ { system: { prepend: own } }, { limits: { max_tokens: 10 } } ]";
        Assert.Equal(("""{"model":"m","messages":[{"role":"system","content":"own"},{"role":"system","content":"house"}],"max_tokens":10}""", "instructions before, max_tokens 20, instructions before, max_tokens 10"),
            Words(Apply(own, "chat.completions", """{"model":"m","messages":[]}""", always, "guest").Value));
        Assert.Equal(("""{"model":"m","messages":[{"role":"system","content":"own"},{"role":"system","content":"house"}],"max_completion_tokens":10}""", "instructions before, instructions before, max_completion_tokens 10"),
            Words(Apply(own, "chat.completions", """{"model":"m","messages":[]}""", always).Value));

        static (string, string) Words((Prompt Prompt, string Changed) of) => (Encoding.UTF8.GetString(of.Prompt.Carried.Write().Span), of.Changed);
    }

    [Fact]
    public void Instructions_may_stand_in_a_file()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, "  from a file\n");
        Assert.Equal("from a file", Read($"{{ system: {{ append: {{ file: {file} }} }} }}").Value.Models[0].Rewrites[0].Rewrite.Append);
        File.WriteAllBytes(file, [0xFF]);
        Assert.Contains("no UTF-8", $"{Read($"{{ system: {{ append: {{ file: {file} }} }} }}").Problem}", StringComparison.Ordinal);
        File.Delete(file);
        Assert.Contains("There is no file", $"{Read($"{{ system: {{ append: {{ file: {file} }} }} }}").Problem}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ }", "changes nothing"), InlineData("{ system: { } }", "changes nothing"), InlineData("{ remove: model }", "nothing without 'model'"), InlineData("{ remove: [stream] }", "nothing without 'stream'"), InlineData("{ limits: { max_tokens: 0 } }", "max_tokens")]
    [InlineData("{ limits: { temperature: 3 } }", "temperature"), InlineData("{ system: { prepnd: x } }", "did you mean 'prepend'"), InlineData("{ system: { prepend: 7 } }", "prepend"), InlineData("[ ]", "expected 1 to"), InlineData("{ remove: user, when: { rol: x } }", "did you mean 'role'")]
    public void What_is_wrong_is_said(string rewrite, string said) => Assert.Contains(said, $"{Read(rewrite).Problem}", StringComparison.Ordinal);
}
