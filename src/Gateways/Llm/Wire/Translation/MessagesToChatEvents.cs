// The events of a streamed answer of messages (Anthropic) as chunks of a chat completion (OpenAI), one after the other as they come: nothing of an event is kept but numbers.
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CabinCrew.Gateways.Llm.Wire.Translation;

/// <param name="countsAsked">The caller asked for what was counted, which comes in a chunk of its own.</param>
internal sealed class MessagesToChatEvents(long created, bool countsAsked) : EventTranslation
{
    private readonly Dictionary<long, Block> open = [];
    private string? id, model;
    private int calls;
    private Counted counted = Counted.Nothing;

    private sealed class Block
    {
        /// <summary>Of the tool calls; null: a text.</summary>
        public int? Call { get; init; }
        public bool HasArguments { get; set; }
    }

    private protected override void Take(string type, JsonElement said, Untold untold)
    {
        var fields = new Fields(said, "", untold);
        var kind = fields.Text("type", required: true);
        if (id is null && kind is not ("message_start" or "ping" or "error"))
        {
            fields.Refuse("type", "the stream does not begin with message_start");
            return;
        }
        switch (kind)
        {
            case "message_start":
                if (id is not null) fields.Refuse("type", "the stream begins twice");
                if (fields.Object("message", required: true) is not { } message) return;
                (id, model) = (message.Text("id", required: true), message.Text("model", required: true));
                if (message.List("content").Any()) message.Refuse("content", "what is said comes in events of its own");
                Count(message);
                Say(new() { ["role"] = "assistant", ["content"] = "" });
                break;
            case "content_block_start":
                Begin(fields);
                break;
            case "content_block_delta":
                Continue(fields);
                break;
            case "content_block_stop":
                // A tool without parameters is called without a word: that is an object without members.
                if (Opened(fields) is { Call: { } call, HasArguments: false }) Arguments(call, "{}");
                open.Remove(fields.Count("index") ?? -1);
                break;
            case "message_delta":
                Count(fields);
                if (fields.Object("delta", required: true) is { } delta && delta.Take("stop_reason") is not null) Say([], MessagesToChatAnswer.Stop(delta, "stop_reason"));
                break;
            case "message_stop":
                if (countsAsked) Emit("", Chunk([], counted.ToChat()));
                Done();
                break;
            case "ping":
                break;
            case "error":
                EmitError(LlmApi.ChatCompletions.Family, said);
                break;
            default:
                fields.Refuse("type", $"there is no {Fields.Quoted(kind)} in the other API");
                break;
        }
    }

    private void Begin(Fields fields)
    {
        if (fields.Object("content_block", required: true) is not { } block || fields.Count("index") is not { } index) return;
        if (open.ContainsKey(index)) fields.Refuse("index", "the block begins twice");
        switch (block.Text("type", required: true))
        {
            case "text":
                open[index] = new();
                if (MessagesToChatAnswer.Said(block) is { Length: > 0 } text) Say(new() { ["content"] = text });
                break;
            case "tool_use":
                var input = block.Take("input", JsonValueKind.Object);
                var arguments = input is { } given && given.GetPropertyCount() > 0 ? given.GetRawText() : "";
                MessagesToChatAnswer.Direct(block);
                open[index] = new() { Call = calls, HasArguments = arguments.Length > 0 };
                var call = MessagesToChatAnswer.Call(block.Text("id", required: true), block.Text("name", required: true), arguments);
                call["index"] = calls++;
                Say(new() { ["tool_calls"] = new JsonArray(call) });
                break;
            case var kind:
                block.Refuse("type", $"there is no {Fields.Quoted(kind)} in the other API");
                return;
        }
        block.Close();
    }

    private void Continue(Fields fields)
    {
        if (Opened(fields) is not { } block || fields.Object("delta", required: true) is not { } delta) return;
        switch (delta.Text("type", required: true))
        {
            case "text_delta" when block.Call is null:
                Say(new() { ["content"] = delta.Text("text", required: true) });
                break;
            case "input_json_delta" when block.Call is { } call:
                if (delta.Text("partial_json", required: true) is { Length: > 0 } part)
                {
                    block.HasArguments = true;
                    Arguments(call, part);
                }
                break;
            case var kind:
                delta.Refuse("type", $"there is no {Fields.Quoted(kind)} here in the other API");
                break;
        }
        delta.Close();
    }

    private Block? Opened(Fields fields)
    {
        if (fields.Count("index") is { } index && open.TryGetValue(index, out var block)) return block;
        fields.Refuse("index", "no such block was begun");
        return null;
    }

    private void Count(Fields of)
    {
        if (of.Object("usage") is { } usage) counted = counted.With(Counted.OfMessages(usage));
    }

    private void Arguments(int call, string part) => Say(new() { ["tool_calls"] = new JsonArray(new JsonObject { ["index"] = call, ["function"] = new JsonObject { ["arguments"] = part } }) });

    private void Say(JsonObject delta, string? finish = null) => Emit("", Chunk(new(new JsonObject { ["index"] = 0, ["delta"] = delta, ["logprobs"] = null, ["finish_reason"] = finish })));

    private JsonObject Chunk(JsonArray choices, JsonObject? usage = null)
    {
        var chunk = new JsonObject { ["id"] = id, ["object"] = "chat.completion.chunk", ["created"] = created, ["model"] = model, ["choices"] = choices };
        if (usage is not null) chunk["usage"] = usage;
        return chunk;
    }
}
