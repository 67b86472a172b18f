// Warnings in a result's `_meta`, for callers that want to hear of them: one member of ours is put in, everything else stays (MCP-03, MCP-06). Pure.
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Calls;

internal static class MetaWarnings
{
    public const string Member = "dev.cabincrew/warnings";

    /// <param name="offset">Of the result within the message.</param>
    public static Problem? Add(MessageEdits edits, int offset, ReadOnlyMemory<byte> result, IReadOnlyList<string> warnings)
    {
        if (offset < 0) return Problem.Bug("a result is no part of its message");
        var value = new JsonArray([.. warnings.Select(w => (JsonNode)w)]).ToJsonString();
        var reader = new Utf8JsonReader(result.Span, new JsonReaderOptions { MaxDepth = 256 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return null; // there is nothing to put it into
        var isEmpty = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            isEmpty = false;
            var isMeta = reader.ValueTextEquals("_meta"u8);
            reader.Read();
            if (isMeta) return reader.TokenType == JsonTokenType.StartObject ? Within(edits, offset, ref reader, value) : null;
            reader.Skip();
        }
        Insert(edits, offset + 1, $"\"_meta\":{{\"{Member}\":{value}}}", isEmpty);
        return null;
    }

    private static Problem? Within(MessageEdits edits, int offset, ref Utf8JsonReader reader, string value)
    {
        var inside = offset + (int)reader.BytesConsumed;
        var isEmpty = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            isEmpty = false;
            var isOurs = reader.ValueTextEquals(Member);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (!isOurs) continue;
            // The server speaks in our name: what it says there goes.
            edits.Replace(offset + start, (int)reader.BytesConsumed - start, System.Text.Encoding.UTF8.GetBytes(value));
            return null;
        }
        Insert(edits, inside, $"\"{Member}\":{value}", isEmpty);
        return null;
    }

    private static void Insert(MessageEdits edits, int at, string member, bool isEmpty) => edits.Replace(at, 0, System.Text.Encoding.UTF8.GetBytes(isEmpty ? member : member + ","));
}
