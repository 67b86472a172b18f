// What both kinds of answers say in words of their own: why the model stopped, and what was counted.
using System.Text.Json.Nodes;

namespace CabinCrew.Gateways.Llm.Wire.Translation;

/// <summary>Null: nobody counted.</summary>
internal sealed record Counted(long? Input, long? CacheWritten, long? CacheRead, long? Output)
{
    public static readonly Counted Nothing = new(null, null, null, null);

    public static Counted OfMessages(Fields usage) => new(usage.Count("input_tokens"), usage.Count("cache_creation_input_tokens"), usage.Count("cache_read_input_tokens"), usage.Count("output_tokens"));

    /// <summary>Chat completions count what was read from a cache among the prompt's tokens, messages beside them.</summary>
    public static Counted OfChat(Fields usage)
    {
        var (input, cached) = (usage.Count("prompt_tokens"), usage.Object("prompt_tokens_details")?.Count("cached_tokens"));
        return new(input is { } all ? Math.Max(0, all - (cached ?? 0)) : null, null, cached, usage.Count("completion_tokens"));
    }

    /// <summary>What a later event counts stands for what an earlier one did.</summary>
    public Counted With(Counted later) => new(later.Input ?? Input, later.CacheWritten ?? CacheWritten, later.CacheRead ?? CacheRead, later.Output ?? Output);

    public JsonObject ToChat()
    {
        var prompt = (Input ?? 0) + (CacheWritten ?? 0) + (CacheRead ?? 0);
        var usage = new JsonObject { ["prompt_tokens"] = prompt, ["completion_tokens"] = Output ?? 0, ["total_tokens"] = prompt + (Output ?? 0) };
        if (CacheRead is { } read) usage["prompt_tokens_details"] = new JsonObject { ["cached_tokens"] = read };
        return usage;
    }

    public JsonObject ToMessages()
    {
        var usage = new JsonObject { ["input_tokens"] = Input ?? 0, ["output_tokens"] = Output ?? 0 };
        if (CacheRead is { } read) usage["cache_read_input_tokens"] = read;
        return usage;
    }
}

internal static class Stops
{
    private static readonly (string Chat, string Messages)[] Both = [("stop", "end_turn"), ("length", "max_tokens"), ("tool_calls", "tool_use"), ("content_filter", "refusal")];

    /// <summary>Null: there is no word for it.</summary>
    public static string? ToChat(string? messages) => messages switch
    {
        "stop_sequence" => "stop",
        "model_context_window_exceeded" => "length",
        _ => Array.Find(Both, b => b.Messages == messages).Chat,
    };

    /// <summary>Null: there is no word for it.</summary>
    public static string? ToMessages(string? chat) => Array.Find(Both, b => b.Chat == chat).Messages;
}
