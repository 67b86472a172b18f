// The providers' own client libraries work through the gateway by a changed base address, and nothing else (LLM-01).
using System.ClientModel;
using Anthropic;
using Anthropic.Models.Messages;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Embeddings;

namespace CabinCrew.Server.Tests.Llm;

public sealed class OfficialLlmClientTests
{
    [Fact, Clause("LLM-01")]
    public async Task OpenAi_chat_streamed_and_not()
    {
        await using var at = await StandingModels.OpenAsync();
        var client = new ChatClient("m-1", new ApiKeyCredential(StandingModels.Key), new OpenAIClientOptions { Endpoint = at.Address });
        var whole = await client.CompleteChatAsync("hello");
        Assert.Equal(("hello", 12), (whole.Value.Content[0].Text, whole.Value.Usage.TotalTokenCount));

        at.Model.Answer = (http, _) => ModelDouble.Events(http, ModelDouble.ChatStream("Hel", "lo"));
        var text = "";
        await foreach (var update in client.CompleteChatStreamingAsync("hello")) text += string.Concat(update.ContentUpdate.Select(c => c.Text));
        Assert.Equal("Hello", text);
    }

    [Fact, Clause("LLM-07")]
    public async Task OpenAi_reads_a_refusal_as_its_own_error()
    {
        await using var at = await StandingModels.OpenAsync();
        var client = new ChatClient("nothing", new ApiKeyCredential(StandingModels.Key), new OpenAIClientOptions { Endpoint = at.Address });
        var refused = await Assert.ThrowsAsync<ClientResultException>(() => client.CompleteChatAsync("hello"));
        Assert.Equal(404, refused.Status);
        Assert.Contains("there is no model 'nothing'", refused.Message, StringComparison.Ordinal);
    }

    [Fact, Clause("LLM-01")]
    public async Task OpenAi_embeddings()
    {
        await using var at = await StandingModels.OpenAsync();
        at.Model.Answer = (http, _) => ModelDouble.Json(http, """{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.25,-0.5]}],"model":"m-1","usage":{"prompt_tokens":1,"total_tokens":1}}""");
        var client = new EmbeddingClient("m-1", new ApiKeyCredential(StandingModels.Key), new OpenAIClientOptions { Endpoint = at.Address });
        var embedding = (await client.GenerateEmbeddingAsync("hello")).Value;
        Assert.Equal([0.25f, -0.5f], embedding.ToFloats().ToArray());
    }

    [Fact, Clause("LLM-01")]
    public async Task Anthropic_messages_streamed_and_not()
    {
        await using var at = await StandingModels.OpenAsync();
        at.Model.Answer = (http, _) => ModelDouble.Json(http, ModelDouble.Message("hello"));
        var client = new AnthropicClient { ApiKey = StandingModels.Key, BaseUrl = at.Address.GetLeftPart(UriPartial.Authority) };
        var asking = new MessageCreateParams { Model = "claude-x", MaxTokens = 9, Messages = [new UserMessageParam { Content = "hello" }] };
        var whole = await client.Messages.Create(asking);
        Assert.True(whole.Content[0].TryPickText(out var said));
        Assert.Equal("hello", said.Text);
        Assert.Equal(StandingModels.ProviderKey, Assert.Single(at.Model.Seen).Headers["x-api-key"]);

        at.Model.Answer = (http, _) => ModelDouble.Events(http, ModelDouble.MessageStream("Hel", "lo"));
        var text = "";
        await foreach (var one in client.Messages.CreateStreaming(asking))
            if (one.TryPickContentBlockDelta(out var delta) && delta.Delta.TryPickText(out var part)) text += part.Text;
        Assert.Equal("Hello", text);
    }
}
