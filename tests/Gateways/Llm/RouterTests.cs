// Where requests go: the same request, configuration and health give the same answer, with its reason (LLM-04).
using CabinCrew.Gateways.Llm.Routing;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Gateways.Tests.Gate;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Llm;

[Clause("LLM-04")]
public sealed class RouterTests
{
    private static readonly Router Models = new(
    [
        new("gpt-*", RouteChoice.First, [new("a", null, 1)], false),
        new("gpt-4*", RouteChoice.First, [new("b", null, 1)], false),
        new("gpt-4o", RouteChoice.First, [new("c", "four", 1), new("a", null, 1)], false),
        new("shared", RouteChoice.Weighted, [new("a", null, 3), new("b", null, 1)], false),
    ]);

    private static string[] Steps(string model, string request = "r", string? deaf = null, string? resting = null) =>
        [.. Models.Choose(new(model, Digest.Of(System.Text.Encoding.UTF8.GetBytes(request))), t => t.Provider != deaf ? LlmApi.All[0] : null, p => p == resting).Value.Steps.Select(s => $"{s.Provider} {s.Model}")];

    [Fact]
    public void The_closest_name_counts()
    {
        Assert.Equal(["a gpt-3"], Steps("gpt-3"));
        Assert.Equal(["b gpt-4-x"], Steps("gpt-4-x"));
        Assert.Equal(["c four", "a gpt-4o"], Steps("gpt-4o"));
    }

    [Fact]
    public void By_weight_the_same_request_always_alike_and_all_together_in_proportion()
    {
        Assert.Equal(Steps("shared", "x"), Steps("shared", "x"));
        var first = Enumerable.Range(0, 1000).Count(i => Steps("shared", $"request {i}")[0].StartsWith('a'));
        Assert.InRange(first, 700, 800);
        Assert.All(Enumerable.Range(0, 20), i => Assert.Equal(2, Steps("shared", $"{i}").Length));
    }

    [Fact]
    public void Who_rests_stands_by_last_and_who_does_not_speak_the_api_is_left_out()
    {
        Assert.Equal(["a gpt-4o", "c four"], Steps("gpt-4o", resting: "c"));
        Assert.Equal(["a gpt-4o"], Steps("gpt-4o", deaf: "c"));
        Assert.Equal(ProblemCode.InvalidArgument, Models.Choose(new("gpt-3", Digest.Of(""u8)), _ => null, _ => false).Problem?.Code);
    }

    [Fact]
    public void A_model_that_is_not_there_is_refused_with_a_near_match()
    {
        var problem = Models.Choose(new("sharde", Digest.Of(""u8)), _ => LlmApi.All[0], _ => false).Problem;
        Assert.Equal(ProblemCode.NotFound, problem?.Code);
        Assert.Contains("shared", problem!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_provider_that_failed_three_times_rests_for_a_while()
    {
        var clock = new SetClock();
        var health = new ProviderHealth(clock);
        for (var i = 0; i < ProviderHealth.FailuresMax; i++)
        {
            Assert.False(health.Rests("a"));
            health.Failed("a");
        }
        Assert.True(health.Rests("a"));
        clock.Advance(ProviderHealth.RestsFor);
        Assert.False(health.Rests("a"));
        health.Failed("a");
        Assert.True(health.Rests("a"));
        health.Answered("a");
        Assert.False(health.Rests("a"));
    }
}
