// What `policy eval` prints, in the formats of `opa eval`.
using System.Text;
using System.Text.Json;
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
        "values" => List(answers, static (json, answer) => Values(json, answer.Values)),
        "bindings" => List(answers, static (json, answer) => answer.Bindings.WriteJson(json)),
        "discard" => "",
        _ => JsonOutput.Object(json => Whole(json, answers, query)),
    };

    private static string List(RegoAnswers answers, Action<Utf8JsonWriter, RegoAnswer> write) => JsonOutput.Document(json =>
    {
        json.WriteStartArray();
        foreach (var answer in answers.Answers) write(json, answer);
        json.WriteEndArray();
    });

    private static void Whole(Utf8JsonWriter json, RegoAnswers answers, string query)
    {
        if (answers.Answers.Count == 0) return;
        json.WriteStartArray("result");
        foreach (var answer in answers.Answers)
        {
            json.WriteStartObject();
            json.WriteStartArray("expressions");
            foreach (var value in answer.Values.Items) Expression(json, value, answer.Values.Count == 1 ? query : null);
            json.WriteEndArray();
            if (answer.Bindings.Count > 0)
            {
                json.WritePropertyName("bindings");
                answer.Bindings.WriteJson(json);
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Expression(Utf8JsonWriter json, Value value, string? text)
    {
        json.WriteStartObject();
        json.WritePropertyName("value");
        value.WriteJson(json);
        if (text is not null)
        {
            json.WriteString("text", text.Trim());
            json.WriteStartObject("location");
            json.WriteNumber("row", 1);
            json.WriteNumber("col", 1);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    // One expression's value by itself, several as a list.
    private static void Values(Utf8JsonWriter json, ArrayValue values)
    {
        if (values.Count == 1) values[0].WriteJson(json);
        else values.WriteJson(json);
    }

    private static Value[] Items(ArrayValue values) => values.Items.ToArray();

    private static string Plain(Value value) => value is StringValue text ? text.Text : Encoding.UTF8.GetString(value.ToJson());
}
