// How each API ends its stream: without that, what came is a part of an answer.
using CabinCrew.Gateways.Http;

namespace CabinCrew.Gateways.Llm.Wire;

internal static class StreamEnds
{
    public static bool IsLast(LlmApi api, ServerSentEvent said) => api.Method switch
    {
        "messages" => said.Type is "message_stop" or "error",
        "responses" => said.Type is "response.completed" or "response.failed" or "response.incomplete" or "error",
        _ => said.Data.Span.SequenceEqual("[DONE]"u8),
    };

    /// <summary>Some servers close the stream after the event that says why the model stopped, without a mark.</summary>
    public static bool MayEnd(LlmApi api, Carried carried) => api.Method is "chat.completions" or "completions" && carried.Pieces.Any(p => p.Place.EndsWith("/finish_reason", StringComparison.Ordinal));
}
