// Holds an answer against the schema that its request gives for it: a structured answer, and the arguments of tools that are to be strict. A schema that is not understood is refused before anybody is asked.
// Invariant: the work is bounded, whatever schema and answer say.
using System.Text;
using System.Text.Json;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Schemas;

namespace CabinCrew.Gateways.Llm.Calls;

public sealed class AnswerCheck
{
    private const int BytesMax = 1 << 20, ToolsMax = 128;

    private readonly string method;
    /// <summary>Null: any words will do.</summary>
    private readonly ForeignSchema? answer;
    /// <summary>Those that are to be strict, by name.</summary>
    private readonly IReadOnlyDictionary<string, ForeignSchema> tools;

    private AnswerCheck(string method, ForeignSchema? answer, IReadOnlyDictionary<string, ForeignSchema> tools) => (this.method, this.answer, this.tools) = (method, answer, tools);

    public bool AsksNothing => answer is null && tools.Count == 0;

    /// <summary>What a request asks of its answer.</summary>
    public static Outcome<AnswerCheck> Of(Prompt prompt)
    {
        var body = JsonElement.Parse(prompt.Carried.Documents[0].Json.Span, new JsonDocumentOptions { MaxDepth = 128 });
        ForeignSchema? answer = null;
        if (Asked(prompt.Api.Method, body) is var (at, said) && !ForeignSchema.Compile(said).Try(out answer, out var problem)) return Unknown(problem, at);
        Dictionary<string, ForeignSchema> tools = new(StringComparer.Ordinal);
        foreach (var tool in body.TryGetProperty("tools", out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : default)
        {
            var function = Inner(tool, "function") ?? tool;
            if (Inner(function, "strict") is not { ValueKind: JsonValueKind.True } || Inner(function, "name") is not { ValueKind: JsonValueKind.String } name) continue;
            if ((Inner(function, "parameters") ?? Inner(function, "input_schema")) is not { } parameters) continue;
            if (tools.Count == ToolsMax) return new Problem(ProblemCode.MessageInvalid, $"more than {ToolsMax} tools are strict");
            if (!ForeignSchema.Compile(parameters).Try(out var schema, out problem)) return Unknown(problem, "/tools");
            tools[name.GetString()!] = schema;
        }
        return new AnswerCheck(prompt.Api.Method, answer, tools);
    }

    /// <summary>Null: the answer is as its request asks.</summary>
    public Problem? Fault(Carried carried, Exchange said)
    {
        foreach (var (name, arguments) in said.ToolCalls)
            if (tools.TryGetValue(name, out var schema) && Wrong(schema, arguments.Length == 0 ? "{}" : arguments) is { } wrong) return Unfit($"the arguments of {Firewall.Plain.Text(name, 100)}", wrong);
        if (answer is null) return null;
        var texts = Texts(carried);
        // Calls come in place of an answer, and so does what a model would not say; where there is one besides, it counts.
        if (said.Finish is "refusal" or "content_filter") return null;
        if (texts.Count == 0) return said.ToolCalls.Count > 0 || carried.Pieces.Any(IsRefusal) ? null : Unfit("the answer", "it is empty");
        foreach (var text in texts)
            if (Wrong(answer, text) is { } wrong) return Unfit("the answer", wrong);
        return null;
    }

    private static string? Wrong(ForeignSchema schema, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return StrictJson.Parse(bytes, new JsonLimits(BytesMax)).Try(out var json, out var problem) ? schema.Fault(json) : $"it is no JSON that every reader reads alike: {problem.Message}";
    }

    // Where each API has it: chat completions, responses, messages.
    private static (string Place, JsonElement Schema)? Asked(string method, JsonElement body)
    {
        (string Place, JsonElement? Format) found = method switch
        {
            "chat.completions" => ("/response_format/json_schema/schema", Inner(body, "response_format") is { } format && IsSchema(format) ? Inner(format, "json_schema") is { } described ? Inner(described, "schema") : null : null),
            "responses" => ("/text/format/schema", Inner(body, "text") is { } text && Inner(text, "format") is { } format && IsSchema(format) ? Inner(format, "schema") : null),
            "messages" => ("/output_config/format/schema", Inner(body, "output_config") is { } output && Inner(output, "format") is { } format && IsSchema(format) ? Inner(format, "schema") : null),
            _ => default,
        };
        return found.Format is { } schema ? (found.Place, schema) : null;
    }

    private static bool IsSchema(JsonElement format) => Inner(format, "type") is { ValueKind: JsonValueKind.String } type && type.ValueEquals("json_schema"u8);

    private static JsonElement? Inner(JsonElement of, string name) => of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var inner) && inner.ValueKind != JsonValueKind.Null ? inner : null;

    // Each answer of a chat, each text of a response; of messages all blocks together.
    private List<string> Texts(Carried carried)
    {
        var texts = carried.Pieces.Where(p => method switch
        {
            "chat.completions" => Ends(p, "/choices/", "/message/content") || Ends(p, "/choices/", "/delta/content"),
            "messages" => Ends(p, "/content/", "/text") || Ends(p, "content_block_delta/", "/delta/text"),
            _ => (Ends(p, "/output/", "/text") && p.Place.Contains("/content/", StringComparison.Ordinal)) || Ends(p, "response.output_text.delta", "/delta"),
        }).Select(p => p.Text).Where(t => t.Length > 0).ToList();
        return method == "messages" && texts.Count > 0 ? [string.Concat(texts)] : texts;
    }

    private static bool IsRefusal(Piece piece) => (piece.Place.EndsWith("/refusal", StringComparison.Ordinal) || piece.Place.StartsWith("response.refusal.delta", StringComparison.Ordinal)) && piece.Text.Length > 0;

    private static bool Ends(Piece piece, string begins, string ends) => piece.Place.StartsWith(begins, StringComparison.Ordinal) && piece.Place.EndsWith(ends, StringComparison.Ordinal);

    private static Problem Unfit(string what, string why) => new(ProblemCode.ResponseWithheld, $"{what} does not fit the schema that the request gives: {why}");

    private static Problem Unknown(Problem problem, string place) =>
        new(ProblemCode.MessageInvalid, $"answers are held against their schema here, and this one is not understood: {problem.Message}") { Where = place };
}
