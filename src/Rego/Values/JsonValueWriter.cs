// Values as JSON. Sets become arrays; a key that is no string becomes the JSON text of the key, as OPA does.
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CabinCrew.Rego.Values;

internal static class JsonValueWriter
{
    /// <summary>Deep enough for whatever a policy can build; escapes only what JSON demands.</summary>
    public static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 100_000, SkipValidation = true,
    };

    public static void Write(Utf8JsonWriter writer, Value value)
    {
        switch (value)
        {
            case NullValue:
                writer.WriteNullValue();
                break;
            case BooleanValue boolean:
                writer.WriteBooleanValue(boolean.Flag);
                break;
            case NumberValue { IsPlain: true } number:
                number.TryInt64(out var whole);
                writer.WriteNumberValue(whole);
                break;
            case NumberValue number:
                writer.WriteRawValue(number.Text, skipInputValidation: true);
                break;
            case StringValue word:
                writer.WriteStringValue(word.Text);
                break;
            case ArrayValue array:
                WriteItems(writer, array.Items);
                break;
            case SetValue set:
                WriteItems(writer, set.Items);
                break;
            case ObjectValue map:
                WritePairs(writer, map);
                break;
        }
    }

    /// <summary>The name under which a key appears in JSON.</summary>
    public static string KeyName(Value key) => key is StringValue word ? word.Text : Encoding.UTF8.GetString(key.ToJson());

    private static void WriteItems(Utf8JsonWriter writer, ReadOnlySpan<Value> items)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        writer.WriteStartArray();
        foreach (var item in items) Write(writer, item);
        writer.WriteEndArray();
    }

    private static void WritePairs(Utf8JsonWriter writer, ObjectValue map)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        writer.WriteStartObject();
        for (var i = 0; i < map.Count; i++)
        {
            writer.WritePropertyName(KeyName(map.Keys[i]));
            Write(writer, map.Values[i]);
        }

        writer.WriteEndObject();
    }
}
