// The APIs that callers speak and providers answer (LLM-01), in one table. A new one is a line here, and where it says things in new places, a line in ExchangeReader.
namespace CabinCrew.Gateways.Llm.Wire;

/// <summary>Whose conventions: how a key is sent, and how a refusal looks.</summary>
public enum ApiFamily
{
    OpenAi,
    Anthropic,
    Rerank,
}

/// <param name="Method">As policies and records call it.</param>
/// <param name="CanStream">Its answer is a stream of events where the request says <c>"stream": true</c>.</param>
public sealed record LlmApi(string Path, string Method, ApiFamily Family, bool CanStream)
{
    public const string ModelsPath = "/v1/models";

    public static LlmApi ChatCompletions { get; } = new("/v1/chat/completions", "chat.completions", ApiFamily.OpenAi, true);

    public static LlmApi Responses { get; } = new("/v1/responses", "responses", ApiFamily.OpenAi, true);

    public static LlmApi Messages { get; } = new("/v1/messages", "messages", ApiFamily.Anthropic, true);

    public static IReadOnlyList<LlmApi> All { get; } =
    [
        ChatCompletions,
        new("/v1/completions", "completions", ApiFamily.OpenAi, true),
        Responses,
        new("/v1/embeddings", "embeddings", ApiFamily.OpenAi, false),
        Messages,
        new("/v1/messages/count_tokens", "messages.count_tokens", ApiFamily.Anthropic, false),
        new("/v1/rerank", "rerank", ApiFamily.Rerank, false),
        new("/v2/rerank", "rerank", ApiFamily.Rerank, false),
    ];

    /// <summary>Null: nothing is spoken there. Without /v1 as well: half of the clients have it in their base address, half have not.</summary>
    public static LlmApi? At(string path) => All.FirstOrDefault(a => a.Path == path) ?? All.FirstOrDefault(a => a.Path == $"/v1{path}");
}
