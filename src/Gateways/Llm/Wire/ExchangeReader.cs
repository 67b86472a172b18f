// Reads an exchange from what is carried: the places where each API says who says what. A place that nobody here knows is not told, and is looked through all the same.
using System.Text.Json;

namespace CabinCrew.Gateways.Llm.Wire;

internal static class ExchangeReader
{
    private static readonly string[] Media = ["image_url", "image", "input_image", "input_audio", "input_file", "file", "document"];

    public static Exchange Request(JsonElement body)
    {
        var said = new Sayings();
        if (Text(body, "instructions") is { } instructions) said.Texts.Add(new("system", instructions));
        if (body.TryGetProperty("system", out var system)) said.Content("system", system);
        foreach (var message in Items(body, "messages")) said.Message(message);
        if (body.TryGetProperty("input", out var input)) said.Input(input);
        foreach (var name in (ReadOnlySpan<string>)["prompt", "query", "documents", "texts"])
            if (body.TryGetProperty(name, out var text)) said.Content("user", text);
        List<string> tools = [.. Items(body, "tools").Select(t => Text(t, "name") ?? (t.ValueKind == JsonValueKind.Object && t.TryGetProperty("function", out var f) ? Text(f, "name") : null) ?? Text(t, "type") ?? "")];
        return new()
        {
            Model = Text(body, "model") ?? "", Stream = IsTrue(body, "stream"), Texts = said.Texts, Tools = tools, ToolCalls = said.Calls, Images = said.Images,
            MaxTokens = Number(body, "max_tokens") ?? Number(body, "max_completion_tokens") ?? Number(body, "max_output_tokens"),
        };
    }

    public static Exchange Answer(string model, Carried carried) => carried.IsStream ? Streamed(model, carried) : Whole(model, JsonElement.Parse(carried.Documents[0].Json.Span, new JsonDocumentOptions { MaxDepth = 128 }));

    private static Exchange Whole(string model, JsonElement body)
    {
        var said = new Sayings();
        string? finish = null;
        foreach (var choice in Items(body, "choices"))
        {
            finish ??= Text(choice, "finish_reason");
            if (choice.ValueKind != JsonValueKind.Object) continue;
            if (choice.TryGetProperty("message", out var message)) said.Message(message);
            else if (choice.TryGetProperty("text", out var text)) said.Content("assistant", text);
        }
        if (body.ValueKind == JsonValueKind.Object && body.TryGetProperty("content", out var content)) said.Content("assistant", content);
        foreach (var item in Items(body, "output")) said.Item(item);
        return Counted(new() { Model = model, Texts = said.Texts, ToolCalls = said.Calls, Images = said.Images, Finish = finish ?? Text(body, "stop_reason") ?? Text(body, "status") }, body);
    }

