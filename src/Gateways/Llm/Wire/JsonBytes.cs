// What is put together here as bytes, with no more escapes than needed.
using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CabinCrew.Gateways.Llm.Wire;

internal static class JsonBytes
{
    private const int DepthMax = 256;

    public static byte[] Of(JsonNode node)
    {
        var to = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(to, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = DepthMax })) node.WriteTo(json);
        return to.WrittenSpan.ToArray();
    }
}
