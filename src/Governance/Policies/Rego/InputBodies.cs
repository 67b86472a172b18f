// An artifact's body in the input document: what kind it is, its text, its parsed value. Redacted before it is cut, and copied as it stands where no secret can be in it.
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Governance.Policies.Rego;

internal sealed class InputBodies(Utf8JsonWriter json, Redactor redactor)
{
    private static readonly JsonLimits Limits = new(InputDocument.BodyBytesMax, DepthMax: 64, ValuesMax: 1_000_000);

    public void Write(string member, ReadOnlyMemory<byte>? content)
    {
        if (content is not { } bytes)
        {
            json.WriteNull(member);
            return;
        }
        var isLarge = bytes.Length > InputDocument.BodyBytesMax;
        var shown = isLarge ? WholeCharacters(bytes[..InputDocument.BodyBytesMax]) : bytes;
        var isText = !shown.Span.Contains((byte)0) && Utf8.IsValid(shown.Span);
        var isJson = isText && !isLarge && shown.Span.TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[', ..] && StrictJson.Check(shown.Span, Limits).Ok;
        json.WriteStartObject(member);
        json.WriteString("kind", isLarge ? "large" : isJson ? "json" : isText ? "text" : "binary");
        json.WriteNumber("size", bytes.Length);
        json.WriteString("digest", Digest.Of(bytes.Span).ToString());
        if (!isText)
        {
            json.WriteNull("text");
            json.WriteNull("excerpt");
        }
        // Nearly always there is no secret in it, and the bytes may stand as they are.
        else if (redactor.FindIn(shown.Span) is null) Text(shown.Span, isLarge);
        else Text(redactor.Redact(Encoding.UTF8.GetString(shown.Span)), isLarge);
        if (isJson) Parsed(shown);
        else json.WriteNull("json");
        json.WriteEndObject();
    }

    private void Text(ReadOnlySpan<byte> utf8, bool isLarge)
    {
        if (isLarge) json.WriteNull("text");
        else json.WriteString("text", utf8);
        // No character has more than three bytes for each of its units.
        var start = utf8.Length <= InputDocument.ExcerptCharsMax * 3 ? utf8 : WholeCharacters(utf8[..(InputDocument.ExcerptCharsMax * 3)]);
        json.WriteString("excerpt", TextCut.Start(Encoding.UTF8.GetString(start), InputDocument.ExcerptCharsMax));
    }

    // Redacted before it is cut: half a secret would be no secret that anybody knows.
    private void Text(string redacted, bool isLarge)
    {
        if (isLarge) json.WriteNull("text");
        else json.WriteString("text", redacted);
        json.WriteString("excerpt", TextCut.Start(redacted, InputDocument.ExcerptCharsMax));
    }

    private void Parsed(ReadOnlyMemory<byte> utf8)
    {
        json.WritePropertyName("json");
        if (InputValues.IsClean(utf8.Span, redactor)) json.WriteRawValue(utf8.Span, skipInputValidation: true);
        else redactor.Redact(StrictJson.Parse(utf8, Limits).Value).WriteTo(json);
    }

    private static ReadOnlyMemory<byte> WholeCharacters(ReadOnlyMemory<byte> utf8) => utf8[..WholeCharacters(utf8.Span).Length];

    // Without the first bytes of a character that was cut in two.
    private static ReadOnlySpan<byte> WholeCharacters(ReadOnlySpan<byte> utf8)
    {
        for (var back = 1; back <= Math.Min(4, utf8.Length); back++)
        {
            var lead = utf8[^back];
            if ((lead & 0xC0) == 0x80) continue;
            var length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
            return length > back ? utf8[..^back] : utf8;
        }
        return utf8;
    }
}
