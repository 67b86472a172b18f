// Cursors of merged lists: where each server that has more goes on. Made here, read here; to the client they are opaque.
// Invariant: a cursor that is not of this form is refused. It says nothing that the client could not have said to the servers itself.
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using CabinCrew.Gateways.Mcp.Wire;

namespace CabinCrew.Gateways.Mcp.Sessions.Several;

internal static class Cursors
{
    private const string Prefix = "cc1.";
    private const int CharsMax = 64 << 10;

    /// <param name="places">The servers that have more, with the JSON texts of their own cursors.</param>
    /// <returns>Null: it would be too long.</returns>
    public static string? Write(IReadOnlyList<(string Server, ReadOnlyMemory<byte> Cursor)> places)
    {
        var json = new StringBuilder("[");
        foreach (var (server, cursor) in places)
            json.Append(json.Length > 1 ? "," : "").Append('"').Append(server).Append("\",").Append(Encoding.UTF8.GetString(cursor.Span));
        var text = Prefix + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.Append(']').ToString()));
        return text.Length > CharsMax ? null : text;
    }

    /// <returns>Null: it is none of ours.</returns>
    public static List<(string Server, ReadOnlyMemory<byte> Cursor)>? Read(string cursor)
    {
        if (cursor.Length > CharsMax || !cursor.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        try
        {
            var elements = JsonParts.Elements(Base64Url.DecodeFromChars(cursor.AsSpan(Prefix.Length)));
            if (elements.Count == 0 || elements.Count % 2 != 0) return null;
            var places = new List<(string, ReadOnlyMemory<byte>)>();
            for (var i = 0; i < elements.Count; i += 2)
            {
                if (JsonParts.Text(elements[i]) is not { } server || JsonParts.Text(elements[i + 1]) is null) return null;
                places.Add((server, elements[i + 1]));
            }
            return places;
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
