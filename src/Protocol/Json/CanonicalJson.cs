// RFC 8785 (JSON Canonicalization Scheme): sorted keys by UTF-16 code unit, ECMAScript numbers, minimal escapes, UTF-8.
// Invariant: what cannot be written exactly (half a surrogate pair, a key twice, an integer beyond 2^53-1 of ours) is a bug, never a guess.
using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CabinCrew.Protocol.Json;

/// <summary>Canonical bytes of a JSON value, for hashing objects that we build. Raw bytes are hashed raw wherever they exist.</summary>
public static partial class CanonicalJson
{
    /// <summary>Deeper than any document that passes <see cref="StrictJson"/>; keeps a runaway structure from ending the process.</summary>
    private const int DepthMax = 256;

    private const int ShortCharsMax = 256;
    private const int BytesOfCharMax = 3;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static byte[] Write(JsonNode? node)
    {
        var to = new ArrayBufferWriter<byte>(256);
        Append(to, node, 0);
        return to.WrittenSpan.ToArray();
    }

    public static byte[] Write(JsonElement element)
    {
        var length = element.ValueKind is JsonValueKind.Undefined ? 0 : JsonMarshal.GetRawUtf8Value(element).Length;
        var to = new ArrayBufferWriter<byte>(Math.Max(length, 64));
        Append(to, element, 0);
        return to.WrittenSpan.ToArray();
    }

    /// <summary>Appends, for those who hash many documents with one buffer.</summary>
    public static void Write(IBufferWriter<byte> to, JsonElement element) => Append(to, element, 0);

    /// <summary>The same as text.</summary>
    public static string Text(JsonElement element) => Encoding.UTF8.GetString(Write(element));

    /// <summary>The digest of the canonical bytes.</summary>
    public static Digest Hash(JsonElement element) => Digest.Of(Write(element));

    /// <summary>Appends a string, quotes included.</summary>
    public static void Append(IBufferWriter<byte> to, string text)
    {
        // Nearly every text is short and has nothing to escape: one piece of memory, one pass.
        if (text.Length <= ShortCharsMax && text.AsSpan().IndexOfAny(Escaped) < 0)
        {
            var space = to.GetSpan(text.Length * BytesOfCharMax + 2);
            space[0] = (byte)'"';
            var length = Strict.GetBytes(text, space[1..]);
            space[length + 1] = (byte)'"';
            to.Advance(length + 2);
            return;
        }
        to.Write("\""u8);
        var rest = text.AsSpan();
        while (rest.Length > 0)
        {
            var clean = rest.IndexOfAny(Escaped);
            AppendUtf8(to, clean < 0 ? rest : rest[..clean]);
            if (clean < 0) break;
            AppendEscape(to, rest[clean]);
            rest = rest[(clean + 1)..];
        }
        to.Write("\""u8);
    }

    private static readonly SearchValues<char> Escaped = SearchValues.Create(
        "\"\\\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u0009\u000a\u000b\u000c\u000d\u000e\u000f" +
        "\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f");

    private static void AppendUtf8(IBufferWriter<byte> to, ReadOnlySpan<char> text)
    {
        if (text.IsEmpty) return;
        var span = to.GetSpan(Strict.GetByteCount(text));
        to.Advance(Strict.GetBytes(text, span));
    }

    private static void AppendEscape(IBufferWriter<byte> to, char c)
    {
        switch (c)
        {
            case '"': to.Write("\\\""u8); break;
            case '\\': to.Write("\\\\"u8); break;
            case '\b': to.Write("\\b"u8); break;
            case '\t': to.Write("\\t"u8); break;
            case '\n': to.Write("\\n"u8); break;
            case '\f': to.Write("\\f"u8); break;
            case '\r': to.Write("\\r"u8); break;
            default:
                to.Write("\\u00"u8);
                to.Write([Hex(c >> 4), Hex(c & 15)]);
                break;
        }

        static byte Hex(int nibble) => "0123456789abcdef"u8[nibble];
    }

