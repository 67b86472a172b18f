// By price, by turn, by size, by tier and by what a request is: each choice with its reason, as the configuration writes them (LLM-04, INT-10).
using System.Text;
using System.Text.Json;
using CabinCrew.Gateways.Llm.Calls;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Llm.Configuration;
using CabinCrew.Gateways.Llm.Routing;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Detection.Commands;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Llm;

[Clause("LLM-04")]
public sealed class RouteChoiceTests
{
    private static Outcome<LlmDefinition> Read(string model) => LlmFile.Of(Encoding.UTF8.GetBytes($$"""
        version: 1
        listen: { address: 127.0.0.1:8941 }
        providers:
          a: { url: https://a.example, api: openai }
          b: { url: https://b.example, api: openai }
          c: { url: https://c.example, api: openai }
        context: { purpose: release, level: 3, live: true }
        detectors: { injection: { requests: warn } }
        models:
          m: {{model}}
        callers:
          keys: [ { name: ci, kind: automation, key_sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa } ]

        """), "/config/cabincrew-llm.yaml");

    private static Outcome<Route> Choose(string model, object? body = null, Func<RouteRequest, RouteRequest>? change = null, string? resting = null)
    {
        var definition = Read(model).Value;
        var prompt = Prompt.Read(LlmApi.All[0], JsonSerializer.SerializeToUtf8Bytes(body ?? Asking("hello")), 1 << 20).Value;
        var asking = RouteRequest.Of(prompt, new MessageCaller("ci", false, ["agent"], "api_key"), definition.Context);
        return new Router(definition.Models).Choose(change?.Invoke(asking) ?? asking, _ => LlmApi.All[0], p => p == resting);
    }

    private static object Asking(string text, int? answer = null) => new { model = "m", max_tokens = answer, messages = new[] { new { role = "user", content = text } } };

    private static string[] Steps(Outcome<Route> route) => [.. route.Value.Steps.Select(s => $"{s.Provider}: {s.Reason}")];

    [Fact]
    public void Turns_go_round_past_who_rests_and_the_number_is_the_reason()
    {
        const string model = "{ choose: round-robin, to: [ { provider: a }, { provider: b }, { provider: c } ] }";
        Assert.Equal(["a", "b", "c", "a"], Enumerable.Range(0, 4).Select(i => Choose(model, change: r => r with { Turn = i }).Value.Steps[0].Provider));
        Assert.Equal(["b: m: turn 5, which is 2 of 3", "c: m: stands by", "a: m: stands by"], Steps(Choose(model, change: r => r with { Turn = 4 })));
        Assert.Equal(["c: m: turn 2, which is 2 of 2", "a: m: stands by", "b: m: failed a moment ago, stands by last"], Steps(Choose(model, change: r => r with { Turn = 1 }, resting: "b")));
    }