    private static Exchange Streamed(string model, Carried carried)
    {
        List<Spoken> texts = [];
        List<ToolCall> calls = [];
        var names = carried.Pieces.Where(p => p.Place.EndsWith("/name", StringComparison.Ordinal)).ToDictionary(p => p.Place, p => p.Text, StringComparer.Ordinal);
        string? finish = null;
        foreach (var piece in carried.Pieces)
        {
            var place = piece.Place;
            if (place.EndsWith("/delta/content", StringComparison.Ordinal) || place.EndsWith("/delta/text", StringComparison.Ordinal) || place.EndsWith("/delta/refusal", StringComparison.Ordinal)
                || (place.StartsWith("response.output_text.delta", StringComparison.Ordinal) && place.EndsWith("/delta", StringComparison.Ordinal)) || (place.StartsWith("/choices/", StringComparison.Ordinal) && place.EndsWith("/text", StringComparison.Ordinal)))
                texts.Add(new("assistant", piece.Text));
            else if (place.EndsWith("/function/arguments", StringComparison.Ordinal) || place.EndsWith("/function_call/arguments", StringComparison.Ordinal))
                calls.Add(new(names.GetValueOrDefault($"{place[..^"arguments".Length]}name", ""), piece.Text));
            else if (place.StartsWith("content_block_delta/", StringComparison.Ordinal) && place.EndsWith("/delta/partial_json", StringComparison.Ordinal))
                calls.Add(new(names.GetValueOrDefault($"content_block_start/{place.Split('/')[1]}/content_block/name", ""), piece.Text));
            else if (place.StartsWith("response.function_call_arguments.delta", StringComparison.Ordinal) && place.EndsWith("/delta", StringComparison.Ordinal))
                calls.Add(new(names.GetValueOrDefault($"response.output_item.added/{place.Split('/')[1]}/item/name", ""), piece.Text));
            else if (place.EndsWith("/finish_reason", StringComparison.Ordinal) || place.EndsWith("/delta/stop_reason", StringComparison.Ordinal)) finish ??= piece.Text;
        }
        var exchange = new Exchange { Model = model, Stream = true, Texts = texts, ToolCalls = calls, Finish = finish };
        Unnumbered(carried, calls);
        // Usage stands in the first event, in the last, or in both: the last word of each counts.
        foreach (var (_, json) in carried.Documents)
        {
            if (json.Span.IndexOf("\"usage\""u8) < 0) continue;
            var root = JsonElement.Parse(json.Span, new JsonDocumentOptions { MaxDepth = 128 });
            exchange = Counted(exchange, root);
            foreach (var within in (ReadOnlySpan<string>)["message", "response"])
                if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty(within, out var inner)) exchange = Counted(exchange, inner);
        }
        return exchange;
    }

    // Calls that a server streams without numbers, each whole in an event of its own, would seem one; and what only the last event of a response tells was never streamed.
    private static void Unnumbered(Carried carried, List<ToolCall> calls)
    {
        var said = new Sayings();
        foreach (var (type, json) in carried.Documents)
        {
            var isLast = type.StartsWith("response.", StringComparison.Ordinal) && json.Span.IndexOf("\"output\""u8) >= 0;
            if (!isLast && json.Span.IndexOf("\"tool_calls\""u8) < 0 && json.Span.IndexOf("tool_use\""u8) < 0) continue;
            var root = JsonElement.Parse(json.Span, new JsonDocumentOptions { MaxDepth = 128 });
            foreach (var choice in Items(root, "choices"))
                if (choice.ValueKind == JsonValueKind.Object && choice.TryGetProperty("delta", out var delta) && delta.ValueKind == JsonValueKind.Object && Items(delta, "tool_calls").Any(c => c.ValueKind == JsonValueKind.Object && !c.TryGetProperty("index", out _)))
                    said.Called(delta);
            if (root.ValueKind != JsonValueKind.Object) continue;
            if (root.TryGetProperty("content_block", out var block)) said.Content("assistant", block);
            if (isLast && root.TryGetProperty("response", out var response))
                foreach (var item in Items(response, "output")) said.Item(item);
        }
        // A call that is begun here and goes on in deltas is told by these.
        calls.AddRange(said.Calls.Where(c => !calls.Exists(known => known.Name == c.Name && (known.Arguments == c.Arguments || c.Arguments is "" or "{}"))).ToList());
    }

    private static Exchange Counted(Exchange exchange, JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("usage", out var usage) || usage.ValueKind != JsonValueKind.Object) return exchange;
        return exchange with
        {
            InputTokens = Number(usage, "prompt_tokens") ?? Number(usage, "input_tokens") ?? exchange.InputTokens,
            OutputTokens = Number(usage, "completion_tokens") ?? Number(usage, "output_tokens") ?? exchange.OutputTokens,
        };
    }

    private static JsonElement.ArrayEnumerator Items(JsonElement of, string name) => of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : default;

    private static string? Text(JsonElement of, string name) => of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    private static long? Number(JsonElement of, string name) => of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var number) && number.ValueKind == JsonValueKind.Number && number.TryGetInt64(out var value) && value >= 0 ? value : null;

    private static bool IsTrue(JsonElement of, string name) => of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var truth) && truth.ValueKind == JsonValueKind.True;

    private sealed class Sayings
    {
        public List<Spoken> Texts { get; } = [];
        public List<ToolCall> Calls { get; } = [];
        public int Images { get; private set; }

        public void Message(JsonElement message)
        {
            if (message.ValueKind != JsonValueKind.Object) return;
            var role = Text(message, "role") ?? "assistant";
            if (message.TryGetProperty("content", out var content)) Content(role, content);
            foreach (var name in (ReadOnlySpan<string>)["refusal", "reasoning_content", "reasoning"])
                if (Text(message, name) is { } text) Texts.Add(new(role, text));
            Called(message);
        }

        /// <summary>What a message, or a piece of one, calls; the older way of one function as well.</summary>
        public void Called(JsonElement message)
        {
            foreach (var call in Items(message, "tool_calls"))
                if (call.ValueKind == JsonValueKind.Object && (call.TryGetProperty("function", out var function) || call.TryGetProperty("custom", out function))) Calls.Add(Call(function));
            if (message.TryGetProperty("function_call", out var only)) Calls.Add(Call(only));
        }

        private static ToolCall Call(JsonElement said) => new(Text(said, "name") ?? "", Arguments(said));

        // A text of JSON, an object, or whatever else a tool is given.
        private static string Arguments(JsonElement said)
        {
            if (said.ValueKind != JsonValueKind.Object) return "";
            foreach (var name in (ReadOnlySpan<string>)["arguments", "input", "action"])
                if (said.TryGetProperty(name, out var given)) return given.ValueKind == JsonValueKind.String ? given.GetString()! : given.GetRawText();
            return "";
        }

        public void Input(JsonElement input)
        {
            if (input.ValueKind != JsonValueKind.Array) Content("user", input);
            else foreach (var item in input.EnumerateArray()) Item(item);
        }

        /// <summary>Of the responses API: a message, a call, its output.</summary>
        public void Item(JsonElement item)
        {
            if (item.ValueKind == JsonValueKind.String) Texts.Add(new("user", item.GetString()!));
            // function_call, custom_tool_call, and what a provider runs itself (shell_call, computer_call): called by its name, or by its kind.
            else if (Text(item, "type") is { } type && type.EndsWith("_call", StringComparison.Ordinal)) Calls.Add(new(Text(item, "name") ?? type[..^"_call".Length], Arguments(item)));
            else if (Text(item, "output") is { } output) Texts.Add(new("tool", output));
            else Message(item);
        }

        public void Content(string role, JsonElement content)
        {
            switch (content.ValueKind)
            {
                case JsonValueKind.String:
                    Texts.Add(new(role, content.GetString()!));
                    break;
                case JsonValueKind.Array:
                    foreach (var part in content.EnumerateArray()) Content(role, part);
                    break;
                case JsonValueKind.Object:
                    var type = Text(content, "type");
                    if (Array.IndexOf(Media, type) >= 0) Images++;
                    if (type?.EndsWith("tool_use", StringComparison.Ordinal) == true) Calls.Add(Call(content));
                    foreach (var name in (ReadOnlySpan<string>)["text", "thinking", "input_text"])
                        if (Text(content, name) is { } text) Texts.Add(new(role, text));
                    if (type == "tool_result" && content.TryGetProperty("content", out var result)) Content("tool", result);
                    break;
            }
        }
    }
}
