// io.jwt.decode and io.jwt.verify_*.
using System.Text;
using CabinCrew.Rego.Builtins.Strings;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Crypto;

internal static class TokenFunctions
{
    private const int NestingMax = 10;
    private const int VerifyCharge = 100;

    public static Builtin[] Table =>
    [
        new("io.jwt.decode", "jwt: string -> output: array<object[any: any], object[any: any], string>", Decode),
        Verifier("io.jwt.verify_rs256", "RS256"), Verifier("io.jwt.verify_rs384", "RS384"), Verifier("io.jwt.verify_rs512", "RS512"),
        Verifier("io.jwt.verify_ps256", "PS256"), Verifier("io.jwt.verify_ps384", "PS384"), Verifier("io.jwt.verify_ps512", "PS512"),
        Verifier("io.jwt.verify_es256", "ES256"), Verifier("io.jwt.verify_es384", "ES384"), Verifier("io.jwt.verify_es512", "ES512"),
        Verifier("io.jwt.verify_eddsa", "EdDSA"),
        Verifier("io.jwt.verify_hs256", "HS256"), Verifier("io.jwt.verify_hs384", "HS384"), Verifier("io.jwt.verify_hs512", "HS512"),
        TokenVerification.Builtin, TokenSigning.Raw, TokenSigning.Objects,
    ];

    /// <summary>The key with the token's id, or else every key whose algorithm does not speak against it.</summary>
    public static bool VerifyWithAny(BuiltinContext context, List<TokenKey> keys, TokenAlgorithm algorithm, TokenHeader header, byte[] message, byte[] signature)
    {
        if (header.KeyId.Length > 0 && keys.Find(key => key.KeyId == header.KeyId) is { } named)
        {
            context.Charge(VerifyCharge);
            return algorithm.Verify(named, message, signature);
        }

        foreach (var key in keys)
        {
            if (key.Algorithm.Length > 0 && key.Algorithm != header.Algorithm) continue;
            context.Charge(VerifyCharge);
            if (algorithm.Verify(key, message, signature)) return true;
        }

        return false;
    }

    private static Builtin Verifier(string name, string algorithm) => new(name, "string, string -> boolean", algorithm.StartsWith("HS", StringComparison.Ordinal)
        ? (context, args) => VerifySecret(context, args, algorithm)
        : (context, args) => VerifyKey(context, args, algorithm));

    private static Value? VerifySecret(BuiltinContext context, ReadOnlySpan<Value> args, string algorithm)
    {
        if (!context.Text(args, 0, out _) || !context.Text(args, 1, out var secret)) return null;
        if (WebToken.Read(context, args) is not { } token || token.Signature(context) is not { } signature) return null;
        context.Charge(VerifyCharge);
        return Value.From(TokenAlgorithm.Find(algorithm)!.Verify(TokenKey.OfSecret(secret), token.SignedBytes, signature));
    }

    private static Value? VerifyKey(BuiltinContext context, ReadOnlySpan<Value> args, string algorithm)
    {
        if (WebToken.Read(context, args) is not { } token || !context.Text(args, 1, out var keyText)) return null;
        if (TokenKey.Read(context, keyText, out var problem) is not { } keys) return context.Fail(problem);
        if (token.Signature(context) is not { } signature || token.Header(context) is not { } headerMap) return null;
        if (TokenHeader.Read(context, headerMap) is not { } header) return null;
        return Value.From(VerifyWithAny(context, keys, TokenAlgorithm.Find(algorithm)!, header, token.SignedBytes, signature));
    }

    // A payload that is said to be a token is decoded in its place.
    private static Value? Decode(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var text)) return null;
        for (var level = 0; level < NestingMax; level++)
        {
            context.Charge(1 + (text.Length / StringFunctions.CharsPerElement));
            if (WebToken.Read(context, [new StringValue(text)]) is not { } token || token.Header(context) is not { } header) return null;
            if (token.Payload(context) is not { } payload) return null;
            if (header.Get("cty") is StringValue { Text: "JWT" })
            {
                text = Encoding.UTF8.GetString(payload).Trim('"', '\'');
                continue;
            }

            if (WebToken.ReadObject(context, payload, "") is not { } claims) return null;
            if (token.Signature(context, "JWT signature had invalid encoding: ") is not { } signature) return null;
            return ArrayValue.Of(header, claims, new StringValue(Convert.ToHexStringLower(signature)));
        }

        return context.Fail("JWT nests too deeply");
    }
}
