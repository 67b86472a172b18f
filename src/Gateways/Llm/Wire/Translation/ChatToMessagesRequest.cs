// A request for chat completions (OpenAI) as one for messages (Anthropic). Pure; the table of what becomes of each field is in docs/reference/llm-translation.md.
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CabinCrew.Gateways.Llm.Wire.Translation;

internal static class ChatToMessagesRequest
{
    private const string DataUrl = "data:";

    private static readonly string[] ImageTypes = ["image/jpeg", "image/png", "image/gif", "image/webp"];

    public static JsonObject Of(JsonElement chat, TranslationSettings settings, Untold untold)
    {
        var fields = new Fields(chat, "", untold);
        var to = new JsonObject { ["model"] = fields.Text("model", required: true), ["max_tokens"] = Bound(fields) ?? settings.OutputTokensMax };
        var (system, messages) = Messages(fields, untold);
        if (system.Count > 0) to["system"] = Whole(system);
        to["messages"] = messages;
        if (fields.Take("temperature", JsonValueKind.Number) is { } warmth)
        {
            if (warmth.GetDouble() > 1) fields.Refuse("temperature", "it goes up to 1 in the other API");
            to["temperature"] = Fields.Copy(warmth);
        }
        fields.CopyTo(to, "top_p", JsonValueKind.Number);
        if (Stops(fields) is { Count: > 0 } stops) to["stop_sequences"] = stops;
        if (fields.Truth("stream") is { } stream) to["stream"] = stream;
        if (fields.Object("stream_options") is { } options)
        {
            options.Aside("include_usage");
            options.Plainly("include_obfuscation", "false");
            options.Close();
        }
        Tools(fields, to, untold);
        Format(fields, to);
        var (user, safety) = (fields.Text("user"), fields.Text("safety_identifier"));
        if (user is not null && safety is not null) fields.Refuse("safety_identifier", "there is one name for a user in the other API, and 'user' gives one already");
        if ((user ?? safety) is { } id) to["metadata"] = new JsonObject { ["user_id"] = id };
        fields.Plainly("n", "1");
        foreach (var penalty in (ReadOnlySpan<string>)["presence_penalty", "frequency_penalty"]) fields.Plainly(penalty, "0");
        foreach (var never in (ReadOnlySpan<string>)["logprobs", "store"]) fields.Plainly(never, "false");
        fields.Plainly("logit_bias", "{}");
        fields.Plainly("modalities", "[\"text\"]");
        fields.Plainly("service_tier", "\"auto\"");
        fields.Aside("metadata", "prompt_cache_key", "prompt_cache_retention");
        fields.Close();
        return to;
    }

    private static long? Bound(Fields fields)
    {
        var (newer, older) = (fields.Count("max_completion_tokens"), fields.Count("max_tokens"));
        if (newer is not null && older is not null) fields.Refuse("max_tokens", "there is one bound in the other API, and 'max_completion_tokens' gives one already");
        return newer ?? older;
    }

    private static JsonArray? Stops(Fields fields)
    {
        if (fields.Take("stop") is not { } stop) return null;
        if (stop.ValueKind == JsonValueKind.String) return [(JsonNode)stop.GetString()!];
        if (stop.ValueKind == JsonValueKind.Array && stop.EnumerateArray().All(s => s.ValueKind == JsonValueKind.String)) return JsonArray.Create(stop);
        fields.Refuse("stop", "text, or a list of texts, is expected");
        return null;
    }

