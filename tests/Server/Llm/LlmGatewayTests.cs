// The LLM gateway over real connections: what goes on is what was judged, credentials stay here, refusals speak the caller's API, and what fails stays closed.
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace CabinCrew.Server.Tests.Llm;

public sealed class LlmGatewayTests
{
    // Made up of two parts, so that no scanner takes this file for a leak.
    private const string Token = "glpat-" + "Zq3vB8nK2mXw7RtYc5Ld";

    private const string Ask = """{"model":"m-1","messages":[{"role":"user","content":"hello"}],"x_unknown":{"keep":[1,2.50,"ü"]}}""";

    private static string Asking(string text, bool stream = false) => JsonSerializer.Serialize(new { model = "m-1", stream, messages = new[] { new { role = "user", content = text } } });

    [Fact, Clause("LLM-01")]
    public async Task What_is_let_through_goes_on_and_comes_back_byte_for_byte()
    {
        await using var at = await StandingModels.OpenAsync();
        var answer = ModelDouble.Chat("hi").Replace("\"logprobs\"", "\"x_odd\":1.50,\"logprobs\"", StringComparison.Ordinal);
        at.Model.Answer = (http, _) => ModelDouble.Json(http, answer);
        var (status, body, headers) = await at.PostAsync("/v1/chat/completions", Ask);
        Assert.Equal((HttpStatusCode.OK, answer), (status, body));
        Assert.True(headers.Contains("x-cabincrew-exchange"));
        var asked = Assert.Single(at.Model.Seen);
        Assert.Equal(("/v1/chat/completions", Ask, $"Bearer {StandingModels.ProviderKey}"), (asked.Path, asked.Body, asked.Headers["authorization"]));
    }

    [Fact, Clause("LLM-06")]
    public async Task The_log_tells_of_an_exchange_and_not_what_was_said()
    {
        await using var at = await StandingModels.OpenAsync();
        at.Model.Answer = (http, _) => ModelDouble.Json(http, ModelDouble.Chat("a word from the model"));
        await at.PostAsync("/v1/chat/completions", Asking("a word from the caller"));
        var told = (await at.EventsAsync()).Where(e => e.TryGetProperty("gateway", out _)).ToList();
        Assert.Equal(["request", "response"], told.Select(e => e.GetProperty("extensions").GetProperty("data").GetProperty("kind").GetString()));
        Assert.Equal((9, 3), (told[1].GetProperty("extensions").GetProperty("data").GetProperty("input_tokens").GetInt32(), told[1].GetProperty("extensions").GetProperty("data").GetProperty("output_tokens").GetInt32()));
        Assert.Equal("m-1", told[0].GetProperty("gateway").GetProperty("model").GetString());
        Assert.DoesNotContain("a word from", string.Concat(told.Select(e => e.GetRawText())), StringComparison.Ordinal);
    }

    [Theory, Clause("LLM-06")]
    [InlineData(false), InlineData(true)]
    public async Task What_is_kept_where_that_is_asked_for_holds_no_credential(bool stream)
    {
        await using var at = await StandingModels.OpenAsync("record: messages\nrestore: true");
        at.Model.Answer = (http, _) => stream ? ModelDouble.Events(http, ModelDouble.ChatStream("it is ", Token[..9], Token[9..])) : ModelDouble.Json(http, ModelDouble.Chat("it is " + Token));
        await at.PostAsync("/v1/chat/completions", Asking($"use {Token}", stream));
        var kept = await at.KeptAsync(2);
        Assert.Equal(2, kept.Count);
        Assert.All(kept, k => Assert.Contains("[redacted:gitlab-", k, StringComparison.Ordinal));
        Assert.DoesNotContain(kept, k => k.Contains(Token[9..], StringComparison.Ordinal));
    }

