// What --json prints: one document, indented, ended by a line feed, with nothing in it that a terminal would obey.
using System.Buffers;
using System.Text;
using System.Text.Json;

namespace CabinCrew.Cli.Rendering;

internal static class JsonOutput
{
    // People read it in terminals, not in HTML. SafeText.Json escapes what is dangerous there.
    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = new PlainEncoder() };
    private static readonly JsonWriterOptions OneLine = Indented with { Indented = false };

    public static string Object(Action<Utf8JsonWriter> members) => Document(json =>
    {
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
    });

    public static string Document(Action<Utf8JsonWriter> write) => Write(write, Indented);

    /// <summary>A document on one line, for streams of JSON Lines.</summary>
    public static string Line(Action<Utf8JsonWriter> write) => Write(write, OneLine);

    private static string Write(Action<Utf8JsonWriter> write, JsonWriterOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, options)) write(json);
        return SafeText.Json(Encoding.UTF8.GetString(buffer.WrittenSpan)) + "\n";
    }
}
