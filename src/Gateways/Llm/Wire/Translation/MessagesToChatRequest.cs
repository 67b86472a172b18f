// A request for messages (Anthropic) as one for chat completions (OpenAI). Pure; the table of what becomes of each field is in docs/reference/llm-translation.md.
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CabinCrew.Gateways.Llm.Wire.Translation;

internal static class MessagesToChatRequest
{
    private const int StopsMax = 4;

    public static JsonObject Of(JsonElement asked, TranslationSettings settings, Untold untold)
    {
        var fields = new Fields(asked, "", untold);
        var to = new JsonObject { ["model"] = fields.Text("model", required: true) };
        if (fields.Take("max_tokens", JsonValueKind.Number, required: true) is { } bound) to[settings.BoundName] = Fields.Copy(bound);
        JsonArray messages = [];
        if (fields.Take("system") is not null && Texts(fields, "system", untold) is not JsonArray { Count: 0 } and var system) messages.Add((JsonNode)new JsonObject { ["role"] = "system", ["content"] = system });
        Messages(fields, messages, untold);
        to["messages"] = messages;
        fields.CopyTo(to, "temperature", JsonValueKind.Number);
        fields.CopyTo(to, "top_p", JsonValueKind.Number);
        if (fields.Take("stop_sequences", JsonValueKind.Array) is { } stops && stops.GetArrayLength() > 0)
        {
            if (stops.GetArrayLength() > StopsMax) fields.Refuse("stop_sequences", $"there are at most {StopsMax} in the other API");
            to["stop"] = Fields.Copy(stops);
        }
        if (fields.Truth("stream") is { } stream)
        {
            to["stream"] = stream;
            // What was counted comes with a stream in one API, and only if asked for in the other.
            if (stream) to["stream_options"] = new JsonObject { ["include_usage"] = true };
        }
        Tools(fields, to, untold);
        if (fields.Object("output_config") is { } output)
        {
            if (output.Object("format") is { } format)
            {
                if (format.Text("type", required: true) is { } type and not "json_schema") format.Refuse("type", $"there is no {Fields.Quoted(type)} in the other API");
                if (format.Take("schema", JsonValueKind.Object, required: true) is { } schema)
                    to["response_format"] = new JsonObject { ["type"] = "json_schema", ["json_schema"] = new JsonObject { ["name"] = "answer", ["schema"] = Fields.Copy(schema), ["strict"] = true } };
                format.Close();
            }
            output.Close();
        }
        if (fields.Object("metadata") is { } metadata)
        {
            metadata.CopyTo(to, "user_id", JsonValueKind.String, "user");
            metadata.Close();
        }
        if (fields.Object("thinking") is { } thinking)
        {
            if (thinking.Text("type", required: true) is { } type and not "disabled") thinking.Refuse("type", $"there is no {Fields.Quoted(type)} in the other API");
            thinking.Close();
        }
        fields.Plainly("service_tier", "\"auto\"");
        fields.Aside("cache_control");
        fields.Close();
        return to;
    }

    private static void Messages(Fields fields, JsonArray messages, Untold untold)
    {
        var lastRole = "";
        foreach (var (item, place) in fields.List("messages", required: true))
        {
            var message = new Fields(item, place, untold);
            lastRole = message.Text("role", required: true) ?? "";
            if (lastRole == "user") User(message, messages, untold);
            else if (lastRole == "assistant") messages.Add((JsonNode)Answer(message, untold));
            else message.Refuse("role", $"there is no role {Fields.Quoted(lastRole)} in the other API");
            message.Close();
        }
        if (lastRole == "assistant") fields.Refuse("messages", "it ends with an answer to go on with, which the other API would not");
    }

    // A text stays a text; of several blocks each stays a part. Marks of what may be cached say nothing to the model.
    private static JsonNode Texts(Fields of, string name, Untold untold)
    {
        if (of.Take(name) is { ValueKind: JsonValueKind.String } text) return text.GetString()!;
        JsonArray parts = [];
        foreach (var (item, place) in of.List(name, required: true))
        {
            var block = new Fields(item, place, untold);
            if (block.Text("type", required: true) is { } type and not "text") block.Refuse("type", $"there is no {Fields.Quoted(type)} here in the other API");
            parts.Add((JsonNode)TextPart(block));
            block.Close();
        }
        return parts;
    }

    private static JsonObject TextPart(Fields block)
    {
        block.Aside("cache_control");
        block.Plainly("citations", "[]");
        return new() { ["type"] = "text", ["text"] = block.Text("text", required: true) };
    }

