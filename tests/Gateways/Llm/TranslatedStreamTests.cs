// Streams told in the other API, event by event: what they say together is what the whole answer would have said, and what cannot be told ends them (LLM-01).
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Gateways.Llm.Wire.Translation;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Llm;

[Clause("LLM-01")]
public sealed class TranslatedStreamTests
{
    private static readonly Translation ToMessages = Translation.Between(LlmApi.ChatCompletions, ApiFamily.Anthropic)!, ToChat = Translation.Between(LlmApi.Messages, ApiFamily.OpenAi)!;

    private static EventTranslation Events(Translation by, bool countsAsked = false) => by.Events(
        Prompt.Read(by.Asked, Encoding.UTF8.GetBytes($$"""{"model":"m","max_tokens":9,"stream":true,{{(countsAsked ? "\"stream_options\":{\"include_usage\":true}," : "")}}"messages":[]}"""), 1 << 20).Value, 1_700_000_000);

    private static Outcome<List<string>> Told(EventTranslation events, params ReadOnlySpan<string> came)
    {
        List<string> all = [];
        foreach (var one in came)
        {
            if (!events.Next(new("", Encoding.UTF8.GetBytes(one))).Try(out var some, out var problem)) return problem;
            all.AddRange(some.Select(Words));
        }
        if (!events.End().Try(out var rest, out var last)) return last;
        all.AddRange(rest.Select(Words));
        return all;
    }

    private static string Words(CarriedDocument told)
    {
        var json = Encoding.UTF8.GetString(told.Json.Span);
        if (told.Type.Length > 0) Assert.Equal(told.Type, JsonElement.Parse(json).GetProperty("type").GetString());
        return json;
    }

    private static readonly string[] Claude =
    [
        """{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"c","content":[],"stop_reason":null,"usage":{"input_tokens":9,"cache_read_input_tokens":2,"output_tokens":1}}}""",
        """{"type":"ping"}""",
        """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo"}}""",
        """{"type":"content_block_stop","index":0}""",
        """{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t1","name":"f","input":{}}}""",
        """{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}""",
        """{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"1}"}}""",
        """{"type":"content_block_stop","index":1}""",
        """{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t2","name":"g","input":{}}}""",
        """{"type":"content_block_stop","index":2}""",
        """{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":7}}""",
        """{"type":"message_stop"}""",
    ];

    [Fact]
    public void Events_of_messages_are_chunks_each_as_it_comes()
    {
        var events = Events(ToMessages, countsAsked: true);
        // One in, at most one out here: nothing waits for what follows.
        var counts = Claude.Select(one => events.Next(new("", Encoding.UTF8.GetBytes(one))).Value.Count).ToList();
        Assert.Equal([1, 0, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 2], counts);

        var told = Told(Events(ToMessages, countsAsked: true), Claude).Value;
        Assert.Equal("[DONE]", told[^1]);
        Assert.Equal("""{"id":"msg_1","object":"chat.completion.chunk","created":1700000000,"model":"c","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18,"prompt_tokens_details":{"cached_tokens":2}}}""", told[^2]);
        Assert.Equal("""{"id":"msg_1","object":"chat.completion.chunk","created":1700000000,"model":"c","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"tool_calls"}]}""", told[^3]);
        Assert.DoesNotContain("\"usage\"", string.Concat(Told(Events(ToMessages), Claude).Value), StringComparison.Ordinal);
    }

    [Fact]
    public void Together_they_say_what_was_said()
    {
        var stream = Carried.Stream();
        foreach (var one in Told(Events(ToMessages), Claude).Value) Assert.Null(stream.Add("", Encoding.UTF8.GetBytes(one), 1 << 20).Problem);
        var said = ExchangeReader.Answer("m", stream);
        Assert.Equal("Hello", string.Concat(said.Texts.Select(t => t.Text)));
        Assert.Equal([new("f", "{\"a\":1}"), new("g", "{}")], said.ToolCalls);
        Assert.Equal("tool_calls", said.Finish);
    }

