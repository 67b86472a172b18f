// Answers as they go over the wire: one line of JSON each, the id as the request wrote it.
using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CabinCrew.Servers.Files.Rpc;

internal static class Reply
{
    public const int ParseError = -32700, InvalidRequest = -32600, MethodNotFound = -32601, InvalidParams = -32602, InternalError = -32603, UnsupportedVersion = -32022;

    // What is read by a JSON parser needs no escapes for the sake of HTML.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static byte[] Result(JsonElement id, Action<Utf8JsonWriter> members) => Message(id, w =>
    {
        w.WriteStartObject("result");
        members(w);
        w.WriteEndObject();
    });

    public static byte[] Error(JsonElement? id, int code, string message, Action<Utf8JsonWriter>? data = null) => Message(id, w =>
    {
        w.WriteStartObject("error");
        w.WriteNumber("code", code);
        w.WriteString("message", message);
        if (data is not null)
        {
            w.WriteStartObject("data");
            data(w);
            w.WriteEndObject();
        }
        w.WriteEndObject();
    });

    private static byte[] Message(JsonElement? id, Action<Utf8JsonWriter> body)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var w = new Utf8JsonWriter(buffer, Plain))
        {
            w.WriteStartObject();
            w.WriteString("jsonrpc", "2.0");
            if (id is { } own)
            {
                w.WritePropertyName("id");
                own.WriteTo(w);
            }
            body(w);
            w.WriteEndObject();
        }
        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }
}
