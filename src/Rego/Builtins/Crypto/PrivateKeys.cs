// crypto.parse_private_keys and crypto.x509.parse_rsa_private_key: private keys as Go's encoding/json and as JSON Web Keys show them.
using System.Buffers.Text;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using CabinCrew.Rego.Builtins.Encodings;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Crypto;

internal static class PrivateKeys
{
    private const int ParseCharge = 500;

    public static Builtin[] Table =>
    [
        new("crypto.parse_private_keys", "keys: string -> output: array[object[string: any]]", ParseAll),
        new("crypto.x509.parse_rsa_private_key", "pem: string -> output: object[string: any]", ParseAsJwk),
    ];

    /// <summary>Either RSA or EC parameters with their private parts, or an Ed25519 seed.</summary>
    public readonly record struct PrivateKey(RSAParameters? Rsa, ECParameters? Ec, byte[]? Ed25519Seed);

    /// <summary>Every private key among the PEM blocks; null, with the error set, where one is broken.</summary>
    public static List<PrivateKey>? Read(BuiltinContext context, string text)
    {
        if (TextCodes.Base64(text, out _) is { } decoded) text = Encoding.UTF8.GetString(decoded);
        var keys = new List<PrivateKey>();
        try
        {
            foreach (var block in PemBlocks.All(text))
            {
                context.Charge(ParseCharge);
                if (Read(block) is { } key) keys.Add(key);
            }

            return keys;
        }
        catch (CryptographicException refused)
        {
            context.Fail($"failed to parse private key: {refused.Message}");
            return null;
        }
    }

    /// <summary>Null for a block that is no private key. Throws <see cref="CryptographicException"/> where it is a broken one.</summary>
    public static PrivateKey? Read(PemBlock block)
    {
        switch (block.Type)
        {
            case "RSA PRIVATE KEY":
                using (var rsa = RSA.Create())
                {
                    rsa.ImportRSAPrivateKey(block.Bytes, out _);
                    return new PrivateKey(rsa.ExportParameters(true), null, null);
                }

            case "EC PRIVATE KEY":
                using (var ec = ECDsa.Create())
                {
                    ec.ImportECPrivateKey(block.Bytes, out _);
                    return new PrivateKey(null, ec.ExportParameters(true), null);
                }

            case "PRIVATE KEY":
                return ReadPkcs8(block.Bytes);
            default:
                return null;
        }
    }

    private static PrivateKey ReadPkcs8(byte[] der)
    {
        // The seed of an Ed25519 key is the last 32 bytes of its fixed form.
        if (der.Length == 48 && der.AsSpan(9).StartsWith<byte>([0x2B, 0x65, 0x70])) return new PrivateKey(null, null, der[16..]);
        using var rsa = RSA.Create();
        try
        {
            rsa.ImportPkcs8PrivateKey(der, out _);
            return new PrivateKey(rsa.ExportParameters(true), null, null);
        }
        catch (CryptographicException)
        {
            using var ec = ECDsa.Create();
            ec.ImportPkcs8PrivateKey(der, out _);
            return new PrivateKey(null, ec.ExportParameters(true), null);
        }
    }

    public static Value ToValue(PrivateKey key)
    {
        if (key.Rsa is { } rsa)
        {
            return ObjectValue.Of(
                (Name("N"), Number(rsa.Modulus)), (Name("E"), Number(rsa.Exponent)), (Name("D"), Number(rsa.D)),
                (Name("Primes"), ArrayValue.Of(Number(rsa.P), Number(rsa.Q))),
                (Name("Precomputed"), ObjectValue.Of((Name("Dp"), Number(rsa.DP)), (Name("Dq"), Number(rsa.DQ)), (Name("Qinv"), Number(rsa.InverseQ)), (Name("CRTValues"), ArrayValue.Empty))));
        }

        if (key.Ec is { } ec) return ObjectValue.Of((Name("Curve"), ObjectValue.Empty), (Name("X"), Number(ec.Q.X)), (Name("Y"), Number(ec.Q.Y)), (Name("D"), Number(ec.D)));
        return new StringValue(Convert.ToBase64String(key.Ed25519Seed!));
    }

    private static Value? ParseAll(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var text)) return null;
        if (text.Length == 0) return NullValue.Instance;
        return Read(context, text) is { } keys ? ArrayValue.Own([.. keys.Select(ToValue)]) : null;
    }

    private static Value? ParseAsJwk(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var text)) return null;
        if (text.Length == 0) return context.Fail("input PEM data was empty");
        if (!text.StartsWith("-----BEGIN", StringComparison.Ordinal))
        {
            if (TextCodes.Base64(text, out var problem) is not { } decoded) return context.Fail(problem);
            text = Encoding.UTF8.GetString(decoded);
        }

        if (Read(context, text) is not { } keys) return null;
        return keys.Count == 0 ? NullValue.Instance : Jwk(keys[0]);
    }

    private static ObjectValue Jwk(PrivateKey key)
    {
        if (key.Rsa is { } rsa)
        {
            return ObjectValue.Of(
                (Name("kty"), Name("RSA")), (Name("n"), Code(rsa.Modulus)), (Name("e"), Code(rsa.Exponent)), (Name("d"), Code(rsa.D)), (Name("p"), Code(rsa.P)),
                (Name("q"), Code(rsa.Q)), (Name("dp"), Code(rsa.DP)), (Name("dq"), Code(rsa.DQ)), (Name("qi"), Code(rsa.InverseQ)));
        }

        if (key.Ec is not { } ec) return ObjectValue.Of((Name("kty"), Name("OKP")), (Name("crv"), Name("Ed25519")), (Name("d"), Code(key.Ed25519Seed)));
        var curve = ec.Q.X!.Length switch { 32 => "P-256", 48 => "P-384", _ => "P-521" };
        return ObjectValue.Of((Name("kty"), Name("EC")), (Name("crv"), Name(curve)), (Name("x"), Code(ec.Q.X)), (Name("y"), Code(ec.Q.Y)), (Name("d"), Code(ec.D)));
    }

    private static StringValue Name(string name) => new(name);

    private static StringValue Code(byte[]? bytes) => new(Base64Url.EncodeToString(bytes));

    private static NumberValue Number(byte[]? bytes) => NumberValue.Of(new BigInteger(bytes, isUnsigned: true, isBigEndian: true));
}
