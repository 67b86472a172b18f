// The hash of one file as OPA's bundle signatures have it: JSON documents by structure (sorted members, no blanks, strings as Go writes them), all else by bytes.
// So a signature does not depend on how a JSON file is laid out.
using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Governance.Policies.Bundles.Signing;

internal static class StructuralHash
{
    public const string Default = "SHA-256";

    private static readonly JsonLimits Wide = new(BundleLimits.Default.FileBytesMax, DepthMax: 64, ValuesMax: 2_000_000);

    /// <summary>Hex, lower case. Null: an algorithm that proves nothing (MD5, SHA-1), or is not known here, or a document that cannot be read.</summary>
    public static string? Of(BundleFile file, string algorithm)
    {
        if (algorithm is not ("SHA-256" or "SHA-384" or "SHA-512") || Content(file) is not { } bytes) return null;
        return Convert.ToHexStringLower(algorithm switch { "SHA-384" => SHA384.HashData(bytes.Span), "SHA-512" => SHA512.HashData(bytes.Span), _ => SHA256.HashData(bytes.Span) });
    }

    private static ReadOnlyMemory<byte>? Content(BundleFile file)
    {
        var name = file.Path[(file.Path.LastIndexOf('/') + 1)..];
        if (name is not ("data.json" or "data.yaml" or ".manifest")) return file.Bytes;
        JsonElement value;
        if (name == "data.yaml")
        {
            if (!YamlNodes.Read(file.Bytes, file.Path, ProblemCode.PolicyInvalid).Try(out var map, out _)) return null;
            // Go writes the numbers of YAML as ECMAScript does, and so does the canonical form.
            value = JsonElement.Parse(CanonicalJson.Write(map.ToJson()));
        }
        else if (!StrictJson.Parse(file.Bytes, Wide).Try(out value, out _)) return null;
        var to = new ArrayBufferWriter<byte>(file.Bytes.Length);
        Append(to, value);
        return to.WrittenMemory;
    }

    private static void Append(IBufferWriter<byte> to, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                to.Write("{"u8);
                var first = true;
                // Go compares the bytes of UTF-8, not UTF-16 units: the two differ beyond U+FFFF.
                foreach (var (name, _, member) in value.EnumerateObject().Select(m => (m.Name, Key: Encoding.UTF8.GetBytes(m.Name), m.Value)).OrderBy(m => m.Key, Utf8Order))
                {
                    if (!first) to.Write(","u8);
                    first = false;
                    Append(to, name);
                    to.Write(":"u8);
                    Append(to, member);
                }
                to.Write("}"u8);
                break;
            case JsonValueKind.Array:
                to.Write("["u8);
                var comma = false;
                foreach (var item in value.EnumerateArray())
                {
                    if (comma) to.Write(","u8);
                    comma = true;
                    Append(to, item);
                }
                to.Write("]"u8);
                break;
            case JsonValueKind.String: Append(to, value.GetString()!); break;
            default: Write(to, value.GetRawText()); break;
        }
    }

    private static readonly Comparer<byte[]> Utf8Order = Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));

    private static void Append(IBufferWriter<byte> to, string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (var c in text)
            _ = c switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append("\\\\"),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                '\b' => quoted.Append("\\b"),
                '\f' => quoted.Append("\\f"),
                < ' ' or '\u2028' or '\u2029' => quoted.Append($"\\u{(int)c:x4}"),
                _ => quoted.Append(c),
            };
        Write(to, quoted.Append('"').ToString());
    }

    private static void Write(IBufferWriter<byte> to, string text)
    {
        var span = to.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        to.Advance(Encoding.UTF8.GetBytes(text, span));
    }
}
