// Made-up bytes at the door for messages, from one seed (MCP-07): never an exception, and what is taken reads the same in System.Text.Json, strictly.
using System.Text;
using System.Text.Json;
using CabinCrew.Gateways.Mcp.Wire;

namespace CabinCrew.Gateways.Tests.Wire;

public sealed class FrameReaderFuzzTests
{
    private static readonly string[] Seeds =
    [
        """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":{"path":"a\u0041","n":[1,2.5e3,-0]},"_meta":{"progressToken":"t"}}}""",
        """{"jsonrpc":"2.0","id":"\u0061","result":{"content":[{"type":"text","text":"\ud83d\ude00 é \"\\"}],"isError":false}}""",
        """{"jsonrpc":"2.0","id":-9007199254740991,"error":{"code":-32600,"message":"m","data":null}}""",
        """{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":3,"progress":1}}""",
        """{"jsonrpc":"2.0","id":9,"method":"resources/read","params":{"uri":"file:///a","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}""",
        """[{"jsonrpc":"2.0"}]""",
    ];

    private static readonly string[] Bits =
    [
        "\"", "{", "}", "[", "]", ",", ":", "\\u0000", "\\u006d", "\\ud800", "\\udc00", "1e9", "-0", "01", "null", "true", "\"id\":2,", "\"method\":\"x\",", "\"result\":{},", "\"Method\":\"y\",",
        "\"params\":{},", "\"na\\u006de\":\"z\",", "\n", "\r", "\t", "\0", "\uFEFF", "\u2028", "9007199254740993", "\"jsonrpc\":\"2.0\",", "\"error\":1,", "/*x*/", "'",
    ];

    [Fact]
    public void What_is_taken_reads_the_same_elsewhere_and_nothing_throws()
    {
        var random = new Random(20260728);
        int taken = 0, refused = 0;
        for (var i = 0; i < 60_000; i++)
        {
            var bytes = Mutated(random);
            var read = FrameReader.Read(bytes, FrameLimits.Default);
            if (!read.Ok)
            {
                refused++;
                Assert.True(read.Problem.Evidence.ContainsKey(FrameReader.ReasonKey));
                continue;
            }
            taken++;
            Same(bytes, read.Value);
        }
        Assert.InRange(taken, 3000, 60_000);
        Assert.InRange(refused, 3000, 60_000);
    }

    private static byte[] Mutated(Random random)
    {
        var bytes = Encoding.UTF8.GetBytes(Seeds[random.Next(Seeds.Length)]).ToList();
        for (var changes = random.Next(4); changes > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Bits[random.Next(Bits.Length)]));
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 6), bytes.Count - at - 1));
                    break;
                case 3:
                    var from = random.Next(bytes.Count);
                    bytes.InsertRange(at, bytes.GetRange(from, Math.Min(random.Next(1, 30), bytes.Count - from)));
                    break;
                default:
                    bytes[at] ^= 0x20;
                    break;
            }
            if (bytes.Count == 0) bytes.Add((byte)'{');
        }
        return [.. bytes];
    }

    private static void Same(byte[] bytes, Frame frame)
    {
        // Throws where it would read otherwise: two values of one name, a half pair, bytes that are not UTF-8.
        using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false });
        var root = document.RootElement;
        Touch(root);
        Assert.Equal("2.0", root.GetProperty("jsonrpc").GetString());
        Part(root, "id", frame.Id);
        Assert.Equal(root.TryGetProperty("method", out var method) ? method.GetString() : null, frame.Method);
        Part(root, "params", frame.Params);
        Part(root, frame.Kind is FrameKind.Error ? "error" : "result", frame.Answer);
        if (root.TryGetProperty("params", out var parameters))
        {
            Part(parameters, "arguments", frame.Arguments);
            Part(parameters, "_meta", frame.Meta);
            if (frame.Name is not null)
                Assert.Contains(frame.Name, (string?[])[Text(parameters, "name"), Text(parameters, "uri")]);
            if (parameters.TryGetProperty("_meta", out var meta)) Part(meta, "progressToken", frame.ProgressToken);
        }
        var kind = (root.TryGetProperty("method", out _), root.TryGetProperty("id", out var id), root.TryGetProperty("result", out _), root.TryGetProperty("error", out _)) switch
        {
            (true, true, false, false) => FrameKind.Request,
            (true, false, false, false) => FrameKind.Notification,
            (false, true, true, false) => FrameKind.Result,
            (false, _, false, true) => FrameKind.Error,
            var odd => throw new InvalidOperationException($"{odd}"),
        };
        Assert.Equal(kind, frame.Kind);
        if (id.ValueKind is JsonValueKind.Number) Assert.Equal(id.GetInt64(), (long)id.GetDouble());
    }

    private static void Part(JsonElement from, string name, ReadOnlyMemory<byte> slice) =>
        Assert.Equal(from.TryGetProperty(name, out var part) ? part.GetRawText() : "", Encoding.UTF8.GetString(slice.Span));

    private static string? Text(JsonElement from, string name) => from.TryGetProperty(name, out var part) && part.ValueKind is JsonValueKind.String ? part.GetString() : null;

    private static void Touch(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    _ = property.Name;
                    Touch(property.Value);
                }
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray()) Touch(item);
                break;
            case JsonValueKind.String:
                _ = element.GetString();
                break;
        }
    }
}
