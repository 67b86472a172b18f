// A client's configuration as text that people keep: read with its comments, and changed only where a server's program is named. Every other byte stays.
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Mcp;

/// <param name="Command">Null: it is reached by a URL, or by something that is not understood.</param>
/// <param name="Environment">The names of its variables.</param>
internal sealed record ClientServer(string Name, string? Command, IReadOnlyList<string> Arguments, IReadOnlyList<string> Environment, string? Url)
{
    /// <summary>Where the values stand in the text; empty: they are not there.</summary>
    public Range CommandAt { get; init; }
    public Range ArgumentsAt { get; init; }
}

internal sealed class ClientDocument
{
    private const int BytesMax = 4 << 20;
    private const int DepthMax = 64;

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private ClientDocument(byte[] text, IReadOnlyList<ClientServer> servers) => (Text, Servers) = (text, servers);

    public byte[] Text { get; }

    public IReadOnlyList<ClientServer> Servers { get; }

    /// <param name="keys">Of which exactly one must be there.</param>
    public static Outcome<ClientDocument> Read(byte[] text, IReadOnlyList<string> keys, string where)
    {
        if (text.Length > BytesMax) return Refuse(where, $"it has more than {BytesMax} bytes");
        try
        {
            var reader = new Utf8JsonReader(text, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = DepthMax });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return Refuse(where, "it is no JSON object");
            List<ClientServer>? servers = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isServers = keys.Contains(reader.GetString()!, StringComparer.Ordinal);
                reader.Read();
                if (!isServers || reader.TokenType != JsonTokenType.StartObject) reader.Skip();
                else if (servers is not null) return Refuse(where, "it lists servers twice");
                else servers = All(ref reader);
            }
            return servers is null ? Refuse(where, $"it lists no servers (expected a member {string.Join(" or ", keys)})") : new ClientDocument(text, servers);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Refuse(where, $"it is not JSON: {e.Message}");
        }
    }

    /// <summary>The text with another program for some of its servers.</summary>
    public byte[] With(IReadOnlyList<(ClientServer Server, string Command, IReadOnlyList<string> Arguments)> changes)
    {
        List<(int At, int Length, string By)> edits = [];
        foreach (var (server, command, arguments) in changes)
        {
            var (at, length) = server.CommandAt.GetOffsetAndLength(Text.Length);
            var list = JsonSerializer.Serialize(arguments, Plain);
            var (listAt, listLength) = server.ArgumentsAt.GetOffsetAndLength(Text.Length);
            if (listLength > 0) edits.Add((listAt, listLength, list));
            edits.Add((at, length, JsonSerializer.Serialize(command, Plain) + (listLength > 0 ? "" : $", \"args\": {list}")));
        }
        var text = new MemoryStream();
        var copied = 0;
        foreach (var (at, length, by) in edits.OrderBy(e => e.At))
        {
            text.Write(Text, copied, at - copied);
            text.Write(Encoding.UTF8.GetBytes(by));
            copied = at + length;
        }
        text.Write(Text, copied, Text.Length - copied);
        return text.ToArray();
    }

    private static List<ClientServer> All(ref Utf8JsonReader reader)
    {
        List<ClientServer> servers = [];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartObject) servers.Add(One(ref reader, name));
            else reader.Skip();
        }
        return servers;
    }

    private static ClientServer One(ref Utf8JsonReader reader, string name)
    {
        string? command = null, url = null;
        List<string>? arguments = [];
        List<string> environment = [];
        Range commandAt = default, argumentsAt = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString();
            reader.Read();
            var from = (int)reader.TokenStartIndex;
            switch (key, reader.TokenType)
            {
                case ("command", JsonTokenType.String):
                    command = reader.GetString();
                    commandAt = from..(int)reader.BytesConsumed;
                    break;
                case ("url" or "serverUrl" or "httpUrl", JsonTokenType.String):
                    url = reader.GetString();
                    break;
                case ("args", JsonTokenType.StartArray):
                    arguments = Texts(ref reader);
                    argumentsAt = from..(int)reader.BytesConsumed;
                    break;
                case ("env", JsonTokenType.StartObject):
                    while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                    {
                        environment.Add(reader.GetString()!);
                        reader.Read();
                        reader.Skip();
                    }
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        return arguments is null ? new(name, null, [], environment, url) : new(name, command, arguments, environment, url) { CommandAt = commandAt, ArgumentsAt = argumentsAt };
    }

    // Null: not only texts.
    private static List<string>? Texts(ref Utf8JsonReader reader)
    {
        List<string>? texts = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.String) texts?.Add(reader.GetString()!);
            else
            {
                texts = null;
                reader.Skip();
            }
        }
        return texts;
    }

    private static Problem Refuse(string where, string why) => new(ProblemCode.InvalidArgument, $"The client's configuration cannot be used: {why}.") { Where = where };
}
