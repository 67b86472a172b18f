// A chat completion (OpenAI) as an answer of messages (Anthropic): what is said and called, strictly; what the provider keeps account of beside it is left out. Pure.
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CabinCrew.Gateways.Llm.Wire.Translation;

internal static class ChatToMessagesAnswer
{
    public static JsonObject Of(JsonElement answer, Untold untold)
    {
        var fields = new Fields(answer, "", untold);
        var choices = fields.List("choices", required: true).ToList();
        if (choices.Count != 1) fields.Refuse("choices", "one answer is expected");
        JsonArray content = [];
        string? stop = null;
        if (choices is [var (item, place)])
        {
            var choice = new Fields(item, place, untold);
            if (choice.Object("message", required: true) is { } message)
            {
                var isRefused = Said(message, content, untold);
                stop = Stop(choice, choice.Text("finish_reason", required: true), isRefused);
            }
        }
        return Message(fields.Text("id", required: true), fields.Text("model", required: true), content, stop, fields.Object("usage") is { } usage ? Counted.OfChat(usage) : Counted.Nothing);
    }

    public static JsonObject Message(string? id, string? model, JsonArray content, string? stop, Counted counted) => new()
    {
        ["id"] = id, ["type"] = "message", ["role"] = "assistant", ["model"] = model, ["content"] = content, ["stop_reason"] = stop, ["stop_sequence"] = null, ["usage"] = counted.ToMessages(),
    };

    /// <summary>What a model would not say has a place of its own in one API, and is a reason to stop in the other.</summary>
    public static string? Stop(Fields choice, string? reason, bool isRefused)
    {
        var stop = Stops.ToMessages(reason);
        if (stop is null) choice.Refuse("finish_reason", $"there is no {Fields.Quoted(reason)} in the other API");
        return isRefused ? "refusal" : stop;
    }

    private static bool Said(Fields message, JsonArray content, Untold untold)
    {
        message.Aside("role");
        if (message.Text("content") is { Length: > 0 } text) content.Add((JsonNode)Text(text));
        var refusal = message.Text("refusal");
        if (refusal is { Length: > 0 }) content.Add((JsonNode)Text(refusal));
        foreach (var (item, place) in message.List("tool_calls"))
        {
            var call = new Fields(item, place, untold);
            call.Aside("index");
            if (call.Text("type") is { } type and not "function") call.Refuse("type", $"there is no {Fields.Quoted(type)} in the other API");
            if (call.Object("function", required: true) is { } function)
            {
                var input = ToolArguments.Read(function.Text("arguments") ?? "");
                if (input is null) function.Refuse("arguments", "a JSON object is expected");
                content.Add((JsonNode)new JsonObject { ["type"] = "tool_use", ["id"] = call.Text("id", required: true), ["name"] = function.Text("name", required: true), ["input"] = input });
                function.Close();
            }
            call.Close();
        }
        message.Plainly("annotations", "[]");
        message.Plainly("reasoning_content", "\"\"");
        message.Close();
        return refusal is { Length: > 0 };
    }

    private static JsonObject Text(string text) => new() { ["type"] = "text", ["text"] = text };
}
