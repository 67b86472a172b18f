// io.jwt.encode_sign and encode_sign_raw. ES* and PS* signatures are random by nature elsewhere; here they follow from operands and seed, so that
// a judgement that signs can be made again exactly.
using System.Buffers.Text;
using System.Text;
using CabinCrew.Rego.Builtins.Encodings;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Crypto;

internal static class TokenSigning
{
    private const int SignCharge = 2_000;

    public static Builtin Raw => new("io.jwt.encode_sign_raw", "headers: string, payload: string, key: string -> output: string", static (context, args) =>
        context.Text(args, 2, out var key) && context.Text(args, 0, out var header) && context.Text(args, 1, out var payload) ? Sign(context, header, payload, key) : null,
        BuiltinTraits.Nondeterministic);

    public static Builtin Objects => new("io.jwt.encode_sign", "headers: object[string: any], payload: object[string: any], key: object[string: any] -> output: string", static (context, args) =>
        Sign(context, GoJson.Write(context, args[0], null, ""), GoJson.Write(context, args[1], null, ""), GoJson.Write(context, args[2], null, "")),
        BuiltinTraits.Nondeterministic);

    private static Value? Sign(BuiltinContext context, string header, string payload, string keyText)
    {
        context.Charge(SignCharge);
        if (JsonFunctions.TryRead(context, keyText, out var problem) is not ObjectValue jwk) return context.Fail($"failed to parse JWK: {problem}");
        if (jwk.Get("keys") is ArrayValue keys)
        {
            if (keys.Count == 0) return context.Fail("no keys found in JWK set");
            jwk = keys[0] as ObjectValue ?? ObjectValue.Empty;
        }

        if (TokenKey.OfJwk(jwk) is not { } key) return context.Fail("failed to parse JWK: invalid or unsupported key");
        if (HeaderText(context, header, out var map, out problem) is not { } name) return context.Fail($"missing or invalid 'alg' header: {problem}");
        if (TokenAlgorithm.Find(name) is not { } algorithm) return context.Fail($"unknown JWS algorithm: {name}");
        var isToken = map!.Get("typ") is not StringValue type || type.Text == "JWT";
        if (isToken && JsonFunctions.TryRead(context, payload, out _) is null) return context.Fail("type is JWT but payload is not JSON");
        var signed = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header)) + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload));
        if (algorithm.Sign(key, Encoding.UTF8.GetBytes(signed), context.Seed) is not { } signature) return context.Fail($"the key cannot sign with {name}");
        return new StringValue(signed + "." + Base64Url.EncodeToString(signature));
    }

    private static string? HeaderText(BuiltinContext context, string header, out ObjectValue? map, out string problem)
    {
        var value = JsonFunctions.TryRead(context, header, out problem);
        map = value as ObjectValue;
        if (map?.Get("alg") is StringValue name) return name.Text;
        if (header.Length == 0) problem = "cannot parse JSON: cannot parse empty string";
        else if (value is null && header.AsSpan().Trim().StartsWith("{")) problem = $"cannot parse JSON: {problem}";
        else problem = "jwsbb: header \"alg\" not found";
        return null;
    }
}
