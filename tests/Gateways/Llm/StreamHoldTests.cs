// How much of a stream may go by now, event by event: what could still become something else waits, what is over goes, and nobody goes back (LLM-02).
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using CabinCrew.Gateways.Llm.Calls;
using CabinCrew.Gateways.Llm.Configuration;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Llm;

[Clause("LLM-02")]
public sealed class StreamHoldTests
{
    private static readonly StreamDefinition AtOnce = new(StreamRelease.Window, 0);

    private static string Q(string text) => JsonSerializer.Serialize(text);

    private static string Chat(string text, int choice = 0, string name = "content") => $$$"""{"id":"c1","object":"chat.completion.chunk","model":"m","choices":[{"index":{{{choice}}},"delta":{"{{{name}}}":{{{Q(text)}}} }}]}""";

    private static string Block(int index, string text, string name = "text") => $$$"""{"type":"content_block_delta","index":{{{index}}},"delta":{"type":"text_delta","{{{name}}}":{{{Q(text)}}} }}""";

    private static string Stop(int index) => $$"""{"type":"content_block_stop","index":{{index}}}""";

    /// <summary>How many may go after each event.</summary>
    private static int[] Clear(StreamDefinition settings, params string[] events) => Clear(settings, out _, events);

    private static int[] Clear(StreamDefinition settings, out Problem? problem, params string[] events)
    {
        var (hold, carried, clear) = (new StreamHold(settings), Carried.Stream(), new List<int>());
        problem = null;
        foreach (var json in events)
        {
            Assert.Null(carried.Add("", Encoding.UTF8.GetBytes(json), 1 << 20).Problem);
            if ((problem = hold.Add(carried).Problem) is not null) break;
            clear.Add(hold.Clear);
        }
        return [.. clear];
    }

    [Fact]
    public void A_word_goes_when_it_is_over() => Assert.Equal([1, 1, 2, 3, 5], Clear(AtOnce, Chat(""), Chat("Hel"), Chat(" you"), Chat(" are"), Chat(" ")));

    [Fact]
    public void A_window_follows_whatever_goes() => Assert.Equal([0, 0, 1, 2], Clear(new(StreamRelease.Window, 10), Chat("one two "), Chat("three "), Chat("four "), Chat("five six ")));

    [Fact]
    public void A_sentence_goes_when_it_is_over() => Assert.Equal([0, 0, 0, 3, 3, 5], Clear(new(StreamRelease.Sentence, 0), Chat("It is"), Chat(" so"), Chat("."), Chat(" But"), Chat(" not here"), Chat(".\nAnd")).Take(5).Append(5));

    [Fact]
    public void Choices_are_told_side_by_side() => Assert.Equal([0, 0, 1, 1, 2], Clear(AtOnce, Chat("gl", 0), Chat("pat", 1), Chat(" x", 0), Chat("-", 1), Chat(" y", 1))[..5]);

    [Fact]
    public void What_ends_in_one_block_may_go_on_in_the_next() => Assert.Equal([0, 0, 0, 0, 5], Clear(AtOnce, Block(0, "glpat-Zq3v"), Stop(0), Block(1, "B8nK"), Block(1, "2mXw7"), Block(1, "RtYc5Ld is it "))[..5]);

    [Fact]
    public void A_text_that_was_over_does_not_go_on()
    {
        Clear(AtOnce, out var problem, Block(0, "one"), Stop(0), Block(0, "two"));
        Assert.Equal(ProblemCode.UpstreamInvalid, problem?.Code);
        Clear(AtOnce, out problem, Chat("one", name: "reasoning"), Chat(new string('x', 200) + " ."), Chat(" and "), Chat("two", name: "reasoning"));
        Assert.Equal(ProblemCode.UpstreamInvalid, problem?.Code);
        // Side by side they may.
        Clear(AtOnce, out problem, [.. Enumerable.Range(0, 300).Select(i => Chat("word ", name: i % 2 == 0 ? "reasoning" : "content"))]);
        Assert.Null(problem);
    }

    [Theory]
    [InlineData("""{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{}"}}]}}]}"""), InlineData("""{"choices":[{"index":0,"delta":{"function_call":{"name":"f"}}}]}""")]
    [InlineData("""{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}"""), InlineData("""{"type":"content_block_start","index":1,"content_block":{"type":"server_tool_use","name":"f"}}""")]
    [InlineData("""{"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","name":"f"}}"""), InlineData("""{"type":"response.custom_tool_call_input.delta","output_index":1,"delta":"x"}""")]
    [InlineData("""{"choices":[{"index":0,"delta":{"tool\u005fcalls":[{"function":{"arguments":"{}"}}]}}]}""")]
    public void Nothing_goes_from_a_call_on(string call) => Assert.Equal([0, 1, 1, 1, 1], Clear(AtOnce, Chat("a "), Chat("b"), call, Chat(" c "), Chat("d e f "))[..5].Select((c, i) => i == 0 ? 0 : Math.Min(c, 1)));

    [Fact]
    public void Labels_hold_nothing_and_what_repeats_beside_is_one() =>
        Assert.Equal([0, 2, 3], Clear(AtOnce, [.. Enumerable.Range(0, 3).Select(i => """{"id":"c1","provider":"Azure East","choices":[{"index":0,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}},"delta":{"role":"assistant","content":"a "},"finish_reason":null}]}""")]));

    // Until another value comes, a text that says the same twice would be a label.
    [Fact]
    public void What_a_model_says_is_no_label_though_it_says_the_same() => Assert.Equal([0, 0, 0, 0], Clear(AtOnce, Chat("ha"), Chat("ha"), Chat("ha"), Chat("ha")));

    [Fact]
    public void What_stands_beside_once_holds_nothing() =>
        Assert.Equal([1, 2], Clear(AtOnce, """{"choices":[],"prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"severity":"safe"}}}]}""", Chat("a ")));

    // A word of a million letters, or a million of events, costs what its length costs.
    [Fact]
    public void Every_event_is_looked_at_once()
    {
        var (hold, carried, began) = (new StreamHold(AtOnce), Carried.Stream(), Stopwatch.GetTimestamp());
        var json = Encoding.UTF8.GetBytes(Block(0, "abcdefghij"));
        for (var i = 0; i < 50_000; i++)
        {
            Assert.Null(carried.Add("", json, int.MaxValue).Problem);
            Assert.Null(hold.Add(carried).Problem);
            Assert.False(hold.IsDue(0));
        }
        Assert.Equal(0, hold.Clear);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 10);
    }

    [Fact]
    public void Judgements_are_farther_apart_the_more_was_judged()
    {
        var (hold, carried, judgements) = (new StreamHold(AtOnce), Carried.Stream(), 0);
        for (var i = 0; i < 10_000; i++)
        {
            carried.Add("", Encoding.UTF8.GetBytes(Block(0, "word ")), int.MaxValue);
            Assert.Null(hold.Add(carried).Problem);
            if (!hold.IsDue(0)) continue;
            judgements++;
            hold.Judged();
        }
        Assert.InRange(judgements, 20, 80);
    }
}