    private static void Append(IBufferWriter<byte> to, JsonElement element, int depth)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                AppendObject(to, element, Deeper(depth));
                break;
            case JsonValueKind.Array:
                to.Write("["u8);
                var first = true;
                foreach (var item in element.EnumerateArray())
                {
                    if (!first) to.Write(","u8);
                    first = false;
                    Append(to, item, Deeper(depth));
                }
                to.Write("]"u8);
                break;
            case JsonValueKind.String:
                // Without a backslash the text as it stands is canonical already: nothing else may be escaped.
                var raw = JsonMarshal.GetRawUtf8Value(element);
                if (raw.Contains((byte)'\\')) Append(to, element.GetString()!);
                else to.Write(raw);
                break;
            case JsonValueKind.Number:
                var number = JsonMarshal.GetRawUtf8Value(element);
                if (IsPlainInteger(number)) to.Write(number);
                else EcmaNumber.Append(to, element.GetDouble());
                break;
            case JsonValueKind.True: to.Write("true"u8); break;
            case JsonValueKind.False: to.Write("false"u8); break;
            case JsonValueKind.Null: to.Write("null"u8); break;
            default: throw new ArgumentException("an undefined JSON element has no canonical form", nameof(element));
        }
    }

    private static void AppendObject(IBufferWriter<byte> to, JsonElement element, int depth)
    {
        var count = element.GetPropertyCount();
        var members = ArrayPool<JsonProperty>.Shared.Rent(Math.Max(count, 1));
        try
        {
            var (used, isPlain, isInOrder) = (0, true, true);
            foreach (var property in element.EnumerateObject())
            {
                var name = JsonMarshal.GetRawUtf8PropertyName(property);
                isPlain &= Ascii.IsValid(name) && !name.Contains((byte)'\\');
                isInOrder &= used == 0 || JsonMarshal.GetRawUtf8PropertyName(members[used - 1]).SequenceCompareTo(name) < 0;
                members[used++] = property;
            }
            var own = members.AsSpan(0, used);
            if (isPlain) AppendPlain(to, own, isInOrder, depth);
            else AppendNamed(to, [.. own.ToArray().Select(m => (m.Name, m.Value))], depth);
        }
        finally
        {
            ArrayPool<JsonProperty>.Shared.Return(members, clearArray: true);
        }
    }

    // ASCII without an escape stands as it is written, and its bytes are in the order of its UTF-16 code units.
    private static void AppendPlain(IBufferWriter<byte> to, Span<JsonProperty> members, bool isInOrder, int depth)
    {
        if (!isInOrder) members.Sort(static (a, b) => JsonMarshal.GetRawUtf8PropertyName(a).SequenceCompareTo(JsonMarshal.GetRawUtf8PropertyName(b)));
        to.Write("{"u8);
        for (var i = 0; i < members.Length; i++)
        {
            var name = JsonMarshal.GetRawUtf8PropertyName(members[i]);
            if (i > 0 && name.SequenceEqual(JsonMarshal.GetRawUtf8PropertyName(members[i - 1]))) throw Twice();
            var space = to.GetSpan(name.Length + 4);
            var at = 0;
            if (i > 0) space[at++] = (byte)',';
            space[at++] = (byte)'"';
            name.CopyTo(space[at..]);
            at += name.Length;
            space[at++] = (byte)'"';
            space[at++] = (byte)':';
            to.Advance(at);
            Append(to, members[i].Value, depth);
        }
        to.Write("}"u8);
    }

    private static void AppendNamed(IBufferWriter<byte> to, (string Name, JsonElement Value)[] members, int depth)
    {
        members.AsSpan().Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        to.Write("{"u8);
        for (var i = 0; i < members.Length; i++)
        {
            if (i > 0) to.Write(","u8);
            if (i > 0 && members[i].Name == members[i - 1].Name) throw Twice();
            Append(to, members[i].Name);
            to.Write(":"u8);
            Append(to, members[i].Value, depth);
        }
        to.Write("}"u8);
    }

    private static ArgumentException Twice() => new("an object with the same key twice has no canonical form");

    private static void Append(IBufferWriter<byte> to, JsonNode? node, int depth)
    {
        switch (node)
        {
            case null:
                to.Write("null"u8);
                break;
            case JsonObject o:
                to.Write("{"u8);
                var first = true;
                foreach (var (name, value) in o.OrderBy(p => p.Key, StringComparer.Ordinal))
                {
                    if (!first) to.Write(","u8);
                    first = false;
                    Append(to, name);
                    to.Write(":"u8);
                    Append(to, value, Deeper(depth));
                }
                to.Write("}"u8);
                break;
            case JsonArray array:
                to.Write("["u8);
                for (var i = 0; i < array.Count; i++)
                {
                    if (i > 0) to.Write(","u8);
                    Append(to, array[i], Deeper(depth));
                }
                to.Write("]"u8);
                break;
            case JsonValue value when value.TryGetValue(out JsonElement element):
                Append(to, element, depth);
                break;
            case JsonValue value when value.TryGetValue(out string? text):
                Append(to, text);
                break;
            case JsonValue value:
                var own = JsonElement.Parse(Encoding.UTF8.GetBytes(value.ToJsonString()));
                if (own.ValueKind is JsonValueKind.Number && own.TryGetDecimal(out var exact) && Math.Abs(exact) > StrictJson.NumberMax && decimal.IsInteger(exact))
                    throw new ArgumentException("an integer beyond 2^53-1 has no exact canonical form: write it as a string", nameof(node));
                Append(to, own, depth);
                break;
        }
    }

    // Up to 15 digits: below 2^53 without looking further. "-0" is not plain: it is written "0".
    private static bool IsPlainInteger(ReadOnlySpan<byte> number) =>
        number.Length <= 15 && !number.ContainsAnyExceptInRange((byte)'0', (byte)'9');

    private static int Deeper(int depth) => depth < DepthMax
        ? depth + 1
        : throw new ArgumentException($"a value nested deeper than {DepthMax} has no place in a hash");
}
