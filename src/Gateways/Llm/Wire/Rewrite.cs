// What the configuration makes of a prompt before it is judged (LLM-05): instructions of the house, fields that do not go on, bounds. Pure. Where nothing changes the very bytes go on.
// Invariant: what an API has no place for is refused; instructions that were to stand before every prompt are never left out.
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Wire;

public sealed record Rewrite
{
    /// <summary>Fields that a request is nothing without, or that say how it is carried.</summary>
    public static readonly IReadOnlyList<string> Kept = ["model", "messages", "input", "prompt", "query", "documents", "stream"];

    /// <summary>Stands before all other instructions.</summary>
    public string? Prepend { get; init; }
    /// <summary>Stands after all other instructions.</summary>
    public string? Append { get; init; }
    /// <summary>Of the body, at its top.</summary>
    public IReadOnlyList<string> Remove { get; init; } = [];
    /// <summary>A larger bound of the answer, or none, becomes this.</summary>
    public long? OutputTokensMax { get; init; }
    /// <summary>Likewise.</summary>
    public double? TemperatureMax { get; init; }
    /// <summary>What the bound is called in chat completions where a request names none.</summary>
    public string BoundName { get; init; } = "max_completion_tokens";

    /// <param name="changed">What was changed, in words, for the record; none of the prompt.</param>
    public Outcome<Prompt> Apply(Prompt prompt, List<string> changed)
    {
        var before = changed.Count;
        var body = JsonNode.Parse(prompt.Carried.Documents[0].Json.Span, null, new JsonDocumentOptions { MaxDepth = 128 })!.AsObject();
        if (Instructions(prompt.Api, body, changed) is { } problem) return problem;
        foreach (var name in Remove)
            if (body.Remove(name)) changed.Add($"without {name}");
        if (Bounds(prompt.Api, body) is { Count: > 0 } bounds)
        {
            if (OutputTokensMax is { } most) Cap(body, bounds, most, JsonValue.Create(most), changed);
            if (TemperatureMax is { } warmest) Cap(body, ["temperature"], warmest, JsonValue.Create(warmest), changed);
        }
        if (changed.Count == before) return prompt;
        var bytes = JsonBytes.Of(body);
        return Prompt.Read(prompt.Api, bytes, bytes.Length);
    }

    private Problem? Instructions(LlmApi api, JsonObject body, List<string> changed)
    {
        if (Prepend is null && Append is null) return null;
        switch (api.Method)
        {
            case "chat.completions" when body["messages"] is JsonArray messages:
                var leading = messages.TakeWhile(m => m is JsonObject said && said["role"] is JsonValue role && role.TryGetValue<string>(out var word) && word is "system" or "developer").Count();
                if (Append is not null) messages.Insert(leading, Said(Append));
                if (Prepend is not null) messages.Insert(0, Said(Prepend));
                break;
            case "messages" or "messages.count_tokens" when body["system"] is JsonArray blocks:
                if (Append is not null) blocks.Add((JsonNode)new JsonObject { ["type"] = "text", ["text"] = Append });
                if (Prepend is not null) blocks.Insert(0, new JsonObject { ["type"] = "text", ["text"] = Prepend });
                break;
            case "messages" or "messages.count_tokens":
                if (Around(body, "system") is { } odd) return odd;
                break;
            case "responses":
                if (Around(body, "instructions") is { } unfit) return unfit;
                break;
            default:
                return new(ProblemCode.InvalidArgument, $"the configuration gives the model instructions with every prompt, and {api.Method} has no place for them here") { Remedy = "Call the model by another API." };
        }
        if (Prepend is not null) changed.Add("instructions before");
        if (Append is not null) changed.Add("instructions after");
        return null;

        static JsonObject Said(string text) => new() { ["role"] = "system", ["content"] = text };
    }

    private Problem? Around(JsonObject body, string name)
    {
        var own = body[name];
        if (own is not null && !(own is JsonValue value && value.TryGetValue<string>(out _))) return new(ProblemCode.MessageInvalid, $"'{name}' is to be text");
        body[name] = string.Join("\n\n", ((string?[])[Prepend, own?.GetValue<string>(), Append]).Where(t => !string.IsNullOrEmpty(t)));
        return null;
    }

    // Where an answer is made. Of two names for a bound that are both there, both are bounded.
    private List<string> Bounds(LlmApi api, JsonObject body) => api.Method switch
    {
        "chat.completions" when ((List<string>)["max_completion_tokens", "max_tokens"]).Where(body.ContainsKey).ToList() is { Count: > 0 } named => named,
        "chat.completions" => [BoundName],
        "completions" or "messages" => ["max_tokens"],
        "responses" => ["max_output_tokens"],
        _ => [],
    };

    private static void Cap(JsonObject body, List<string> names, double most, JsonValue instead, List<string> changed)
    {
        foreach (var name in names)
        {
            // What is no number is no bound.
            if (body[name] is JsonValue said && said.GetValueKind() == JsonValueKind.Number && double.Parse(said.ToJsonString(), CultureInfo.InvariantCulture) <= most) continue;
            body[name] = instead.DeepClone();
            changed.Add($"{name} {instead.ToJsonString()}");
        }
    }
}
