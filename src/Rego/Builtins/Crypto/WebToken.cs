// A JSON Web Token in compact form, taken apart and partly read. Source: RFC 7515 and RFC 7519.
using System.Text;
using CabinCrew.Rego.Builtins.Encodings;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Crypto;

internal sealed record WebToken(string HeaderText, string PayloadText, string SignatureText)
{
    public byte[] SignedBytes => Encoding.UTF8.GetBytes(HeaderText + "." + PayloadText);

    /// <summary>Null, with the error set, where the text is no token.</summary>
    public static WebToken? Read(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var text)) return null;
        var parts = text.Split('.', 10);
        if (parts.Length == 3) return new WebToken(parts[0], parts[1], parts[2]);
        context.Fail(parts.Length == 1 ? "encoded JWT had no period separators" : $"encoded JWT must have 3 sections, found {text.Count(c => c == '.') + 1}");
        return null;
    }

    public ObjectValue? Header(BuiltinContext context)
    {
        if (Part(context, HeaderText, "JWT header had invalid encoding: ") is not { } bytes) return null;
        if (ReadObject(context, bytes, "bad JWT header: ") is not { } header) return null;
        if (header.Get("enc") is null) return header;
        context.Fail("JWT is a JWE object, which is not supported");
        return null;
    }

    public byte[]? Payload(BuiltinContext context) => Part(context, PayloadText, "JWT payload had invalid encoding: ");

    public byte[]? Signature(BuiltinContext context, string prefix = "") => Part(context, SignatureText, prefix);

    public static ObjectValue? ReadObject(BuiltinContext context, byte[] json, string prefix)
    {
        var value = JsonFunctions.TryRead(context, Encoding.UTF8.GetString(json), out var problem);
        if (value is ObjectValue map) return map;
        context.Fail(prefix + (value is null ? problem : "decoded JSON type was not an Object"));
        return null;
    }

    private static byte[]? Part(BuiltinContext context, string text, string prefix)
    {
        var bytes = TextCodes.Base64OfUrl(text, out var problem);
        if (bytes is null) context.Fail(prefix + problem);
        return bytes;
    }
}
