// An answer of messages (Anthropic) as a chat completion (OpenAI): what is said and called, strictly; what the provider keeps account of beside it is left out. Pure.
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CabinCrew.Gateways.Llm.Wire.Translation;

internal static class MessagesToChatAnswer
{
    public static JsonObject Of(JsonElement answer, long created, Untold untold)
    {
        var fields = new Fields(answer, "", untold);
        if (fields.Text("type", required: true) is { } type and not "message") fields.Refuse("type", $"there is no {Fields.Quoted(type)} in the other API");
        var (text, calls) = ((string?)null, new JsonArray());
        foreach (var (item, place) in fields.List("content", required: true))
        {
            var block = new Fields(item, place, untold);
            switch (block.Text("type", required: true))
            {
                case "text":
                    text += Said(block);
                    break;
                case "tool_use":
                    Direct(block);
                    calls.Add((JsonNode)Call(block.Text("id", required: true), block.Text("name", required: true), block.Take("input", JsonValueKind.Object, required: true)?.GetRawText() ?? ""));
                    break;
                case var kind:
                    block.Refuse("type", $"there is no {Fields.Quoted(kind)} in the other API");
                    return [];
            }
            block.Close();
        }
        var message = new JsonObject { ["role"] = "assistant", ["content"] = text, ["refusal"] = null };
        if (calls.Count > 0) message["tool_calls"] = calls;
        return new()
        {
            ["id"] = fields.Text("id", required: true), ["object"] = "chat.completion", ["created"] = created, ["model"] = fields.Text("model", required: true),
            ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["message"] = message, ["logprobs"] = null, ["finish_reason"] = Stop(fields, "stop_reason") }),
            ["usage"] = (fields.Object("usage") is { } usage ? Counted.OfMessages(usage) : Counted.Nothing).ToChat(),
        };
    }

    public static JsonObject Call(string? id, string? name, string arguments) => new() { ["id"] = id, ["type"] = "function", ["function"] = new JsonObject { ["name"] = name, ["arguments"] = arguments } };

    /// <summary>The text of a block of text.</summary>
    public static string Said(Fields block)
    {
        block.Plainly("citations", "[]");
        return block.Text("text", required: true) ?? "";
    }

    /// <summary>A tool is called by the model itself: so says newer servers' mark, or there is none.</summary>
    public static void Direct(Fields block) => block.Plainly("caller", "{\"type\":\"direct\"}");

    public static string? Stop(Fields fields, string name)
    {
        var reason = fields.Text(name, required: true);
        var stop = Stops.ToChat(reason);
        if (stop is null) fields.Refuse(name, $"there is no {Fields.Quoted(reason)} in the other API");
        return stop;
    }
}
