// Wire records out to JSON: as an element, as canonical bytes (for hashing and signing), as bytes for people and files.
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Protocol.Wire;

public static class WireJson
{
    public static JsonElement ToElement<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToElement(value, type);

    /// <summary>A node that we built, as an element that may be kept.</summary>
    public static JsonElement ToElement(JsonNode? node) => JsonElement.Parse(CanonicalJson.Write(node));

    /// <summary>RFC 8785 bytes: what is hashed and signed.</summary>
    public static byte[] Canonical<T>(T value, JsonTypeInfo<T> type) => CanonicalJson.Write(ToElement(value, type));

    public static Digest Hash<T>(T value, JsonTypeInfo<T> type) => Digest.Of(Canonical(value, type));

    /// <summary>The document on one line (the canonical form), or indented with a final line feed for people.</summary>
    public static byte[] Bytes<T>(T value, JsonTypeInfo<T> type, bool indented = false) =>
        indented ? Indented(ToElement(value, type)) : Canonical(value, type);

    /// <summary>Indented by two, members as they stand, a final line feed. Text stays text: only what JSON demands is escaped.</summary>
    public static byte[] Indented(JsonElement element)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, IndentSize = 2, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            element.WriteTo(writer);
        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }
}
