// What `policy eval` prints, in the formats of `opa eval`.
using System.Text;
using System.Text.Json.Nodes;
using CabinCrew.Cli.Rendering;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Values;

namespace CabinCrew.Cli.Commands.Policy;

internal static class EvalDocuments
{
    public const string Json = "json";
    public const string Raw = "raw";

    public static readonly string[] Formats = [Json, Raw, "values", "bindings", "discard"];

    public static string Text(RegoAnswers answers, string query, string format) => format switch
    {
        Raw => string.Concat(answers.Answers.Select(answer => string.Join(' ', Items(answer.Values).Select(Plain)) + "\n")),
        "values" => Document(new JsonArray([.. answers.Answers.Select(answer => Values(answer.Values))])),
        "bindings" => Document(new JsonArray([.. answers.Answers.Select(answer => Node(answer.Bindings))])),
        "discard" => "",
        _ => Document(Whole(answers, query)),
    };

    private static string Document(JsonNode node) => JsonOutput.Document(json => node.WriteTo(json));

    private static JsonObject Whole(RegoAnswers answers, string query)
    {
        if (answers.Answers.Count == 0) return [];
        return new()
        {
            ["result"] = new JsonArray([.. answers.Answers.Select(answer =>
            {
                var one = new JsonObject { ["expressions"] = new JsonArray([.. Items(answer.Values).Select(v => (JsonNode)Expression(v, answer.Values.Count == 1 ? query : null))]) };
                if (answer.Bindings.Count > 0) one["bindings"] = Node(answer.Bindings);
                return (JsonNode)one;
            })]),
        };
    }

    private static JsonObject Expression(Value value, string? text)
    {
        var expression = new JsonObject { ["value"] = Node(value) };
        if (text is not null) (expression["text"], expression["location"]) = (text.Trim(), new JsonObject { ["row"] = 1, ["col"] = 1 });
        return expression;
    }

    // One expression's value by itself, several as a list.
    private static JsonNode? Values(ArrayValue values) => values.Count == 1 ? Node(values[0]) : Node(values);

    private static Value[] Items(ArrayValue values) => values.Items.ToArray();

    private static JsonNode? Node(Value value) => JsonNode.Parse(value.ToJson());

    private static string Plain(Value value) => value is StringValue text ? text.Text : Encoding.UTF8.GetString(value.ToJson());
}