    [Fact, Clause("LLM-03")]
    public async Task A_credential_never_leaves_and_is_put_back_where_that_is_configured()
    {
        await using var at = await StandingModels.OpenAsync("restore: true");
        at.Model.Answer = (http, asked) => ModelDouble.Json(http, ModelDouble.Chat("you said: " + asked.Json.GetProperty("messages")[0].GetProperty("content").GetString()));
        var (status, body, _) = await at.PostAsync("/v1/chat/completions", Asking($"use {Token} please"));
        Assert.Equal(HttpStatusCode.OK, status);
        var asked = Assert.Single(at.Model.Seen).Body;
        Assert.DoesNotContain(Token, asked, StringComparison.Ordinal);
        Assert.Contains("use [redacted:gitlab-", asked, StringComparison.Ordinal);
        Assert.Equal($"you said: use {Token} please", JsonElement.Parse(body).GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.DoesNotContain((await at.EventsAsync()).Select(e => e.GetRawText()), e => e.Contains(Token, StringComparison.Ordinal));
    }

    [Fact, Clause("LLM-03")]
    public async Task Without_that_it_stays_out_and_what_a_model_makes_up_is_cut_as_well()
    {
        await using var at = await StandingModels.OpenAsync();
        at.Model.Answer = (http, asked) => ModelDouble.Json(http, ModelDouble.Chat(asked.Json.GetProperty("messages")[0].GetProperty("content").GetString() + " and " + Token));
        var (_, body, _) = await at.PostAsync("/v1/chat/completions", Asking($"use {Token}"));
        Assert.DoesNotContain(Token, body, StringComparison.Ordinal);
        Assert.Equal(2, body.Split("[redacted:gitlab-").Length - 1);
    }

    [Theory, Clause("LLM-02")]
    [InlineData("/v1/chat/completions"), InlineData("/v1/messages")]
    public async Task No_byte_of_a_streamed_credential_gets_out_however_it_is_cut(string path)
    {
        await using var at = await StandingModels.OpenAsync();
        var isChat = path.EndsWith("completions", StringComparison.Ordinal);
        var body = isChat ? Asking("x", stream: true) : """{"model":"claude-x","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"x"}]}""";
        for (var cut = 1; cut < Token.Length; cut += 3)
        {
            string[] parts = ["the token is ", Token[..cut], Token[cut..], "."];
            at.Model.Answer = (http, _) => ModelDouble.Events(http, isChat ? ModelDouble.ChatStream(parts) : ModelDouble.MessageStream(parts));
            var (status, got, _) = await at.PostAsync(path, body);
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.DoesNotContain(Token[..Math.Max(cut, Token.Length - cut)][4..], got, StringComparison.Ordinal);
            Assert.Contains("the token is [redacted:gitlab-", StreamShape.Said(got), StringComparison.Ordinal);
        }
    }

    // {"key":"\u0067lpat-..."} as the arguments of a call: twice escaped, it is still a credential.
    [Theory, Clause("LLM-02")]
    [InlineData(1), InlineData(2), InlineData(3)]
    public async Task A_credential_spelled_by_escapes_within_arguments_is_found(int deep)
    {
        await using var at = await StandingModels.OpenAsync();
        var arguments = $"{{\"key\":\"\\u0067{Token[1..]}\"}}";
        for (var i = 1; i < deep; i++) arguments = JsonSerializer.Serialize(new { inner = arguments });
        at.Model.Answer = (http, _) => ModelDouble.Json(http, """{"id":"c","object":"chat.completion","created":1,"model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"t","type":"function","function":{"name":"save","arguments":"""
            + JsonSerializer.Serialize(arguments) + """}}]},"finish_reason":"tool_calls"}]}""");
        var (status, body, _) = await at.PostAsync("/v1/chat/completions", Asking("x"));
        Assert.Equal((HttpStatusCode.Forbidden, "response_withheld"), (status, Error(body, "code")));
        Assert.DoesNotContain(Token[1..], body, StringComparison.Ordinal);
    }

    // No rule of ours says how lenient a reader of arguments is: JSON that is none by the book is looked at all the same.
    [Theory, Clause("LLM-02")]
    [InlineData("{\"a\":1,\"a\":2,\"key\":\"KEY\"}"), InlineData("{\"key\":\"KEY\",}"), InlineData("key: KEY"), InlineData("DEEP")]
    public async Task Escapes_are_read_also_where_the_arguments_are_no_json_by_the_book(string arguments)
    {
        await using var at = await StandingModels.OpenAsync();
        arguments = arguments.Replace("DEEP", $"{new string('[', 90)}\"KEY\"{new string(']', 90)}", StringComparison.Ordinal).Replace("KEY", $"\\u0067{Token[1..]}", StringComparison.Ordinal);
        at.Model.Answer = (http, _) => ModelDouble.Events(http, $"data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":[{{\"index\":0,\"function\":{{\"name\":\"save\",\"arguments\":{JsonSerializer.Serialize(arguments)}}}}}]}}}}]}}", "data: [DONE]");
        var (status, body, _) = await at.PostAsync("/v1/chat/completions", Asking("x", stream: true));
        Assert.Equal((HttpStatusCode.Forbidden, "response_withheld"), (status, Error(body, "code")));
        Assert.DoesNotContain(Token[1..], body, StringComparison.Ordinal);
    }

    [Fact, Clause("LLM-03")]
    public async Task A_credential_in_two_parts_of_one_prompt_does_not_leave_either()
    {
        await using var at = await StandingModels.OpenAsync();
        var (one, two) = (Token[..12], Token[12..]);
        await at.PostAsync("/v1/chat/completions", JsonSerializer.Serialize(new { model = "m-1", messages = new[] { new { role = "user", content = new[] { new { type = "text", text = "it is " + one }, new { type = "text", text = two } } } } }));
        var asked = Assert.Single(at.Model.Seen).Body;
        Assert.DoesNotContain(one, asked, StringComparison.Ordinal);
        Assert.DoesNotContain(two, asked, StringComparison.Ordinal);
    }

    [Theory, Clause("LLM-02")]
    [InlineData("""{"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"name":"search","arguments":"{}"}}]}}]}""", """{"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"name":"shell","arguments":"{}"}}]}}]}""")]
    [InlineData("""{"choices":[{"index":0,"delta":{"function_call":{"name":"she"}}}]}""", """{"choices":[{"index":0,"delta":{"function_call":{"name":"ll","arguments":"{}"}}}]}""")]
    public async Task A_call_is_told_however_a_server_streams_it(string first, string second)
    {
        await using var at = await StandingModels.OpenAsync("policies: [ { rego: policy } ]", null, ("policy/no.rego", NoShell));
        at.Model.Answer = (http, _) => ModelDouble.Events(http, $"data: {first}", $"data: {second}", "data: [DONE]");
        Assert.Equal(HttpStatusCode.Forbidden, (await at.PostAsync("/v1/chat/completions", Asking("x", stream: true))).Status);
    }

    [Theory, Clause("LLM-02")]
    [InlineData("""{"choices":[{"index":0,"message":{"role":"assistant","content":null,"function_call":{"name":"shell","arguments":"{}"}}}]}""")]
    [InlineData("""{"output":[{"type":"custom_tool_call","name":"shell","input":"id"}]}"""), InlineData("""{"output":[{"type":"shell_call","action":{"commands":["id"]}}]}""")]
    [InlineData("""{"content":[{"type":"server_tool_use","name":"shell","input":{}}]}""")]
    public async Task A_call_is_told_in_every_form_that_the_apis_have(string answer)
    {
        await using var at = await StandingModels.OpenAsync("policies: [ { rego: policy } ]", null, ("policy/no.rego", NoShell));
        at.Model.Answer = (http, _) => ModelDouble.Json(http, answer);
        Assert.Equal(HttpStatusCode.Forbidden, (await at.PostAsync("/v1/chat/completions", Asking("x"))).Status);
    }

    [Fact, Clause("LLM-07")]
    public async Task What_never_came_to_be_judged_is_on_record_too()
    {
        await using var at = await StandingModels.OpenAsync();
        await at.PostAsync("/v1/chat/completions", Asking("x"), key: "a-key-that-nobody-gave-out-000");
        await at.PostAsync("/v1/chat/completions", "{");
        await at.PostAsync("/v1/chat/completions", Asking("x").Replace("m-1", "other", StringComparison.Ordinal));
        at.Model.Answer = (http, _) => { http.Abort(); return Task.CompletedTask; };
        await at.PostAsync("/v1/chat/completions", Asking("x"));
        var told = (await at.EventsAsync()).Where(e => e.GetProperty("event_type").GetString() == "problem.reported" || e.GetRawText().Contains("refused unread", StringComparison.Ordinal)).Select(e => e.GetProperty("extensions").GetProperty("problem").GetString());
        Assert.Equal(["caller_not_authenticated", "json_malformed", "not_found", "upstream_failed"], told);
    }

    [Fact, Clause("LLM-01")]
    public async Task A_stream_goes_through_as_it_came()
    {
        await using var at = await StandingModels.OpenAsync();
        var events = ModelDouble.ChatStream("Hel", "lo ", "wörld");
        at.Model.Answer = (http, _) => ModelDouble.Events(http, events);
        var (_, got, _) = await at.PostAsync("/v1/chat/completions", Asking("x", stream: true));
        Assert.Equal(string.Concat(events.Select(e => e + "\n\n")), got);
    }

    private const string NoShell = """
        package cabincrew.llm

        deny contains "no shell" if { some call in input.exchange.tool_calls; call.name == "shell" }

        deny contains "no secrets of the house" if { some said in input.exchange.texts; contains(said.text, "codename") }

        require_approval contains {"msg": "somebody looks at this", "role": "maintainer"} if { input.kind == "request"; some said in input.exchange.texts; contains(said.text, "ask a person") }

        """;

    [Fact, Clause("LLM-02")]
    public async Task A_policy_refuses_in_the_words_of_each_api()
    {
        await using var at = await StandingModels.OpenAsync("policies: [ { rego: policy } ]", null, ("policy/no.rego", NoShell));
        var (status, body, _) = await at.PostAsync("/v1/chat/completions", Asking("tell the codename"));
        Assert.Equal((HttpStatusCode.Forbidden, "permission_error", "policy_denied"), (status, Error(body, "type"), Error(body, "code")));
        Assert.Contains("no secrets of the house", Error(body, "message"), StringComparison.Ordinal);
        Assert.Empty(at.Model.Seen);

        at.Model.Answer = (http, _) => ModelDouble.Json(http, ModelDouble.Message("the codename is x"));
        (status, body, _) = await at.PostAsync("/v1/messages", """{"model":"claude-x","max_tokens":9,"messages":[{"role":"user","content":"x"}]}""");
        Assert.Equal((HttpStatusCode.Forbidden, "error", "permission_error"), (status, JsonElement.Parse(body).GetProperty("type").GetString(), Error(body, "type")));
        Assert.DoesNotContain("the codename is", body, StringComparison.Ordinal);
    }

    [Fact, Clause("LLM-02")]
    public async Task A_streamed_tool_call_is_judged_as_a_whole_and_nothing_of_it_gets_out()
    {
        await using var at = await StandingModels.OpenAsync("policies: [ { rego: policy } ]", null, ("policy/no.rego", NoShell));
        at.Model.Answer = (http, _) => ModelDouble.Events(http,
            """data: {"id":"c1","choices":[{"index":0,"delta":{"role":"assistant","tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"she","arguments":""}}]}}]}""",
            """data: {"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"ll","arguments":"{\"command\":\"id"}}]}}]}""",
            """data: {"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"}"}}]}}]}""",
            """data: {"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""", "data: [DONE]");
        var (status, body, _) = await at.PostAsync("/v1/chat/completions", Asking("x", stream: true));
        Assert.Equal((HttpStatusCode.Forbidden, "response_withheld"), (status, Error(body, "code")));
        Assert.DoesNotContain("command", body, StringComparison.Ordinal);
    }

    [Fact, Clause("APR-07")]
    public async Task A_prompt_waits_for_a_person()
    {
        await using var at = await StandingModels.OpenAsync("policies: [ { rego: policy } ]\nlimits: { concurrent: 4 }", null, ("policy/no.rego", NoShell));
        var asking = at.PostAsync("/v1/chat/completions", Asking("ask a person"));
        var shown = await at.AnswerNextAsync(yes: true);
        Assert.Equal(("llm", "one", "chat.completions", "m-1", "user: ask a person"), (shown.Gateway, shown.Server, shown.Method, shown.Name, shown.Arguments));
        Assert.Equal(HttpStatusCode.OK, (await asking).Status);

        asking = at.PostAsync("/v1/chat/completions", Asking("ask a person again"));
        await at.AnswerNextAsync(yes: false);
        Assert.Equal(HttpStatusCode.Forbidden, (await asking).Status);
        Assert.Single(at.Model.Seen);
    }

    [Fact, Clause("LLM-04")]
    public async Task What_fails_is_asked_for_elsewhere_and_the_reason_is_on_record()
    {
        await using var at = await StandingModels.OpenAsync("", "m-1: { to: [ { provider: one }, { provider: two, model: other } ] }");
        at.Model.Answer = (http, asked) => asked.Path.StartsWith("/two/", StringComparison.Ordinal) ? ModelDouble.Json(http, ModelDouble.Chat("from two")) : ModelDouble.Json(http, """{"error":{"message":"down"}}""", 503);
        var (status, body, _) = await at.PostAsync("/v1/chat/completions", Asking("x"));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("from two", body, StringComparison.Ordinal);
        Assert.Equal([("/v1/chat/completions", "m-1"), ("/two/v1/chat/completions", "other")], at.Model.Seen.Select(s => (s.Path, s.Json.GetProperty("model").GetString()!)));
        var routes = (await at.EventsAsync()).Where(e => e.TryGetProperty("gateway", out _)).Select(e => e.GetProperty("extensions").GetProperty("data")).Select(d => (d.GetProperty("server").GetString(), d.GetProperty("route").GetString()));
        Assert.Contains(("one", "m-1: first in the file"), routes);
        Assert.Contains(("two", "m-1: stands by; one failed: upstream_failed"), routes);
    }

    // "Fallback if primary fails or unsafe", "unsafe prompts go to safe-tier model": by what a policy says of a prompt for a provider, and of its answer.
    [Theory, Clause("INT-10")]
    [InlineData("a word of the codename", "two: m-1: for what is not let through elsewhere; one was not let through: policy_denied", 1)]
    [InlineData("x", "two: m-1: for what is not let through elsewhere; one was not let through: response_withheld", 2)]
    public async Task What_is_not_let_through_is_asked_of_the_model_that_is_there_for_it(string asked, string recorded, int requests)
    {
        const string policy = """
            package cabincrew.llm

            deny contains "not of this one" if { input.server == "one"; some said in input.exchange.texts; contains(said.text, "codename") }

            """;
        await using var at = await StandingModels.OpenAsync("policies: [ { rego: policy } ]", "m-1: { on_refusal: next, on_denied_prompt: next, to: [ { provider: one }, { provider: one, model: other }, { provider: two, model: safe, for: refusals } ] }", ("policy/no.rego", policy));
        at.Model.Answer = (http, to) => ModelDouble.Json(http, ModelDouble.Chat(to.Path.StartsWith("/two/", StringComparison.Ordinal) ? "from the safe one" : "the codename is x"));
        var (status, body, _) = await at.PostAsync("/v1/chat/completions", Asking(asked));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("from the safe one", body, StringComparison.Ordinal);
        Assert.Equal(requests, at.Model.Seen.Count);
        Assert.Contains(recorded, (await at.EventsAsync()).Where(e => e.TryGetProperty("gateway", out _)).Select(e => e.GetProperty("extensions").GetProperty("data")).Select(d => $"{d.GetProperty("server").GetString()}: {d.GetProperty("route").GetString()}"));
    }

    [Fact, Clause("LLM-04")]
    public async Task The_last_provider_answers_for_itself()
    {
        await using var at = await StandingModels.OpenAsync();
        at.Model.Answer = (http, _) => { http.Response.Headers["retry-after"] = "7"; return ModelDouble.Json(http, """{"error":{"message":"slow down","type":"rate_limit"}}""", 429); };
        var (status, body, headers) = await at.PostAsync("/v1/chat/completions", Asking("x"));
        Assert.Equal((HttpStatusCode.TooManyRequests, "slow down", "7"), (status, Error(body, "message"), headers.GetValues("retry-after").Single()));
    }

    public static TheoryData<string> Broken => ["cut", "html", "twice", "endless", "gzip", "odd event", "not utf8", "dead"];

    [Theory, MemberData(nameof(Broken)), Clause("LLM-07")]
    public async Task A_broken_provider_is_a_failure_and_nothing_of_it_is_passed_on(string how)
    {
        await using var at = await StandingModels.OpenAsync("response_size_max: 64KiB\nanswer_within: 20s");
        at.Model.Answer = how switch
        {
            "cut" => (http, _) => ModelDouble.Events(http, ModelDouble.ChatStream("leaked ", "words")[..3]),
            "html" => async (http, _) => { http.Response.ContentType = "text/html"; await http.Response.WriteAsync("<p>leaked</p>"); },
            "twice" => (http, _) => ModelDouble.Json(http, """{"choices":[],"leaked":1,"leaked":2}"""),
            "endless" => async (http, _) => { http.Response.ContentType = "text/event-stream"; while (!http.RequestAborted.IsCancellationRequested) await http.Response.WriteAsync("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"leaked leaked leaked\"}}]}\n\n", http.RequestAborted); },
            "gzip" => async (http, _) => { http.Response.Headers.ContentEncoding = "gzip"; await ModelDouble.Json(http, ModelDouble.Chat("leaked")); },
            "odd event" => (http, _) => ModelDouble.Events(http, "event: a b\ndata: {\"leaked\":1}", "data: [DONE]"),
            "not utf8" => async (http, _) => { http.Response.ContentType = "application/json"; await http.Response.Body.WriteAsync((byte[])[.. "{\"leaked\":\""u8, 0xFF, .. "\"}"u8]); },
            _ => (http, _) => { http.Abort(); return Task.CompletedTask; },
        };
        var (status, body, _) = await at.PostAsync("/v1/chat/completions", Asking("x", stream: how is "cut" or "endless" or "odd event"));
        Assert.Equal((HttpStatusCode.BadGateway, "api_error"), (status, Error(body, "type")));
        Assert.DoesNotContain("leaked", body, StringComparison.Ordinal);
    }

    [Fact, Clause("MCP-08")]
    public async Task Nobody_calls_without_a_key_of_the_gateway_or_a_model_that_is_not_theirs()
    {
        await using var at = await StandingModels.OpenAsync("", "m-1: { to: one }\n  m-2: { to: one }");
        foreach (var key in (string?[])[null, "short", StandingModels.ProviderKey])
        {
            var (status, body, _) = await at.PostAsync("/v1/chat/completions", Asking("x"), key);
            Assert.Equal((HttpStatusCode.Unauthorized, "authentication_error"), (status, Error(body, "type")));
        }
        var (missing, why, _) = await at.PostAsync("/v1/chat/completions", Asking("x").Replace("m-1", "m-3", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.NotFound, missing);
        Assert.Contains("there is no model 'm-3'", Error(why, "message"), StringComparison.Ordinal);
        Assert.Empty(at.Model.Seen);
    }

    // Ten tokens cost ten cents; the reserve for a prompt is a dollar and its bytes, so that few are open at once, and in the end exactly what was answered is spent.
    [Fact, Clause("MCP-08")]
    public async Task No_budget_is_overspent_by_many_at_once_and_what_was_not_used_is_given_back()
    {
        await using var at = await StandingModels.OpenAsync("limits: { usd_per_day: 4, concurrent: 100 }", "m-1: { to: [ { provider: one, price: { input: 0, output: 10000, output_tokens_max: 100 } } ] }");
        var (open, most) = (0, 0);
        at.Model.Answer = async (http, _) =>
        {
            var now = Interlocked.Increment(ref open);
            for (var seen = Volatile.Read(ref most); now > seen && Interlocked.CompareExchange(ref most, now, seen) != seen; seen = Volatile.Read(ref most)) { }
            await Task.Delay(20);
            Interlocked.Decrement(ref open);
            await ModelDouble.Json(http, ModelDouble.Chat("x").Replace("\"completion_tokens\":3", "\"completion_tokens\":10", StringComparison.Ordinal));
        };
        var statuses = await Task.WhenAll(Enumerable.Range(0, 64).Select(async _ => (await at.PostAsync("/v1/chat/completions", Asking("x"))).Status));
        var (answered, refused) = (statuses.Count(s => s == HttpStatusCode.OK), statuses.Count(s => s == HttpStatusCode.TooManyRequests));
        Assert.Equal(64, answered + refused);
        Assert.InRange(most, 1, 4);
        // One after the other the rest is had, to the cent: 4 dollars less the last reserve of one.
        while ((await at.PostAsync("/v1/chat/completions", Asking("x"))).Status == HttpStatusCode.OK) answered++;
        Assert.Equal(31, answered);
        Assert.Equal(31, at.Model.Seen.Count);
    }

    [Theory, Clause("LLM-07")]
    [InlineData("""{"model":"m-1","model":"m-2","messages":[]}"""), InlineData("""{"messages":[]}"""), InlineData("[]"), InlineData("{"), InlineData("""{"model":7}"""), InlineData("""{"model":"m 1"}""")]
    public async Task What_two_readers_could_read_differently_goes_nowhere(string body)
    {
        await using var at = await StandingModels.OpenAsync();
        Assert.Equal(HttpStatusCode.BadRequest, (await at.PostAsync("/v1/chat/completions", body)).Status);
        Assert.Empty(at.Model.Seen);
    }

    private static string Error(string body, string member) => JsonElement.Parse(body).GetProperty("error").GetProperty(member).GetString()!;
}
