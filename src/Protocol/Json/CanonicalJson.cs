// RFC 8785 (JSON Canonicalization Scheme): sorted keys by UTF-16 code unit, ECMAScript numbers, minimal escapes, UTF-8.
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CabinCrew.Protocol.Json;

/// <summary>Canonical bytes of a JSON value, for hashing objects that we build. Raw bytes are hashed raw wherever they exist.</summary>
public static partial class CanonicalJson
{
    public static byte[] Write(JsonNode? node) => throw new NotImplementedException();

    public static byte[] Write(JsonElement element) => throw new NotImplementedException();
}
