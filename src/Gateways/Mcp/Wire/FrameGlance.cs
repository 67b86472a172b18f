// A look at bytes that are no frame: whom to answer. Only what can be told beyond doubt; the rest of the message is not trusted with anything.
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace CabinCrew.Gateways.Mcp.Wire;

internal static class FrameGlance
{
    private const long NumberMax = (1L << 53) - 1;

    /// <summary>What it was meant to be and the JSON text of its id; null where it cannot be told, or is told twice.</summary>
    public static (FrameKind? Kind, string? Id) At(ReadOnlySpan<byte> text, FrameLimits limits)
    {
        var reader = new Utf8JsonReader(text, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = limits.DepthMax + 1 }));
        string? id = null;
        int ids = 0, methods = 0, results = 0, errors = 0;
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is not JsonTokenType.PropertyName || reader.CurrentDepth != 1) continue;
                // Counted however they are spelled: an id that only some readers see is in doubt.
                if (reader.ValueIsEscaped) ids += 2;
                else if (Ascii.EqualsIgnoreCase(reader.ValueSpan, "method"u8)) methods++;
                else if (Ascii.EqualsIgnoreCase(reader.ValueSpan, "result"u8)) results++;
                else if (Ascii.EqualsIgnoreCase(reader.ValueSpan, "error"u8)) errors++;
                else if (Ascii.EqualsIgnoreCase(reader.ValueSpan, "id"u8))
                {
                    ids++;
                    if (!reader.Read()) break;
                    var spelled = text[(int)reader.TokenStartIndex..(int)reader.BytesConsumed];
                    if (spelled.Length <= limits.IdBytesMax && Utf8.IsValid(spelled) && IdFault(spelled, reader.TokenType, reader.TokenType is JsonTokenType.String && reader.ValueIsEscaped) is null)
                        id = Encoding.UTF8.GetString(spelled);
                    if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && !reader.TrySkip()) break;
                }
            }
        }
        catch (JsonException) { }
        if (ids != 1) id = null;
        FrameKind? kind = (methods, results, errors) switch
        {
            ( > 0, 0, 0) when ids > 0 => FrameKind.Request,
            ( > 0, 0, 0) => FrameKind.Notification,
            (0, > 0, 0) => FrameKind.Result,
            (0, 0, > 0) => FrameKind.Error,
            _ => null,
        };
        return (kind, id);
    }

    /// <summary>Why this value is no id that every reader reads alike; null: it is one.</summary>
    public static string? IdFault(ReadOnlySpan<byte> spelled, JsonTokenType type, bool escaped)
    {
        if (type is JsonTokenType.String)
        {
            if (!escaped) return null;
            var inner = spelled[1..^1];
            return Protocol.Json.StrictJson.HasLoneSurrogate(inner) ? "the id has half of a surrogate pair" : FrameScan.HasEscapedControl(inner) ? "the id has a control character" : null;
        }
        if (type is not JsonTokenType.Number) return "the id must be a string or a whole number";
        if (spelled.ContainsAny(".eE"u8) || spelled.SequenceEqual("-0"u8)) return "the id must be a whole number in plain digits";
        return spelled.Length > 17 || !long.TryParse(spelled, out var value) || Math.Abs(value) > NumberMax ? "the id is beyond 2^53-1" : null;
    }
}
