// What the gateway counts of its exchanges, and that nobody's words become a label.
using System.Net;
using System.Text.Json;
using CabinCrew.Gateways.Firewall.Configuration;
using CabinCrew.Gateways.Llm.Endpoint;

namespace CabinCrew.Server.Tests.Llm;

[Clause("AUD-04")]
public sealed class MetricsTests
{
    // Made up of two parts, so that no scanner takes this file for a leak.
    private const string Token = "glpat-" + "Zq3vB8nK2mXw7RtYc5Ld";

    private const string Models = "'m-*': { to: [ { provider: one, price: { input: 2, output: 10.5 } }, { provider: two } ] }";

    private static string On => $"metrics: {{ address: 127.0.0.1:{StandingGateway.FreePort()} }}";

    private static string Asking(string text, string model = "m-1") => JsonSerializer.Serialize(new { model, messages = new[] { new { role = "user", content = text } } });

    [Fact]
    public async Task Exchanges_tokens_dollars_times_and_health_are_counted_by_names_of_the_configuration_only()
    {
        await using var at = await StandingModels.OpenAsync(On, Models);
        await at.PostAsync("/v1/chat/completions", Asking($"use {Token}", "m-made-up"));
        at.Model.Answer = (http, asked) => asked.Path.StartsWith("/two", StringComparison.Ordinal) ? ModelDouble.Json(http, ModelDouble.Chat("hi")) : ModelDouble.Json(http, "{}", 503);
        for (var i = 0; i < 3; i++) await at.PostAsync("/v1/chat/completions", Asking("hello"));
        await at.PostAsync("/v1/chat/completions", Asking("hello", "none"));
        var text = at.Metrics;
        foreach (var line in (string[])
        [
            """cabincrew_llm_messages_total{model="m-*",provider="one",direction="prompt",decision="allow"} 3""",
            """cabincrew_llm_messages_total{model="m-*",provider="one",direction="prompt",decision="warn"} 1""",
            """cabincrew_llm_messages_total{model="m-*",provider="two",direction="answer",decision="allow"} 3""",
            """cabincrew_llm_redacted_total{model="m-*",provider="one",direction="prompt"} 1""",
            """cabincrew_llm_tokens_total{model="m-*",provider="one",kind="input"} 9""",
            """cabincrew_llm_tokens_total{model="m-*",provider="two",kind="output"} 9""",
            """cabincrew_llm_usd_total{model="m-*",provider="one"} 5E-05""",
            """cabincrew_llm_provider_seconds_count{provider="one",outcome="failed"} 3""",
            """cabincrew_llm_provider_seconds_count{provider="two",outcome="answered"} 3""",
            """cabincrew_llm_judgement_seconds_count{direction="prompt"} 7""",
            """cabincrew_llm_provider_up{provider="one"} 0""",
            """cabincrew_llm_provider_up{provider="claude"} 1""",
            "cabincrew_llm_in_flight 0",
        ]) Assert.Contains(line + "\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("made-up", text, StringComparison.Ordinal);
        Assert.DoesNotContain("agent", text, StringComparison.Ordinal);
    }

    [Fact, Clause("LLM-07")]
    public async Task A_refusal_is_counted_by_its_problem()
    {
        await using var at = await StandingModels.OpenAsync($"{On}\nlimits: {{ calls_per_day: 1 }}", Models);
        await at.PostAsync("/v1/chat/completions", Asking("hello"));
        Assert.Equal(HttpStatusCode.TooManyRequests, (await at.PostAsync("/v1/chat/completions", Asking("hello"))).Status);
        Assert.Contains("""cabincrew_llm_refused_total{model="m-*",provider="one",direction="prompt",problem="caller_budget_exceeded"} 1""", at.Metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task They_are_at_an_address_of_their_own_and_not_where_callers_are()
    {
        await using var at = await StandingModels.OpenAsync(On, Models);
        var listen = new ListenDefinition("127.0.0.1", StandingGateway.FreePort(), [], [], null);
        await using var page = (await GatewayListener.StartAsync(listen, LlmMetricsPage.Path, 0, new LlmMetricsPage(at.MetricsText, GatewayListener.Hosts(listen)).Handle, default)).Value;
        using var shown = await at.Client.GetAsync(page.Address, TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.OK, "text/plain; version=0.0.4; charset=utf-8"), (shown.StatusCode, shown.Content.Headers.ContentType?.ToString()));
        Assert.StartsWith("# HELP cabincrew_llm_", await shown.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        using var elsewhere = new HttpRequestMessage(HttpMethod.Get, page.Address) { Headers = { Host = "evil.example" } };
        Assert.Equal(HttpStatusCode.Forbidden, (await at.Client.SendAsync(elsewhere, TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await at.Client.GetAsync(new Uri(at.Address, "/metrics"), TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await at.Client.GetAsync(new Uri(page.Address, "/v1/models"), TestContext.Current.CancellationToken)).StatusCode);
    }
}
