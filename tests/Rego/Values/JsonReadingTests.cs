// Our reader of JSON against the framework's: it takes and refuses the same documents, and reads the same values out of them.
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Tests.Values;

public class JsonReadingTests
{
    private const int Rounds = 20_000;

    // What the framework does not look into, and what may stand before the place that it refuses.
    private const string TooLargeMessage = "a number is too long or its exponent too large";

    private static readonly string[] documents =
    [
        """{"name":"change-0001","role":"evidence","metadata":{"lines":12,"tags":["a","b",null,true,false]},"body":null}""",
        """[{"a":1,"b":2.5e-3},{"a":-1,"b":0},{"b":1,"a":10000000000000000000}, [], {}, ""]""",
        """ { "\u0041\n\"\\\/" : "é ü \ud83d\ude00 \ud800 a long text that is not shared with any other text" , "ключ":"значение" } """,
        "[0.5,-0,-0.0,1E5,1e+5,123456789012345678,1234567890123456789,-7]",
        "true", " null\r\n\t", "\"\"", "17",
    ];

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("[")]
    [InlineData("[1")]
    [InlineData("[1,")]
    [InlineData("[1,]")]
    [InlineData("[,1]")]
    [InlineData("[1 2]")]
    [InlineData("[1]]")]
    [InlineData("{\"a\"}")]
    [InlineData("{\"a\":}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{\"a\" 1}")]
    [InlineData("{a:1}")]
    [InlineData("{\"a\":1]")]
    [InlineData("[1}")]
    [InlineData("tru")]
    [InlineData("truth")]
    [InlineData("nul")]
    [InlineData("01")]
    [InlineData("-")]
    [InlineData("-01")]
    [InlineData("+1")]
    [InlineData(".5")]
    [InlineData("1.")]
    [InlineData("1.e5")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("1a")]
    [InlineData("1 1")]
    [InlineData("\"")]
    [InlineData("\"\\\"")]
    [InlineData("\"\\x\"")]
    [InlineData("\"\\u12g4\"")]
    [InlineData("\"\\u12\"")]
    [InlineData("\"a\nb\"")]
    [InlineData("\"seven b\u0001\"")]
    [InlineData("// none\n1")]
    [InlineData("\ufeff1")]
    [InlineData("'a'")]
    public void What_the_framework_refuses_is_refused_in_its_words(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var ours = Assert.ThrowsAny<JsonException>(() => Value.FromJson(bytes));
        Assert.Equal(Refusal(bytes), ours.Message);
    }

    [Fact]
    public void Documents_read_alike_whole_and_damaged()
    {
        var random = new Random(20261201);
        var taken = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = Encoding.UTF8.GetBytes(documents[round % documents.Length]);
            if (round >= documents.Length) Damage(ref bytes, random);
            var shown = Convert.ToHexString(bytes);
            if (Refusal(bytes) is { } refusal)
            {
                var ours = Assert.ThrowsAny<JsonException>(() => Value.FromJson(bytes)).Message;
                if (ours != TooLargeMessage) Assert.Equal((shown, refusal), (shown, ours));
                continue;
            }

            if (TooLarge(bytes)) continue;
            taken++;
            var element = JsonElement.Parse(bytes);
            Assert.True(Same(element, Value.FromJson(bytes)), shown);
        }

        Assert.InRange(taken, Rounds / 20, Rounds * 19 / 20);
    }

    [Fact]
    public void As_deep_as_the_framework_reads()
    {
        Assert.Equal(1, Value.FromJson(Nested(1_000)).Count);
        Assert.ThrowsAny<JsonException>(() => Value.FromJson(Nested(1_001)));
    }

    private static string Nested(int depth) => new string('[', depth - 1) + "{}" + new string(']', depth - 1);

    // One to three bytes replaced, put in or taken out.
    private static void Damage(ref byte[] bytes, Random random)
    {
        const string Likely = "{}[]:,\"\\ \n0123456789.eE+-tfnu\u0000\u001f";
        var list = bytes.ToList();
        for (var i = random.Next(3); i >= 0; i--)
        {
            var at = random.Next(list.Count);
            var with = random.Next(8) == 0 ? (byte)random.Next(256) : (byte)Likely[random.Next(Likely.Length)];
            switch (random.Next(3))
            {
                case 0: list[at] = with; break;
                case 1: list.Insert(at, with); break;
                default: list.RemoveAt(at); break;
            }

            if (list.Count == 0) break;
        }

        bytes = [.. list];
    }

    private static bool TooLarge(byte[] bytes)
    {
        var json = new Utf8JsonReader(bytes);
        while (json.Read())
        {
            if (json.TokenType == JsonTokenType.Number && NumberValue.Parse(Encoding.UTF8.GetString(json.ValueSpan)) is null) return true;
        }

        return false;
    }

    private static string? Refusal(ReadOnlySpan<byte> utf8)
    {
        try
        {
            var json = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = 1_000 });
            while (json.Read())
            {
            }

            return null;
        }
        catch (JsonException e)
        {
            return e.Message;
        }
    }

    // Escapes are tested elsewhere: half a surrogate pair is nothing that the framework would hand out.
    private static bool Same(JsonElement element, Value value)
    {
        switch (element.ValueKind, value)
        {
            case (JsonValueKind.Object, ObjectValue map):
                var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
                foreach (var member in element.EnumerateObject())
                {
                    var name = JsonMarshal.GetRawUtf8PropertyName(member);
                    if (name.Contains((byte)'\\')) return true;
                    members[Encoding.UTF8.GetString(name)] = member.Value;
                }

                return members.Count == map.Count && members.All(m => map.Get(m.Key) is { } inner && Same(m.Value, inner));
            case (JsonValueKind.Array, ArrayValue list):
                return element.GetArrayLength() == list.Count && element.EnumerateArray().Zip(list.Items.ToArray()).All(p => Same(p.First, p.Second));
            case (JsonValueKind.Number, NumberValue number):
                return number.Equals(NumberValue.Parse(Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(element))));
            case (JsonValueKind.String, StringValue text):
                var quoted = JsonMarshal.GetRawUtf8Value(element);
                return quoted.Contains((byte)'\\') || text.Text == Encoding.UTF8.GetString(quoted[1..^1]);
            case (JsonValueKind.True or JsonValueKind.False, BooleanValue flag):
                return flag.Flag == (element.ValueKind == JsonValueKind.True);
            default:
                return element.ValueKind == JsonValueKind.Null && value is NullValue;
        }
    }
}
