// The chunks of a streamed chat completion (OpenAI) as events of messages (Anthropic), one after the other as they come. There, what is said and each call is a block of its own, begun and ended:
// chunks that go back to what was ended cannot be told, and are refused.
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CabinCrew.Gateways.Llm.Wire.Translation;

internal sealed class ChatToMessagesEvents : EventTranslation
{
    private bool isBegun, isRefused, isOver;
    private int block = -1;
    /// <summary>Of the block that is open: null where none is.</summary>
    private Open? open;
    private string? stop;
    private Counted counted = Counted.Nothing;

    /// <param name="Call">As the chunks number it; null: a text.</param>
    private sealed record Open(long? Call);

    private protected override void Take(string type, JsonElement said, Untold untold)
    {
        var fields = new Fields(said, "", untold);
        if (fields.Take("error") is not null)
        {
            EmitError(LlmApi.Messages.Family, said);
            isOver = true;
            return;
        }
        var choices = fields.List("choices", required: true).ToList();
        if (choices.Count > 1) fields.Refuse("choices", "one answer is expected");
        if (!isBegun)
        {
            isBegun = true;
            Emit("message_start", new() { ["message"] = ChatToMessagesAnswer.Message(fields.Text("id", required: true), fields.Text("model", required: true), [], null, Counted.Nothing) });
        }
        if (fields.Object("usage") is { } usage) counted = counted.With(Counted.OfChat(usage));
        if (choices is not [var (item, place)]) return;
        var choice = new Fields(item, place, untold);
        if ((choice.Count("index") ?? 0) != 0) choice.Refuse("index", "one answer is expected");
        if (choice.Object("delta") is { } delta) Delta(delta, untold);
        if (choice.Text("finish_reason") is { } reason) stop = ChatToMessagesAnswer.Stop(choice, reason, isRefused);
    }

    private protected override void TakeEnd(Untold untold)
    {
        if (isOver) return;
        isOver = true;
        if (stop is null) untold.Add("/choices/0/finish_reason", "the stream ends without a reason to stop");
        Close();
        Emit("message_delta", new() { ["delta"] = new JsonObject { ["stop_reason"] = stop, ["stop_sequence"] = null }, ["usage"] = counted.ToMessages() });
        Emit("message_stop", []);
    }

    private void Delta(Fields delta, Untold untold)
    {
        delta.Aside("role");
        if (delta.Text("content") is { Length: > 0 } text) Say(text);
        if (delta.Text("refusal") is { Length: > 0 } refusal)
        {
            isRefused = true;
            Say(refusal);
        }
        foreach (var (item, place) in delta.List("tool_calls")) Call(new(item, place, untold));
        delta.Plainly("annotations", "[]");
        delta.Plainly("reasoning_content", "\"\"");
        delta.Close();
    }

    private void Say(string text)
    {
        if (open is not { Call: null })
        {
            Close();
            Begin(new(null), new() { ["type"] = "text", ["text"] = "" });
        }
        Emit("content_block_delta", new() { ["index"] = block, ["delta"] = new JsonObject { ["type"] = "text_delta", ["text"] = text } });
    }

    private long callsBegun;

    private void Call(Fields call)
    {
        if (call.Text("type") is { } type and not "function") call.Refuse("type", $"there is no {Fields.Quoted(type)} in the other API");
        var id = call.Text("id");
        // A server that does not number its calls sends each whole.
        var number = call.Count("index") ?? (id is null && open?.Call is { } last ? last : callsBegun);
        var function = call.Object("function");
        var name = function?.Text("name");
        if (number == callsBegun)
        {
            Close();
            callsBegun++;
            if (id is null) call.Refuse("id", "a call begins without it");
            if (name is null) call.Refuse("function", "a call begins without a name");
            Begin(new(number), new() { ["type"] = "tool_use", ["id"] = id, ["name"] = name, ["input"] = new JsonObject() });
        }
        else if (open?.Call != number) call.Refuse("index", "it goes back to a call after another, or leaves one out");
        else if (name is { Length: > 0 }) call.Refuse("function", "the name of a call comes in two parts");
        if (function?.Text("arguments") is { Length: > 0 } part)
            Emit("content_block_delta", new() { ["index"] = block, ["delta"] = new JsonObject { ["type"] = "input_json_delta", ["partial_json"] = part } });
        function?.Close();
        call.Close();
    }

    private void Begin(Open what, JsonObject content)
    {
        (open, block) = (what, block + 1);
        Emit("content_block_start", new() { ["index"] = block, ["content_block"] = content });
    }

    private void Close()
    {
        if (open is null) return;
        open = null;
        Emit("content_block_stop", new() { ["index"] = block });
    }

    // Each event says its kind twice: beside its data and in them.
    private new void Emit(string kind, JsonObject said)
    {
        said.Insert(0, "type", kind);
        base.Emit(kind, said);
    }
}
