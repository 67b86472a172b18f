// The plain members of an input document: texts and free-form values, redacted as they are written.
using System.Runtime.InteropServices;
using System.Text.Json;
using CabinCrew.Ledger.Redaction;

namespace CabinCrew.Governance.Policies.Rego;

internal sealed class InputValues(Utf8JsonWriter json, Redactor redactor)
{
    public void Text(string name, string? value)
    {
        if (value is null) json.WriteNull(name);
        else json.WriteString(name, redactor.Redact(value));
    }

    public void Texts(string name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteStringValue(redactor.Redact(value));
        json.WriteEndArray();
    }

    public void Free(string name, JsonElement value)
    {
        json.WritePropertyName(name);
        if (value.ValueKind == JsonValueKind.Undefined) json.WriteNullValue();
        else (IsClean(JsonMarshal.GetRawUtf8Value(value), redactor) ? value : redactor.Redact(value)).WriteTo(json);
    }

    /// <summary>Whether this JSON text can hold no secret: none that is spelt out, and no escapes to spell one otherwise.</summary>
    public static bool IsClean(ReadOnlySpan<byte> utf8, Redactor redactor) => !utf8.Contains((byte)'\\') && redactor.FindIn(utf8) is null;
}