    private static (List<JsonObject> System, JsonArray Messages) Messages(Fields fields, Untold untold)
    {
        List<JsonObject> system = [];
        JsonArray messages = [];
        var (results, lastRole) = ((JsonArray?)null, "");
        foreach (var (item, place) in fields.List("messages", required: true))
        {
            var message = new Fields(item, place, untold);
            lastRole = message.Text("role", required: true) ?? "";
            switch (lastRole)
            {
                case "system" or "developer":
                    if (messages.Count > 0) message.Refuse("role", "instructions stand before everything else in the other API");
                    system.AddRange(Blocks(message, untold, images: false));
                    break;
                case "user":
                    var said = Blocks(message, untold, images: true);
                    if (said.Count == 0) message.Refuse("content", "it says nothing, which the other API does not take");
                    // What tools gave and what is said to it are one turn there.
                    if (results is not null) foreach (var block in said) results.Add((JsonNode)block);
                    else messages.Add((JsonNode)Turn("user", Listed(said)));
                    results = null;
                    break;
                case "assistant":
                    messages.Add((JsonNode)Turn("assistant", Listed(Answer(message, untold))));
                    results = null;
                    break;
                case "tool":
                    if (results is null) messages.Add((JsonNode)Turn("user", results = []));
                    results.Add((JsonNode)new JsonObject { ["type"] = "tool_result", ["tool_use_id"] = message.Text("tool_call_id", required: true), ["content"] = Whole(Blocks(message, untold, images: false)) });
                    break;
                default:
                    message.Refuse("role", $"there is no role {Fields.Quoted(lastRole)} in the other API");
                    break;
            }
            message.Close();
        }
        if (lastRole == "assistant") fields.Refuse("messages", "it ends with an answer, which the other API would go on with instead of answering");
        return (system, messages);
    }

    private static JsonObject Turn(string role, JsonArray blocks) => new() { ["role"] = role, ["content"] = blocks };

    // One text is a text; several are several.
    private static JsonNode Whole(List<JsonObject> blocks) => blocks is [var only] ? only["text"]!.GetValue<string>() : blocks.Count == 0 ? "" : Listed(blocks);

    private static JsonArray Listed(List<JsonObject> blocks) => new([.. blocks]);

    private static List<JsonObject> Blocks(Fields message, Untold untold, bool images)
    {
        List<JsonObject> blocks = [];
        if (message.Take("content") is not { } content) message.Refuse("content", "text, or a list of parts, is expected");
        else if (content.ValueKind == JsonValueKind.String) AddText(blocks, content.GetString()!);
        else
            foreach (var (item, place) in message.List("content", required: true))
            {
                var part = new Fields(item, place, untold);
                switch (part.Text("type", required: true))
                {
                    case "text":
                        AddText(blocks, part.Text("text", required: true) ?? "");
                        break;
                    case "image_url" when images:
                        if (part.Object("image_url", required: true) is { } image) blocks.Add(new() { ["type"] = "image", ["source"] = Image(image) });
                        break;
                    case var type:
                        part.Refuse("type", $"there is no {Fields.Quoted(type)} here in the other API");
                        return blocks;
                }
                part.Close();
            }
        return blocks;
    }

    // A block without text is refused there, and says nothing.
    private static void AddText(List<JsonObject> blocks, string text)
    {
        if (text.Length > 0) blocks.Add(new() { ["type"] = "text", ["text"] = text });
    }

    private static JsonObject Image(Fields image)
    {
        image.Plainly("detail", "\"auto\"");
        var url = image.Text("url", required: true) ?? "";
        image.Close();
        if (!url.StartsWith(DataUrl, StringComparison.OrdinalIgnoreCase))
        {
            if (!url.StartsWith("https://", StringComparison.Ordinal)) image.Refuse("url", "an https URL or a data URL is expected");
            return new() { ["type"] = "url", ["url"] = url };
        }
        var comma = url.IndexOf(',', StringComparison.Ordinal);
        var head = comma < 0 ? [] : url[DataUrl.Length..comma].Split(';');
        if (head is not [var type, "base64"] || !ImageTypes.Contains(type))
        {
            image.Refuse("url", $"a data URL of {string.Join(", ", ImageTypes)} in base64 is expected");
            return [];
        }
        return new() { ["type"] = "base64", ["media_type"] = type, ["data"] = url[(comma + 1)..] };
    }

