// Which request a notifications/cancelled takes back. Pure.
using System.Text.Json;

namespace CabinCrew.Gateways.Mcp.Calls;

internal static class Cancellation
{
    /// <summary>The JSON text of <c>requestId</c>, as the request spelled its id; empty: there is none.</summary>
    public static ReadOnlyMemory<byte> RequestOf(ReadOnlyMemory<byte> parameters)
    {
        if (parameters.IsEmpty) return default;
        var reader = new Utf8JsonReader(parameters.Span, new JsonReaderOptions { MaxDepth = 256 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isId = reader.ValueTextEquals("requestId"u8);
            reader.Read();
            if (isId) return reader.TokenType is JsonTokenType.String or JsonTokenType.Number ? parameters[(int)reader.TokenStartIndex..(int)reader.BytesConsumed] : default;
            reader.Skip();
        }
        return default;
    }
}
