// crypto.md5, sha1, sha256 and crypto.hmac.*: hexadecimal digests of a text's UTF-8 bytes.
using System.Security.Cryptography;
using System.Text;
using CabinCrew.Rego.Builtins.Strings;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Crypto;

internal static class Hashes
{
    public static Builtin[] Table =>
    [
        new("crypto.md5", "x: string -> y: string", static (context, args) => Digest(context, args, MD5.HashData)),
        new("crypto.sha1", "x: string -> y: string", static (context, args) => Digest(context, args, SHA1.HashData)),
        new("crypto.sha256", "x: string -> y: string", static (context, args) => Digest(context, args, SHA256.HashData)),
        new("crypto.hmac.md5", "x: string, key: string -> y: string", static (context, args) => Keyed(context, args, HMACMD5.HashData)),
        new("crypto.hmac.sha1", "x: string, key: string -> y: string", static (context, args) => Keyed(context, args, HMACSHA1.HashData)),
        new("crypto.hmac.sha256", "x: string, key: string -> y: string", static (context, args) => Keyed(context, args, HMACSHA256.HashData)),
        new("crypto.hmac.sha512", "x: string, key: string -> y: string", static (context, args) => Keyed(context, args, HMACSHA512.HashData)),
        new("crypto.hmac.equal", "mac1: string, mac2: string -> result: boolean", static (context, args) => context.Text(args, 0, out var left) && context.Text(args, 1, out var right)
            ? Value.From(CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(left), Encoding.UTF8.GetBytes(right))) : null),
    ];

    private static StringValue? Digest(BuiltinContext context, ReadOnlySpan<Value> args, Func<byte[], byte[]> digest)
    {
        if (!context.Text(args, 0, out var text)) return null;
        context.Charge(1 + (text.Length / StringFunctions.CharsPerElement));
        return new StringValue(Convert.ToHexStringLower(digest(Encoding.UTF8.GetBytes(text))));
    }

    private static StringValue? Keyed(BuiltinContext context, ReadOnlySpan<Value> args, Func<byte[], byte[], byte[]> digest)
    {
        if (!context.Text(args, 0, out var text) || !context.Text(args, 1, out var key)) return null;
        context.Charge(1 + ((text.Length + key.Length) / StringFunctions.CharsPerElement));
        return new StringValue(Convert.ToHexStringLower(digest(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(text))));
    }
}
