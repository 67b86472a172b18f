// Finds and replaces parts of a message that FrameReader has passed, without decoding the rest: every other byte stays as it came.
using System.Text.Json;

namespace CabinCrew.Gateways.Mcp.Wire;

internal static class JsonParts
{
    /// <summary>The JSON text of a member of an object. Empty: it has none of that name.</summary>
    public static ReadOnlyMemory<byte> Member(ReadOnlyMemory<byte> json, ReadOnlySpan<byte> name)
    {
        var reader = new Utf8JsonReader(json.Span);
        if (json.IsEmpty || !reader.Read() || reader.TokenType is not JsonTokenType.StartObject) return default;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals(name);
            reader.Read();
            var from = (int)reader.TokenStartIndex;
            reader.Skip();
            if (found) return json[from..(int)reader.BytesConsumed];
        }
        return default;
    }

    /// <summary>Every member of an object: the JSON text of its name (quotes included) and of its value.</summary>
    public static List<(ReadOnlyMemory<byte> Name, ReadOnlyMemory<byte> Value)> Members(ReadOnlyMemory<byte> json)
    {
        var members = new List<(ReadOnlyMemory<byte>, ReadOnlyMemory<byte>)>();
        var reader = new Utf8JsonReader(json.Span);
        if (json.IsEmpty || !reader.Read() || reader.TokenType is not JsonTokenType.StartObject) return members;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var name = json.Slice((int)reader.TokenStartIndex, reader.ValueSpan.Length + 2);
            reader.Read();
            var from = (int)reader.TokenStartIndex;
            reader.Skip();
            members.Add((name, json[from..(int)reader.BytesConsumed]));
        }
        return members;
    }

    /// <summary>The JSON texts of an array's elements; none where it is no array.</summary>
    public static List<ReadOnlyMemory<byte>> Elements(ReadOnlyMemory<byte> json)
    {
        var elements = new List<ReadOnlyMemory<byte>>();
        var reader = new Utf8JsonReader(json.Span);
        if (json.IsEmpty || !reader.Read() || reader.TokenType is not JsonTokenType.StartArray) return elements;
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            var from = (int)reader.TokenStartIndex;
            reader.Skip();
            elements.Add(json[from..(int)reader.BytesConsumed]);
        }
        return elements;
    }

    /// <summary>What a string means; null: it is none.</summary>
    public static string? Text(ReadOnlyMemory<byte> json)
    {
        if (json.IsEmpty || json.Span[0] is not (byte)'"') return null;
        var reader = new Utf8JsonReader(json.Span);
        return reader.Read() ? reader.GetString() : null;
    }

    /// <summary>The JSON text of a string.</summary>
    public static byte[] Quoted(string text) => [(byte)'"', .. JsonEncodedText.Encode(text).EncodedUtf8Bytes, (byte)'"'];

    public static bool IsTrue(ReadOnlyMemory<byte> json) => json.Span.SequenceEqual("true"u8);

    public static bool IsObject(ReadOnlyMemory<byte> json) => !json.IsEmpty && json.Span[0] is (byte)'{';

    /// <summary>The whole with one slice of it replaced.</summary>
    public static ReadOnlyMemory<byte> Replace(ReadOnlyMemory<byte> whole, ReadOnlyMemory<byte> part, ReadOnlySpan<byte> by)
    {
        if (!whole.Span.Overlaps(part.Span, out var at)) throw new ArgumentException("not a part of the message", nameof(part));
        var made = GC.AllocateUninitializedArray<byte>(whole.Length - part.Length + by.Length);
        whole.Span[..at].CopyTo(made);
        by.CopyTo(made.AsSpan(at));
        whole.Span[(at + part.Length)..].CopyTo(made.AsSpan(at + by.Length));
        return made;
    }
}