    private static void User(Fields message, JsonArray messages, Untold untold)
    {
        if (message.Take("content") is { ValueKind: JsonValueKind.String } text)
        {
            messages.Add((JsonNode)new JsonObject { ["role"] = "user", ["content"] = text.GetString() });
            return;
        }
        JsonArray parts = [];
        var before = messages.Count;
        foreach (var (item, place) in message.List("content", required: true))
        {
            var block = new Fields(item, place, untold);
            switch (block.Text("type", required: true))
            {
                case "text":
                    parts.Add((JsonNode)TextPart(block));
                    break;
                case "image":
                    block.Aside("cache_control");
                    if (block.Object("source", required: true) is { } source) parts.Add((JsonNode)new JsonObject { ["type"] = "image_url", ["image_url"] = new JsonObject { ["url"] = Url(source) } });
                    break;
                case "tool_result":
                    if (parts.Count > 0) block.Refuse("type", "what tools gave stands before everything else that is said");
                    messages.Add((JsonNode)Result(block, untold));
                    break;
                case var type:
                    block.Refuse("type", $"there is no {Fields.Quoted(type)} here in the other API");
                    return;
            }
            block.Close();
        }
        if (parts.Count > 0) messages.Add((JsonNode)new JsonObject { ["role"] = "user", ["content"] = parts });
        else if (messages.Count == before) message.Refuse("content", "it says nothing");
    }

    private static string Url(Fields source)
    {
        var url = "";
        switch (source.Text("type", required: true))
        {
            case "base64":
                url = $"data:{source.Text("media_type", required: true)};base64,{source.Text("data", required: true)}";
                break;
            case "url":
                url = source.Text("url", required: true) ?? "";
                break;
            case var type:
                source.Refuse("type", $"there is no {Fields.Quoted(type)} in the other API");
                return url;
        }
        source.Close();
        return url;
    }

    // That a tool failed is said in the text: there is no other place for it.
    private static JsonObject Result(Fields block, Untold untold)
    {
        block.Aside("cache_control");
        var (id, isError) = (block.Text("tool_use_id", required: true), block.Truth("is_error") == true);
        var content = block.Take("content") is null ? "" : Texts(block, "content", untold);
        if (isError && content is JsonArray parts) parts.Insert(0, new JsonObject { ["type"] = "text", ["text"] = "error:" });
        else if (isError) content = $"error: {content.GetValue<string>()}";
        return new() { ["role"] = "tool", ["tool_call_id"] = id, ["content"] = content };
    }

    private static JsonObject Answer(Fields message, Untold untold)
    {
        if (message.Take("content") is { ValueKind: JsonValueKind.String } whole) return new() { ["role"] = "assistant", ["content"] = whole.GetString() };
        JsonArray parts = [], calls = [];
        foreach (var (item, place) in message.List("content", required: true))
        {
            var block = new Fields(item, place, untold);
            switch (block.Text("type", required: true))
            {
                case "text":
                    if (calls.Count > 0) block.Refuse("type", "what is said stands before what is called");
                    parts.Add((JsonNode)TextPart(block));
                    break;
                case "tool_use":
                    block.Aside("cache_control");
                    MessagesToChatAnswer.Direct(block);
                    var input = block.Take("input", JsonValueKind.Object, required: true);
                    calls.Add((JsonNode)new JsonObject
                    {
                        ["id"] = block.Text("id", required: true), ["type"] = "function", ["function"] = new JsonObject { ["name"] = block.Text("name", required: true), ["arguments"] = input?.GetRawText() },
                    });
                    break;
                case var type:
                    block.Refuse("type", $"there is no {Fields.Quoted(type)} here in the other API");
                    return [];
            }
            block.Close();
        }
        var to = new JsonObject { ["role"] = "assistant", ["content"] = parts.Count > 0 ? parts : null };
        if (calls.Count > 0) to["tool_calls"] = calls;
        else if (parts.Count == 0) message.Refuse("content", "an answer says something, or calls something");
        return to;
    }

    private static void Tools(Fields fields, JsonObject to, Untold untold)
    {
        JsonArray tools = [];
        foreach (var (item, place) in fields.List("tools"))
        {
            var tool = new Fields(item, place, untold);
            tool.Aside("cache_control");
            if (tool.Text("type") is { } type and not "custom") tool.Refuse("type", $"there is no {Fields.Quoted(type)} in the other API");
            var function = new JsonObject { ["name"] = tool.Text("name", required: true) };
            tool.CopyTo(function, "description", JsonValueKind.String);
            if (tool.Take("input_schema", JsonValueKind.Object, required: true) is { } schema) function["parameters"] = Fields.Copy(schema);
            if (tool.Truth("strict") == true) function["strict"] = true;
            tool.Close();
            tools.Add((JsonNode)new JsonObject { ["type"] = "function", ["function"] = function });
        }
        if (tools.Count > 0) to["tools"] = tools;
        if (fields.Object("tool_choice") is not { } choice) return;
        if (choice.Truth("disable_parallel_tool_use") == true && tools.Count > 0) to["parallel_tool_calls"] = false;
        switch (choice.Text("type", required: true))
        {
            case "auto":
                to["tool_choice"] = "auto";
                break;
            case "none":
                to["tool_choice"] = "none";
                break;
            case "any":
                to["tool_choice"] = "required";
                break;
            case "tool":
                to["tool_choice"] = new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = choice.Text("name", required: true) } };
                break;
            case var type:
                choice.Refuse("type", $"there is no {Fields.Quoted(type)} in the other API");
                break;
        }
        choice.Close();
    }
}