    private static string Chunk(string choice) => $$"""{"id":"c1","object":"chat.completion.chunk","created":1,"model":"g","choices":[{{choice}}]}""";

    private static string Delta(string delta, string finish = "null") => Chunk($$"""{"index":0,"delta":{{delta}},"finish_reason":{{finish}}}""");

    [Fact]
    public void Chunks_are_events_of_messages_and_back_they_are_the_chunks_again()
    {
        string[] chunks =
        [
            Delta("""{"role":"assistant","content":""}"""), Delta("""{"content":"Hel"}"""), Delta("""{"content":"lo"}"""),
            Delta("""{"tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"f","arguments":""}}]}"""), Delta("""{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":1}"}}]}"""),
            Delta("""{"tool_calls":[{"index":1,"id":"t2","type":"function","function":{"name":"g","arguments":"{}"}}]}"""), Delta("{}", "\"tool_calls\""),
            """{"id":"c1","object":"chat.completion.chunk","created":1,"model":"g","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18,"prompt_tokens_details":{"cached_tokens":2}}}""", "[DONE]",
        ];
        var told = Told(Events(ToChat), chunks).Value;
        Assert.Equal(["message_start", "content_block_start", "content_block_delta", "content_block_delta", "content_block_stop", "content_block_start", "content_block_delta", "content_block_stop", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"],
            told.Select(t => JsonElement.Parse(t).GetProperty("type").GetString()));
        Assert.Equal("""{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":9,"output_tokens":7,"cache_read_input_tokens":2}}""", told[^2]);
        var again = Told(Events(ToMessages, countsAsked: true), [.. told]).Value;
        Assert.Equal("Hello", string.Concat(again.SkipLast(1).SelectMany(c => JsonNode.Parse(c)!["choices"]!.AsArray()).Select(c => (string?)c!["delta"]!["content"])));
        Assert.Equal("[DONE]", again[^1]);
        Assert.Contains("\"prompt_tokens\":11,\"completion_tokens\":7", again[^2], StringComparison.Ordinal);
    }

    [Fact]
    public void Calls_without_a_number_come_each_whole()
    {
        var told = Told(Events(ToChat), Delta("""{"tool_calls":[{"id":"t1","function":{"name":"f","arguments":"{}"}},{"id":"t2","function":{"name":"g","arguments":"{}"}}]}"""), Delta("{}", "\"stop\"")).Value;
        Assert.Equal(["t1", "t2"], told.Select(t => JsonNode.Parse(t)!["content_block"]?["id"]?.GetValue<string>()).Where(i => i is not null));
    }

    [Fact]
    public void A_stream_without_a_mark_at_its_end_ends_where_it_stops() =>
        Assert.Equal("""{"type":"message_stop"}""", Told(Events(ToChat), Delta("""{"content":"x"}"""), Delta("{}", "\"stop\"")).Value[^1]);

    [Theory]
    [InlineData("""{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}""", "/content_block/type"), InlineData("""{"type":"content_block_delta","index":5,"delta":{"type":"text_delta","text":"x"}}""", "/index")]
    [InlineData("""{"type":"odd"}""", "/type"), InlineData("""{"type":"message_start","message":{}}""", "/type"), InlineData("7", ""), InlineData("""{"type":"message_delta","delta":{"stop_reason":"pause_turn"}}""", "/delta/stop_reason"), InlineData("""{"type":"message_stop","type2":1}""", null)]
    public void An_event_of_messages_that_cannot_be_told_ends_it(string odd, string? place)
    {
        var events = Events(ToMessages);
        Assert.Equal(place, Told(events, Claude[0], odd).Problem?.Where);
        // What comes after it does not pass either.
        if (place is not null) Assert.Equal(ProblemCode.UpstreamInvalid, events.Next(new("", Encoding.UTF8.GetBytes(Claude[3]))).Problem?.Code);
    }

    [Theory]
    [InlineData("""{"reasoning_content":"x"}""", "/choices/0/delta/reasoning_content"), InlineData("""{"tool_calls":[{"index":1,"id":"t","function":{"name":"f"}}]}""", "/choices/0/delta/tool_calls/0/index"), InlineData("""{"tool_calls":[{"index":0,"function":{"name":"f"}}]}""", "/choices/0/delta/tool_calls/0/id")]
    [InlineData("""{"tool_calls":[{"index":0,"id":"t","function":{"name":"f"}},{"index":1,"id":"u","function":{"name":"g"}},{"index":0,"function":{"arguments":"x"}}]}""", "/choices/0/delta/tool_calls/2/index"), InlineData("""{"function_call":{"name":"f"}}""", "/choices/0/delta/function_call")]
    [InlineData("""{"tool_calls":[{"index":0,"id":"t","function":{"name":"she"}},{"index":0,"function":{"name":"ll"}}]}""", "/choices/0/delta/tool_calls/1/function"), InlineData("""{"audio":{}}""", "/choices/0/delta/audio"), InlineData("7", "/choices/0/delta")]
    public void A_chunk_that_cannot_be_told_ends_it(string delta, string place) => Assert.Equal(place, Told(Events(ToChat), Delta(delta)).Problem?.Where);

    [Fact]
    public void A_stream_that_never_says_why_it_stops_is_none() => Assert.Equal(ProblemCode.UpstreamInvalid, Told(Events(ToChat), Delta("""{"content":"x"}"""), "[DONE]").Problem?.Code);

    [Fact]
    public void An_error_within_a_stream_is_told_in_the_callers_shape()
    {
        Assert.Equal("""{"error":{"type":"overloaded_error","message":"too much","param":null,"code":null}}""", Told(Events(ToMessages), Claude[0], """{"type":"error","error":{"type":"overloaded_error","message":"too much"}}""").Value[^1]);
        Assert.Equal("""{"type":"error","error":{"type":"server_error","message":"too much"}}""", Told(Events(ToChat), """{"error":{"type":"server_error","message":"too much"}}""").Value[^1]);
    }

    // Every event of a stream with any part of it made another kind: an event, a refusal, and never an exception.
    [Fact]
    public void No_value_of_another_kind_is_a_surprise()
    {
        var refused = 0;
        foreach (var (by, sample) in ((Translation, string[])[])[(ToMessages, Claude), (ToChat, [Delta("""{"role":"assistant","content":"x","tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":"x"}}]}""", "\"stop\""), """{"id":"c","model":"g","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":1}}}"""])])
            for (var at = 0; at < sample.Length; at++)
                foreach (var name in Names(JsonNode.Parse(sample[at])!).Distinct().ToList())
                    foreach (var odd in (string[])["7", "-1", "true", "\"\"", "[]", "{}", "[7]", "null"])
                    {
                        var changed = JsonNode.Parse(sample[at])!;
                        Replace(changed, name, odd);
                        if (Told(Events(by), [.. sample[..at], changed.ToJsonString(), .. sample[(at + 1)..]]).Problem is not null) refused++;
                    }
        Assert.InRange(refused, 100, 5000);
    }

    private static IEnumerable<string> Names(JsonNode node) => node switch
    {
        JsonObject o => o.SelectMany(m => (string[])[m.Key, .. m.Value is null ? [] : Names(m.Value)]),
        JsonArray a => a.SelectMany(item => item is null ? [] : Names(item)),
        _ => [],
    };

    private static void Replace(JsonNode? node, string name, string odd)
    {
        if (node is JsonObject o)
            foreach (var key in o.Select(m => m.Key).ToList())
                if (key == name) o[key] = JsonNode.Parse(odd);
                else Replace(o[key], name, odd);
        else if (node is JsonArray a)
            foreach (var item in a) Replace(item, name, odd);
    }
}
