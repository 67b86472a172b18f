// What stands in a stream's events besides its texts: labels, and whatever a provider adds.
namespace CabinCrew.Server.Tests.Llm;

[Clause("LLM-02")]
public sealed class StreamLabelTests
{
    private const string Window = "{ release: window, window: 0 }", Whole = "{ release: whole }";

    // Joined from event to event, as the texts are, what stands in each of them whole would be no credential any more.
    [Theory]
    [InlineData("{\"id\":\"c1\"", "{\"id\":\"TOKEN\"", Window), InlineData("{\"id\":\"c1\"", "{\"id\":\"TOKEN\"", Whole)]
    [InlineData("{\"id\"", "{\"anything\":\"TOKEN\",\"id\"", Window), InlineData("{\"id\"", "{\"anything\":\"TOKEN\",\"id\"", Whole)]
    [InlineData("{\"content\"", "{\"anything\":\"TOKEN\",\"content\"", Window), InlineData("{\"content\"", "{\"anything\":\"TOKEN\",\"content\"", Whole)]
    public async Task A_credential_that_stands_in_every_event_by_itself_does_not_get_out(string instead, string label, string mode)
    {
        // Of a fixed length: a letter behind it, and it is none.
        const string key = "AKIA" + "Z7QK3MPT5VNX2JWD";
        await using var at = await StandingModels.OpenAsync($"streams: {mode}");
        at.Model.Answer = (http, _) => ModelDouble.Events(http, [.. ModelDouble.ChatStream("Here it is, ", "and that is all, ", "and no more of it, ", "so good bye.").Select(e => e.Replace(instead, label.Replace("TOKEN", key, StringComparison.Ordinal), StringComparison.Ordinal))]);
        var (_, got, _) = await at.PostAsync("/v1/chat/completions", StreamShape.All["chat"].Asking);
        Assert.DoesNotContain(key, got, StringComparison.Ordinal);
    }
}
