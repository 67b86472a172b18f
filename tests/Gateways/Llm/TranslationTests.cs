// Requests and answers of one API told in the other: every field that has a counterpart, and every one that has none, which is refused by its name (LLM-01).
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Gateways.Llm.Wire.Translation;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Llm;

[Clause("LLM-01")]
public sealed class TranslationTests
{
    private const int Created = 1_700_000_000;

    private static readonly Translation ToMessages = Translation.Between(LlmApi.ChatCompletions, ApiFamily.Anthropic)!, ToChat = Translation.Between(LlmApi.Messages, ApiFamily.OpenAi)!;

    private static Prompt Prompt(Translation by, string body) => Gateways.Llm.Wire.Prompt.Read(by.Asked, Encoding.UTF8.GetBytes(body), 1 << 24).Value;

    private static Outcome<string> Request(Translation by, string body, TranslationSettings? settings = null) =>
        by.Request(Prompt(by, body), settings ?? TranslationSettings.Standard).Map(p => Encoding.UTF8.GetString(p.Carried.Write().Span));

    private static Outcome<string> Answer(Translation by, string answer, int status = 200) =>
        by.Answer(Prompt(by, Least(by)), Carried.Of(Encoding.UTF8.GetBytes(answer), 1 << 24).Value, status, Created).Map(c => Encoding.UTF8.GetString(c.Write().Span));

    private static string Least(Translation by) => by == ToMessages ? """{"model":"m","messages":[{"role":"user","content":"x"}]}""" : """{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}]}""";