    private static List<JsonObject> Answer(Fields message, Untold untold)
    {
        List<JsonObject> blocks = message.Take("content") is null ? [] : Blocks(message, untold, images: false);
        foreach (var (item, place) in message.List("tool_calls"))
        {
            var call = new Fields(item, place, untold);
            if (call.Text("type") is { } type and not "function") call.Refuse("type", $"there is no {Fields.Quoted(type)} in the other API");
            if (call.Object("function", required: true) is { } function)
            {
                var input = ToolArguments.Read(function.Text("arguments", required: true) ?? "");
                if (input is null) function.Refuse("arguments", "a JSON object is expected");
                blocks.Add(new() { ["type"] = "tool_use", ["id"] = call.Text("id", required: true), ["name"] = function.Text("name", required: true), ["input"] = input });
                function.Close();
            }
            call.Close();
        }
        message.Plainly("annotations", "[]");
        if (blocks.Count == 0) message.Refuse("content", "an answer says something, or calls something");
        return blocks;
    }

    private static void Tools(Fields fields, JsonObject to, Untold untold)
    {
        JsonArray tools = [];
        foreach (var (item, place) in fields.List("tools"))
        {
            var tool = new Fields(item, place, untold);
            if (tool.Text("type", required: true) is { } type and not "function") tool.Refuse("type", $"there is no {Fields.Quoted(type)} in the other API");
            else if (tool.Object("function", required: true) is { } function)
            {
                var told = new JsonObject { ["name"] = function.Text("name", required: true) };
                function.CopyTo(told, "description", JsonValueKind.String);
                told["input_schema"] = function.Take("parameters", JsonValueKind.Object) is { } schema ? Fields.Copy(schema) : new JsonObject { ["type"] = "object", ["properties"] = new JsonObject() };
                if (function.Truth("strict") == true) told["strict"] = true;
                tools.Add((JsonNode)told);
                function.Close();
            }
            tool.Close();
        }
        if (tools.Count > 0) to["tools"] = tools;
        var (choice, isParallel) = (Choice(fields), fields.Truth("parallel_tool_calls") ?? true);
        if (!isParallel && choice?["type"]?.GetValue<string>() != "none" && tools.Count > 0) (choice ??= new() { ["type"] = "auto" })["disable_parallel_tool_use"] = true;
        if (choice is not null) to["tool_choice"] = choice;
    }

    private static JsonObject? Choice(Fields fields)
    {
        if (fields.Take("tool_choice") is not { } choice) return null;
        if (choice.ValueKind == JsonValueKind.String)
        {
            if (choice.GetString() switch { "none" => "none", "auto" => "auto", "required" => "any", _ => null } is { } word) return new() { ["type"] = word };
        }
        else if (fields.Object("tool_choice") is { } one && one.Text("type") == "function" && one.Object("function", required: true) is { } function)
        {
            var named = new JsonObject { ["type"] = "tool", ["name"] = function.Text("name", required: true) };
            function.Close();
            one.Close();
            return named;
        }
        fields.Refuse("tool_choice", "none, auto, required, or one function, is expected");
        return null;
    }

    private static void Format(Fields fields, JsonObject to)
    {
        if (fields.Object("response_format") is not { } format) return;
        switch (format.Text("type", required: true))
        {
            case "text":
                break;
            case "json_schema" when format.Object("json_schema", required: true) is { } described:
                described.Aside("name", "strict");
                if (described.Take("schema", JsonValueKind.Object, required: true) is { } schema) to["output_config"] = new JsonObject { ["format"] = new JsonObject { ["type"] = "json_schema", ["schema"] = Fields.Copy(schema) } };
                described.Close();
                break;
            case var type:
                format.Refuse("type", $"there is no {Fields.Quoted(type)} in the other API");
                break;
        }
        format.Close();
    }
}
