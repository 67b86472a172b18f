// What a prompt or an answer says, told alike whatever the API (LLM-02): for policies, for routing, for counting. What detectors look through is the message itself, not this.
using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CabinCrew.Gateways.Llm.Wire;

public readonly record struct Spoken(string Role, string Text);

/// <param name="Arguments">As they came: JSON in most cases.</param>
public readonly record struct ToolCall(string Name, string Arguments);

public sealed record Exchange
{
    public string Model { get; init; } = "";
    public bool Stream { get; init; }
    /// <summary>More is to come: there is no call in it, since a call is told when all of it is there.</summary>
    public bool Partial { get; init; }
    public IReadOnlyList<Spoken> Texts { get; init; } = [];
    public IReadOnlyList<string> Tools { get; init; } = [];
    public IReadOnlyList<ToolCall> ToolCalls { get; init; } = [];
    /// <summary>Images, files and sounds.</summary>
    public int Images { get; init; }
    public long? MaxTokens { get; init; }
    public string? Finish { get; init; }
    public long? InputTokens { get; init; }
    public long? OutputTokens { get; init; }

    /// <summary>The document of schemas/llm-input.json, <c>exchange</c>.</summary>
    public ReadOnlyMemory<byte> ToJson()
    {
        var to = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(to, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
        {
            json.WriteStartObject();
            json.WriteString("model", Model);
            json.WriteBoolean("stream", Stream);
            json.WriteBoolean("partial", Partial);
            json.WriteStartArray("texts");
            foreach (var (role, text) in Texts)
            {
                json.WriteStartObject();
                json.WriteString("role", role);
                json.WriteString("text", text);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartArray("tools");
            foreach (var tool in Tools) json.WriteStringValue(tool);
            json.WriteEndArray();
            json.WriteStartArray("tool_calls");
            foreach (var (name, arguments) in ToolCalls)
            {
                json.WriteStartObject();
                json.WriteString("name", name);
                json.WritePropertyName("arguments");
                if (NestedJson.Of(arguments) is { } parsed) parsed.WriteTo(json);
                else json.WriteStringValue(arguments);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteNumber("images", Images);
            Number(json, "max_tokens", MaxTokens);
            json.WriteString("finish", Finish);
            Number(json, "input_tokens", InputTokens);
            Number(json, "output_tokens", OutputTokens);
            json.WriteEndObject();
        }
        return to.WrittenMemory;
    }

    private static void Number(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }
}