    [Fact]
    public async Task Turns_are_counted_each_once_and_only_where_they_are_taken()
    {
        var turns = new Turns();
        var route = Read("{ choose: round-robin, to: [ { provider: a } ] }").Value.Models[0];
        var all = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(() => turns.Next(route))));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (long)i), all.Order());
        Assert.Equal((0, 0), (turns.Next(route with { Choice = RouteChoice.First }), turns.Next(null)));
    }

    [Fact]
    public void The_cheapest_is_that_for_this_request()
    {
        // a is cheap to read, b is cheap to write.
        const string model = "{ choose: cheapest, to: [ { provider: a, price: { input: 1, output: 10 } }, { provider: b, price: { input: 4, output: 2 } } ] }";
        Assert.StartsWith("a: m: cheapest, $0.011", Steps(Choose(model, Asking(new string('x', 40_000), 100)))[0], StringComparison.Ordinal);
        Assert.Equal(["b: m: cheapest, $0.01608 for about 20 tokens and 8000 for the answer", "a: m: stands by, $0.08002 for about 20 tokens and 8000 for the answer"], Steps(Choose(model, Asking("hello", 8000))));
        Assert.Contains("'price' is missing", $"{Read("{ choose: cheapest, to: [ { provider: a } ] }").Problem}", StringComparison.Ordinal);
    }

    [Fact]
    public void What_does_not_hold_the_request_is_passed_over()
    {
        const string model = "{ to: [ { provider: a, context_tokens_max: 8000 }, { provider: b, context_tokens_max: 100000 } ] }";
        Assert.Equal("a: m: first in the file", Steps(Choose(model, Asking("hello", 7000)))[0]);
        Assert.Equal(["b: m: first in the file; passed over: a m (holds 8000 tokens, and this is about 20 tokens and 8000 for the answer)"], Steps(Choose(model, Asking("hello", 8000))));
        var problem = Choose(model, Asking(new string('x', 400_000))).Problem;
        Assert.Equal(ProblemCode.InvalidArgument, problem?.Code);
        Assert.Contains("holds 100000 tokens", problem!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_count_by_their_number_and_not_by_their_bytes()
    {
        var body = new { model = "m", messages = new[] { new { role = "user", content = new[] { new { type = "image_url", image_url = new { url = "data:image/png;base64," + new string('A', 400_000) } } } } } };
        Assert.InRange(PromptSize.Tokens(Prompt.Read(LlmApi.All[0], JsonSerializer.SerializeToUtf8Bytes(body), 1 << 20).Value), PromptSize.TokensPerImage, PromptSize.TokensPerImage + 50);
    }

    // The four examples of multi-model routing: unsafe prompts, large completions, summaries and planning, what fails or is unsafe.
    private const string Tiers = """
        {
            tiers: [ { tier: safe, when: { findings: injection } }, { tier: small, when: { header: { x-purpose: summary } } }, { tier: cheap, when: { answer_tokens_min: 4000 } }, { tier: accurate } ],
            on_refusal: next,
            to: [ { provider: a, tier: accurate, model: large }, { provider: b, tier: [ small, cheap ], model: mini }, { provider: c, tier: safe, model: guarded }, { provider: c, tier: [ safe, small, cheap, accurate ], model: guarded, for: refusals } ] }
        """;

    [Theory, Clause("INT-10")]
    [InlineData("plan", 100, null, "a large", "tier accurate by rule 4")]
    [InlineData("plan", 8000, null, "b mini", "tier cheap by rule 3")]
    [InlineData("plan", null, null, "b mini", "tier small by rule 2", "summary")]
    [InlineData("plan", 100, "injection", "c guarded", "tier safe by rule 1", "summary")]
    public void Tiers_are_as_the_rules_say(string text, int? answer, string? found, string first, string reason, string? purpose = null)
    {
        var route = Choose(Tiers.ReplaceLineEndings(" "), Asking(text, answer ?? 10), r => r with { Header = name => name == "x-purpose" ? purpose : null, Findings = new(new HashSet<string>(found is null ? [] : [found])) }).Value;
        Assert.Equal(first, $"{route.Steps[0].Provider} {route.Steps[0].Model}");
        Assert.Contains(reason, route.Steps[0].Reason, StringComparison.Ordinal);
        // Nobody of another tier stands by: an unsafe prompt goes to the safe tier or nowhere. What is not let through is asked of the guarded model.
        Assert.Equal([false, true], route.Steps.Select(s => s.Target.ForRefusals));
        Assert.Equal((null, 1), (route.After(0, refused: false), route.After(0, refused: true)));
        Assert.Equal(2, route.PassedOver.Count);
    }

    [Fact]
    public void After_a_failure_comes_who_stands_by_and_after_a_refusal_who_is_there_for_it()
    {
        var route = Choose("{ on_refusal: next, to: [ { provider: a }, { provider: c, for: refusals }, { provider: b } ] }").Value;
        Assert.Equal(["a", "b", "c"], route.Steps.Select(s => s.Provider));
        Assert.Equal((1, null, null), (route.After(0, false), route.After(1, false), route.After(2, false)));
        Assert.Equal((2, 2, null), (route.After(0, true), route.After(1, true), route.After(2, true)));
        Assert.Equal(1, Choose("{ on_refusal: next, to: [ { provider: a }, { provider: b } ] }").Value.After(0, true));
    }

    [Theory]
    [InlineData("api: chat.completions", true), InlineData("api: [messages, responses]", false)]
    [InlineData("caller: [x, ci]", true), InlineData("caller: x", false), InlineData("role: agent", true), InlineData("role: maintainer", false)]
    [InlineData("tools: true", true), InlineData("tools: false", false), InlineData("images: false", true), InlineData("images: true", false), InlineData("stream: false", true), InlineData("stream: true", false)]
    [InlineData("prompt_tokens_min: 10", true), InlineData("prompt_tokens_min: 1000", false), InlineData("prompt_tokens_max: 1000", true), InlineData("prompt_tokens_max: 10", false)]
    [InlineData("answer_tokens_min: 50", true), InlineData("answer_tokens_min: 51", false), InlineData("answer_tokens_max: 50", true), InlineData("answer_tokens_max: 49", false)]
    [InlineData("header: { X-Purpose: [a, summary] }", true), InlineData("header: { x-purpose: Summary }", false), InlineData("header: { x-other: summary }", false)]
    [InlineData("metadata: { team: core }", true), InlineData("metadata: { team: other }", false), InlineData("metadata: { eam: core }", false)]
    [InlineData("context: { purpose: release, level: 3, live: true }", true), InlineData("context: { level: 4 }", false), InlineData("context: { live: false }", false)]
    [InlineData("findings: secrets", true), InlineData("findings: [injection, secrets]", true), InlineData("findings: injection", false)]
    [InlineData("role: agent, caller: x", false)]
    public void A_condition_holds_where_all_of_it_holds(string when, bool holds)
    {
        object body = new { model = "m", max_tokens = 50, metadata = new { team = "core" }, tools = new[] { new { type = "function", function = new { name = "f" } } }, messages = new[] { new { role = "user", content = "hello" } } };
        RouteRequest Change(RouteRequest r) => r with { Header = name => name.Equals("x-purpose", StringComparison.OrdinalIgnoreCase) ? "summary" : null, Findings = new(new HashSet<string> { "secrets" }) };
        var model = $$"""{ to: [ { provider: a, when: { {{when}} } }, { provider: b } ] }""";
        Assert.Equal(holds ? "a" : "b", Choose(model, body, Change).Value.Steps[0].Provider);
    }

    [Fact]
    public void Without_a_bound_an_answer_may_be_any_size()
    {
        Assert.Equal("a", Choose("{ to: [ { provider: a, when: { answer_tokens_min: 100000 } }, { provider: b } ] }", Asking("x")).Value.Steps[0].Provider);
        Assert.Equal("b", Choose("{ to: [ { provider: a, when: { answer_tokens_max: 100000 } }, { provider: b } ] }", Asking("x")).Value.Steps[0].Provider);
    }

    [Fact]
    public void Detectors_say_what_they_find_in_a_prompt()
    {
        var detection = TextDetection.Of(LlmDetectors.Standard.Prompts, new Redactor()).Value;
        var scan = new TextScan(detection, detection, new CommandScan(CommandSettings.Standard), []);
        // Made up of two parts, so that no scanner takes this file for a leak.
        var prompt = Prompt.Read(LlmApi.All[0], JsonSerializer.SerializeToUtf8Bytes(Asking("glpat-" + "Zq3vB8nK2mXw7RtYc5Ld")), 1 << 20).Value;
        Assert.Equal(["secrets"], LlmGate.FoundBy(scan, prompt.Carried, prompt.Said, default));
    }

    [Theory]
    [InlineData("{ to: [ { provider: a, when: { } } ] }", "asks for nothing"), InlineData("{ to: [ { provider: a, when: { rol: x } } ] }", "did you mean 'role'")]
    [InlineData("{ to: [ { provider: a, when: { findings: injecton } } ] }", "did you mean 'injection'"), InlineData("{ to: [ { provider: a, when: { api: chat } } ] }", "chat.completions"), InlineData("{ to: [ { provider: a, when: { findings: personal-data } } ] }", "does not look at prompts")]
    [InlineData("{ to: [ { provider: a, when: { header: { authorization: x } } } ] }", "begins with x-"), InlineData("{ to: [ { provider: a, when: { header: { X-Api-Key: x } } } ] }", "carries no key")]
    [InlineData("{ to: [ { provider: a, when: { metadata: { a/b: x } } } ] }", "without /"), InlineData("{ to: [ { provider: a, tier: x } ] }", "no rule of 'tiers' names")]
    [InlineData("{ tiers: [ { tier: x } ], to: a }", "no target has the tier 'x'"), InlineData("{ tiers: [ { tier: x }, { tier: x, when: { tools: true } } ], to: [ { provider: a, tier: x } ] }", "no request comes here")]
    [InlineData("{ to: [ { provider: a }, { provider: b, for: refusals } ] }", "nothing would come here"), InlineData("{ on_refusal: next, to: [ { provider: b, for: refusals } ] }", "all targets are for refusals")]
    [InlineData("{ to: [ { provider: a, context_tokens_max: 0 } ] }", "context_tokens_max"), InlineData("{ choose: round-robbin, to: a }", "did you mean 'round-robin'")]
    public void What_is_wrong_is_said(string model, string said) => Assert.Contains(said, $"{Read(model).Problem}", StringComparison.Ordinal);
}