    private static void Same(string expected, string actual) => Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(actual)), $"expected {expected}\nfound    {actual}");

    private const string Chat = """
        {"model":"m","max_completion_tokens":50,"temperature":0.70,"top_p":0.9,"stop":["END","."],"stream":true,"stream_options":{"include_usage":true},"user":"u-1",
        "messages":[{"role":"system","content":"be brief"},{"role":"user","content":[{"type":"text","text":"what is it?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}},{"type":"image_url","image_url":{"url":"https://a.example/x.png"}}]},
        {"role":"assistant","content":"let me look","tool_calls":[{"id":"t1","type":"function","function":{"name":"look","arguments":"{\"at\":[1,2.50]}"}},{"id":"t2","type":"function","function":{"name":"list","arguments":"{}"}}]},
        {"role":"tool","tool_call_id":"t1","content":"a cat"},{"role":"tool","tool_call_id":"t2","content":[{"type":"text","text":"one"},{"type":"text","text":"two"}]},{"role":"user","content":"so?"},
        {"role":"assistant","content":"a cat"},{"role":"user","content":"sure?"}],
        "tools":[{"type":"function","function":{"name":"look","description":"looks","parameters":{"type":"object","properties":{"at":{"type":"array"}}},"strict":true}},{"type":"function","function":{"name":"list","parameters":{"type":"object","properties":{}}}}],
        "tool_choice":{"type":"function","function":{"name":"look"}},"parallel_tool_calls":false,
        "response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object"},"strict":true}}}
        """;

    private const string Messages = """
        {"model":"m","max_tokens":50,"temperature":0.70,"top_p":0.9,"stop_sequences":["END","."],"stream":true,"metadata":{"user_id":"u-1"},"system":"be brief",
        "messages":[{"role":"user","content":[{"type":"text","text":"what is it?"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}},{"type":"image","source":{"type":"url","url":"https://a.example/x.png"}}]},
        {"role":"assistant","content":[{"type":"text","text":"let me look"},{"type":"tool_use","id":"t1","name":"look","input":{"at":[1,2.50]}},{"type":"tool_use","id":"t2","name":"list","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"a cat"},{"type":"tool_result","tool_use_id":"t2","content":[{"type":"text","text":"one"},{"type":"text","text":"two"}]},{"type":"text","text":"so?"}]},
        {"role":"assistant","content":[{"type":"text","text":"a cat"}]},{"role":"user","content":[{"type":"text","text":"sure?"}]}],
        "tools":[{"name":"look","description":"looks","input_schema":{"type":"object","properties":{"at":{"type":"array"}}},"strict":true},{"name":"list","input_schema":{"type":"object","properties":{}}}],
        "tool_choice":{"type":"tool","name":"look","disable_parallel_tool_use":true},"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}}
        """;

    [Fact]
    public void A_whole_request_is_told_in_messages() => Same(Messages, Request(ToMessages, Chat).Value);

    [Fact]
    public void And_back_it_is_the_same_but_that_each_text_is_a_part()
    {
        var parts = Chat.Replace("\"content\":\"so?\"", "\"content\":[{\"type\":\"text\",\"text\":\"so?\"}]", StringComparison.Ordinal).Replace("\"content\":\"sure?\"", "\"content\":[{\"type\":\"text\",\"text\":\"sure?\"}]", StringComparison.Ordinal)
            .Replace("\"content\":\"let me look\"", "\"content\":[{\"type\":\"text\",\"text\":\"let me look\"}]", StringComparison.Ordinal).Replace("\"assistant\",\"content\":\"a cat\"", "\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"a cat\"}]", StringComparison.Ordinal);
        Same(parts, Request(ToChat, Messages).Value);
        Same(Messages, Request(ToMessages, Request(ToChat, Messages).Value).Value);
    }

    [Theory]
    [InlineData("\"max_tokens\":7", "\"max_tokens\":7"), InlineData("\"user\":null", "\"max_tokens\":4096"), InlineData("\"stop\":\"a\"", "\"max_tokens\":4096,\"stop_sequences\":[\"a\"]")]
    [InlineData("\"safety_identifier\":\"s\"", "\"max_tokens\":4096,\"metadata\":{\"user_id\":\"s\"}"), InlineData("\"tool_choice\":\"required\"", "\"max_tokens\":4096,\"tool_choice\":{\"type\":\"any\"}")]
    [InlineData("\"tool_choice\":\"auto\"", "\"max_tokens\":4096,\"tool_choice\":{\"type\":\"auto\"}"), InlineData("\"tool_choice\":\"none\"", "\"max_tokens\":4096,\"tool_choice\":{\"type\":\"none\"}")]
    // What says what is so anyway, and what the model never sees, is left out.
    [InlineData("\"n\":1,\"presence_penalty\":0.0,\"frequency_penalty\":0,\"logprobs\":false,\"store\":false,\"logit_bias\":{},\"modalities\":[\"text\"],\"service_tier\":\"auto\"", "\"max_tokens\":4096")]
    [InlineData("\"metadata\":{\"team\":\"core\"},\"prompt_cache_key\":\"k\",\"response_format\":{\"type\":\"text\"},\"tools\":[],\"parallel_tool_calls\":false,\"seed\":null", "\"max_tokens\":4096")]
    public void What_a_chat_says_besides_is_told_or_says_nothing(string said, string told) =>
        Same($$"""{"model":"m",{{told}},"messages":[{"role":"user","content":[{"type":"text","text":"x"}]}]}""", Request(ToMessages, $$"""{"model":"m",{{said}},"messages":[{"role":"user","content":"x"}]}""").Value);

    [Theory]
    [InlineData("\"n\":2", "/n"), InlineData("\"seed\":7", "/seed"), InlineData("\"logit_bias\":{\"1\":2}", "/logit_bias"), InlineData("\"logprobs\":true", "/logprobs"), InlineData("\"presence_penalty\":0.1", "/presence_penalty")]
    [InlineData("\"temperature\":1.5", "/temperature"), InlineData("\"max_tokens\":1,\"max_completion_tokens\":2", "/max_tokens"), InlineData("\"response_format\":{\"type\":\"json_object\"}", "/response_format/type")]
    [InlineData("\"reasoning_effort\":\"high\"", "/reasoning_effort"), InlineData("\"functions\":[]", "/functions"), InlineData("\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"x\"}}]", "/tools/0/type")]
    [InlineData("\"tool_choice\":\"maybe\"", "/tool_choice"), InlineData("\"tool_choice\":{\"type\":\"allowed_tools\"}", "/tool_choice"), InlineData("\"stop\":7", "/stop"), InlineData("\"stop\":[7]", "/stop"), InlineData("\"store\":true", "/store")]
    [InlineData("\"web_search_options\":{}", "/web_search_options"), InlineData("\"user\":\"a\",\"safety_identifier\":\"b\"", "/safety_identifier"), InlineData("\"stream_options\":{\"x\":1}", "/stream_options/x"), InlineData("\"anything\":1", "/anything")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{},\"description\":\"d\"}}", "/response_format/json_schema/description"), InlineData("\"service_tier\":\"flex\"", "/service_tier")]
    public void What_a_chat_asks_that_nobody_could_be_told_is_refused_by_name(string said, string place) => Refused(ToMessages, $$"""{"model":"m",{{said}},"messages":[{"role":"user","content":"x"}]}""", place);

    [Theory]
    [InlineData("""{"role":"user","content":"x","name":"kim"}""", "/messages/0/name"), InlineData("""{"role":"user","content":[{"type":"input_audio","input_audio":{}}]}""", "/messages/0/content/0/type"), InlineData("""{"role":"user","content":""}""", "/messages/0/content")]
    [InlineData("""{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://a.example/x.png"}}]}""", "/messages/0/content/0/image_url/url"), InlineData("""{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:text/html;base64,AAAA"}}]}""", "/messages/0/content/0/image_url/url")]
    [InlineData("""{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png,AAAA"}}]}""", "/messages/0/content/0/image_url/url"), InlineData("""{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://a.example","detail":"low"}}]}""", "/messages/0/content/0/image_url/detail")]
    [InlineData("""{"role":"assistant","content":null}""", "/messages/0/content"), InlineData("""{"role":"assistant","content":"x","refusal":"no"}""", "/messages/0/refusal"), InlineData("""{"role":"assistant","content":"x"}""", "/messages")]
    [InlineData("""{"role":"assistant","tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"[1]"}}]}""", "/messages/0/tool_calls/0/function/arguments"), InlineData("""{"role":"assistant","tool_calls":[{"id":"t","type":"custom","custom":{}}]}""", "/messages/0/tool_calls/0/type")]
    [InlineData("""{"role":"assistant","tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{\"a\":1,\"a\":2}"}}]}""", "/messages/0/tool_calls/0/function/arguments"), InlineData("""{"role":"tool","content":"x"}""", "/messages/0/tool_call_id")]
    [InlineData("""{"role":"function","content":"x"}""", "/messages/0/role"), InlineData("""{"role":"user","content":"x"},{"role":"system","content":"y"}""", "/messages/1/role"), InlineData("""{"role":"assistant","content":"x","reasoning_content":"y"}""", "/messages/0/reasoning_content")]
    [InlineData("7", "/messages/0"), InlineData("""{"role":"user","content":7}""", "/messages/0/content"), InlineData("""{"role":"user","content":[7]}""", "/messages/0/content/0"), InlineData("""{"content":"x"}""", "/messages/0/role")]
    public void A_message_of_a_chat_that_cannot_be_told_is_refused_by_its_place(string message, string place) => Refused(ToMessages, $$"""{"model":"m","messages":[{{message}}]}""", place);

    [Theory]
    [InlineData("\"top_k\":4", "/top_k"), InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024}", "/thinking/type"), InlineData("\"mcp_servers\":[]", "/mcp_servers"), InlineData("\"container\":\"c\"", "/container")]
    [InlineData("\"stop_sequences\":[\"1\",\"2\",\"3\",\"4\",\"5\"]", "/stop_sequences"), InlineData("\"service_tier\":\"standard_only\"", "/service_tier"), InlineData("\"metadata\":{\"other\":1}", "/metadata/other"), InlineData("\"output_config\":{\"effort\":\"low\"}", "/output_config/effort")]
    [InlineData("\"tools\":[{\"type\":\"bash_20250124\",\"name\":\"bash\"}]", "/tools/0/type"), InlineData("\"tools\":[{\"name\":\"x\"}]", "/tools/0/input_schema"), InlineData("\"tools\":[{\"name\":\"x\",\"input_schema\":{},\"defer_loading\":true}]", "/tools/0/defer_loading"), InlineData("\"tool_choice\":{\"type\":\"x\"}", "/tool_choice/type")]
    [InlineData("\"system\":[{\"type\":\"image\"}]", "/system/0/type"), InlineData("\"anything\":1", "/anything"), InlineData("\"output_config\":{\"format\":{\"type\":\"xml\",\"schema\":{}}}", "/output_config/format/type")]
    public void What_messages_ask_that_nobody_could_be_told_is_refused_by_name(string said, string place) => Refused(ToChat, $$"""{"model":"m","max_tokens":9,{{said}},"messages":[{"role":"user","content":"x"}]}""", place);

    [Theory]
    [InlineData("""{"role":"user","content":[{"type":"document","source":{}}]}""", "/messages/0/content/0/type"), InlineData("""{"role":"user","content":[{"type":"image","source":{"type":"file","file_id":"f"}}]}""", "/messages/0/content/0/source/type")]
    [InlineData("""{"role":"user","content":[{"type":"text","text":"x"},{"type":"tool_result","tool_use_id":"t"}]}""", "/messages/0/content/1/type"), InlineData("""{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"image"}]}]}""", "/messages/0/content/0/content/0/type")]
    [InlineData("""{"role":"assistant","content":[{"type":"thinking","thinking":"x","signature":"y"}]}""", "/messages/0/content/0/type"), InlineData("""{"role":"assistant","content":"x"}""", "/messages"), InlineData("""{"role":"assistant","content":[]}""", "/messages/0/content")]
    [InlineData("""{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}},{"type":"text","text":"x"}]}""", "/messages/0/content/1/type"), InlineData("""{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":7}]}""", "/messages/0/content/0/input")]
    [InlineData("""{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{},"caller":{"type":"code_execution"}}]}""", "/messages/0/content/0/caller"), InlineData("""{"role":"user","content":[{"type":"text","text":"x","citations":[1]}]}""", "/messages/0/content/0/citations"), InlineData("""{"role":"system","content":"x"}""", "/messages/0/role"), InlineData("""{"role":"user","content":[]}""", "/messages/0/content")]
    public void A_message_that_cannot_be_told_in_a_chat_is_refused_by_its_place(string message, string place) => Refused(ToChat, $$"""{"model":"m","max_tokens":9,"messages":[{{message}}]}""", place);

    [Fact]
    public void Marks_for_caches_are_left_out_a_tools_failure_is_said_and_the_bound_goes_by_the_servers_name()
    {
        const string asked = """{"model":"m","max_tokens":9,"thinking":{"type":"disabled"},"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","is_error":true,"content":"no such file","cache_control":{"type":"ephemeral"}},{"type":"tool_result","tool_use_id":"u","is_error":true,"content":[{"type":"text","text":"x"}]}]}]}""";
        Same("""{"model":"m","max_tokens":9,"messages":[{"role":"system","content":[{"type":"text","text":"s"}]},{"role":"tool","tool_call_id":"t","content":"error: no such file"},{"role":"tool","tool_call_id":"u","content":[{"type":"text","text":"error:"},{"type":"text","text":"x"}]}]}""",
            Request(ToChat, asked, new(1, TranslationSettings.BoundOlder)).Value);
    }

    [Theory]
    [InlineData("end_turn", "stop"), InlineData("stop_sequence", "stop"), InlineData("max_tokens", "length"), InlineData("model_context_window_exceeded", "length"), InlineData("refusal", "content_filter")]
    public void An_answer_of_messages_is_a_chat_completion(string reason, string finish) => Same(
        """{"id":"msg_1","object":"chat.completion","created":1700000000,"model":"c","choices":[{"index":0,"message":{"role":"assistant","content":"hello you","refusal":null},"logprobs":null,"finish_reason":"FINISH"}],"usage":{"prompt_tokens":16,"completion_tokens":3,"total_tokens":19,"prompt_tokens_details":{"cached_tokens":5}}}""".Replace("FINISH", finish, StringComparison.Ordinal),
        Answer(ToMessages, """{"id":"msg_1","type":"message","role":"assistant","model":"c","content":[{"type":"text","text":"hello ","citations":null},{"type":"text","text":"you"}],"stop_reason":"REASON","stop_sequence":null,"container":null,"usage":{"input_tokens":9,"cache_creation_input_tokens":2,"cache_read_input_tokens":5,"output_tokens":3,"service_tier":"standard"}}""".Replace("REASON", reason, StringComparison.Ordinal)).Value);

    [Fact]
    public void Calls_of_messages_are_calls_of_a_chat_completion() => Same(
        """{"id":"msg_1","object":"chat.completion","created":1700000000,"model":"c","choices":[{"index":0,"message":{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":"{\"a\":2.50}"}},{"id":"t2","type":"function","function":{"name":"g","arguments":"{}"}}]},"logprobs":null,"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}""",
        Answer(ToMessages, """{"id":"msg_1","type":"message","role":"assistant","model":"c","content":[{"type":"tool_use","id":"t1","name":"f","input":{"a":2.50},"caller":{"type":"direct"}},{"type":"tool_use","id":"t2","name":"g","input":{}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":2}}""").Value);

    [Theory]
    [InlineData("stop", "end_turn"), InlineData("length", "max_tokens"), InlineData("tool_calls", "tool_use"), InlineData("content_filter", "refusal")]
    public void A_chat_completion_is_an_answer_of_messages(string finish, string reason) => Same(
        """{"id":"c1","type":"message","role":"assistant","model":"g","content":[{"type":"text","text":"hello"},{"type":"tool_use","id":"t1","name":"f","input":{"a":1}},{"type":"tool_use","id":"t2","name":"g","input":{}}],"stop_reason":"REASON","stop_sequence":null,"usage":{"input_tokens":6,"output_tokens":3,"cache_read_input_tokens":4}}""".Replace("REASON", reason, StringComparison.Ordinal),
        Answer(ToChat, """{"id":"c1","object":"chat.completion","created":1,"model":"g","system_fingerprint":"f","choices":[{"index":0,"message":{"role":"assistant","content":"hello","refusal":null,"annotations":[],"tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},{"index":1,"id":"t2","function":{"name":"g","arguments":""}}]},"finish_reason":"FINISH"}],"usage":{"prompt_tokens":10,"completion_tokens":3,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":4}}}""".Replace("FINISH", finish, StringComparison.Ordinal)).Value);

    [Fact]
    public void What_a_model_would_not_say_is_a_reason_to_stop() => Same(
        """{"id":"c1","type":"message","role":"assistant","model":"g","content":[{"type":"text","text":"I will not"}],"stop_reason":"refusal","stop_sequence":null,"usage":{"input_tokens":0,"output_tokens":0}}""",
        Answer(ToChat, """{"id":"c1","model":"g","choices":[{"message":{"role":"assistant","content":null,"refusal":"I will not"},"finish_reason":"stop"}]}""").Value);

    [Theory]
    [InlineData("""{"id":"a","type":"message","model":"c","content":[{"type":"thinking","thinking":"x"}],"stop_reason":"end_turn"}""", "/content/0/type"), InlineData("""{"id":"a","type":"message","model":"c","content":[],"stop_reason":"pause_turn"}""", "/stop_reason")]
    [InlineData("""{"id":"a","type":"message","model":"c","content":[{"type":"text","text":"x","citations":[1]}],"stop_reason":"end_turn"}""", "/content/0/citations"), InlineData("[]", ""), InlineData("7", ""), InlineData("""{"content":{}}""", "/type")]
    public void An_answer_of_messages_that_cannot_be_told_is_refused(string answer, string place) => Withheld(ToMessages, answer, place);

    [Theory]
    [InlineData("""{"id":"a","model":"g","choices":[]}""", "/choices"), InlineData("""{"id":"a","model":"g","choices":[{"message":{"content":"x"},"finish_reason":"stop"},{}]}""", "/choices"), InlineData("""{"id":"a","model":"g","choices":[{"message":{"content":"x"},"finish_reason":"function_call"}]}""", "/choices/0/finish_reason")]
    [InlineData("""{"id":"a","model":"g","choices":[{"message":{"content":"x","audio":{}},"finish_reason":"stop"}]}""", "/choices/0/message/audio"), InlineData("""{"id":"a","model":"g","choices":[{"message":{"content":"x","reasoning_content":"y"},"finish_reason":"stop"}]}""", "/choices/0/message/reasoning_content")]
    [InlineData("""{"id":"a","model":"g","choices":[{"message":{"tool_calls":[{"id":"t","function":{"name":"f","arguments":"{"}}]},"finish_reason":"stop"}]}""", "/choices/0/message/tool_calls/0/function/arguments"), InlineData("[]", "")]
    public void A_chat_completion_that_cannot_be_told_is_refused(string answer, string place) => Withheld(ToChat, answer, place);

    [Theory]
    [InlineData("""{"type":"error","error":{"type":"overloaded_error","message":"too much"}}""", 529, """{"error":{"type":"api_error","message":"too much","param":null,"code":null}}"""), InlineData("""{"oh":1}""", 400, """{"error":{"type":"invalid_request_error","message":"the provider answered with status 400","param":null,"code":null}}""")]
    public void A_refusal_of_messages_is_one_of_chat_completions(string error, int status, string told) => Same(told, Answer(ToMessages, error, status).Value);

    [Theory]
    [InlineData("""{"error":{"message":"slow down","type":"x","code":"y"}}""", 429, """{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}"""), InlineData("""{"error":"model not found"}""", 404, """{"type":"error","error":{"type":"not_found_error","message":"model not found"}}"""), InlineData("[]", 500, """{"type":"error","error":{"type":"api_error","message":"the provider answered with status 500"}}""")]
    public void A_refusal_of_chat_completions_is_one_of_messages(string error, int status, string told) => Same(told, Answer(ToChat, error, status).Value);

    // The invariant itself: whatever field a request has that is not in the table, wherever it stands, is named and not dropped.
    [Theory, InlineData(true), InlineData(false)]
    public void No_field_anywhere_is_dropped(bool toMessages)
    {
        var (by, body) = toMessages ? (ToMessages, Chat) : (ToChat, Messages);
        var places = Objects(JsonNode.Parse(body)!, "").Where(p => !p.Contains("/parameters", StringComparison.Ordinal) && !p.Contains("schema/", StringComparison.Ordinal) && !p.Contains("/input", StringComparison.Ordinal) && !p.EndsWith("/schema", StringComparison.Ordinal)).ToList();
        Assert.True(places.Count > 20);
        foreach (var place in places)
        {
            var changed = JsonNode.Parse(body)!;
            var at = place.Split('/').Skip(1).Aggregate(changed, (node, step) => node is JsonArray list ? list[int.Parse(step, null)]! : node[step]!);
            at["x_odd"] = 1;
            Assert.Equal($"{place}/x_odd", Request(by, changed.ToJsonString()).Problem?.Where);
        }
    }

    // Any value of the wrong kind, anywhere: an answer or a refusal, and never an exception.
    [Theory, InlineData(true), InlineData(false)]
    public void No_value_of_another_kind_is_a_surprise(bool toMessages)
    {
        var (by, body) = toMessages ? (ToMessages, Chat) : (ToChat, Messages);
        var refused = 0;
        foreach (var place in Values(JsonNode.Parse(body)!, ""))
            foreach (var odd in (string[])["7", "-1e300", "true", "\"\"", "[]", "{}", "[null]", "null"])
            {
                var changed = JsonNode.Parse(body)!;
                var steps = place.Split('/').Skip(1).ToList();
                var at = steps[..^1].Aggregate(changed, (node, step) => node is JsonArray list ? list[int.Parse(step, null)]! : node[step]!);
                if (at is JsonArray items) items[int.Parse(steps[^1], null)] = JsonNode.Parse(odd);
                else at[steps[^1]] = JsonNode.Parse(odd);
                var read = Gateways.Llm.Wire.Prompt.Read(by.Asked, Encoding.UTF8.GetBytes(changed.ToJsonString()), 1 << 20);
                if (read.Then(p => by.Request(p, TranslationSettings.Standard)).Problem is not null) refused++;
            }
        Assert.InRange(refused, 100, 5000);
    }

    private static IEnumerable<string> Objects(JsonNode node, string place) => node switch
    {
        JsonObject o => [place, .. o.Where(m => m.Value is not null).SelectMany(m => Objects(m.Value!, $"{place}/{m.Key}"))],
        JsonArray a => a.SelectMany((item, i) => Objects(item!, $"{place}/{i}")),
        _ => [],
    };

    private static IEnumerable<string> Values(JsonNode? node, string place) => [.. place.Length > 0 ? [place] : Array.Empty<string>(), .. node switch
    {
        JsonObject o => o.SelectMany(m => Values(m.Value, $"{place}/{m.Key}")),
        JsonArray a => a.SelectMany((item, i) => Values(item, $"{place}/{i}")),
        _ => [],
    }];

    private static void Refused(Translation by, string body, string place)
    {
        var problem = Request(by, body).Problem;
        Assert.Equal((ProblemCode.MessageInvalid, place), (problem?.Code, problem?.Where));
        Assert.Contains($"'{place}' cannot be translated", problem!.Message, StringComparison.Ordinal);
    }

    private static void Withheld(Translation by, string answer, string place)
    {
        var problem = Answer(by, answer).Problem;
        Assert.Equal((ProblemCode.UpstreamInvalid, place), (problem?.Code, problem?.Where));
    }
}
