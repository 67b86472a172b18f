// io.jwt.decode_verify: signature first, then issuer, audience and times; [false, {}, {}] where anything does not hold.
using System.Text;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Crypto;

internal static class TokenVerification
{
    private const int NestingMax = 10;

    public static Builtin Builtin => new(
        "io.jwt.decode_verify", "string, object[string: any] -> array<boolean, object[any: any], object[any: any]>", DecodeVerify, BuiltinTraits.Nondeterministic);

    /// <summary>What the caller demands; a time in nanoseconds.</summary>
    private sealed record Constraints(List<TokenKey> Keys, string Algorithm, string Issuer, string Audience, NumberValue Time);

    private static Value? DecodeVerify(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Object(args, 1, out var given) || ReadConstraints(context, given) is not { } constraints) return null;
        var refused = ArrayValue.Of(BooleanValue.False, ObjectValue.Empty, ObjectValue.Empty);
        if (!context.Text(args, 0, out var text)) return null;
        for (var level = 0; level < NestingMax; level++)
        {
            if (WebToken.Read(context, [new StringValue(text)]) is not { } token || token.Header(context) is not { } headerMap) return null;
            if (TokenHeader.Read(context, headerMap) is not { } header) return null;
            if (!header.IsValid || (constraints.Algorithm.Length > 0 && constraints.Algorithm != header.Algorithm)) return refused;
            if (token.Signature(context) is not { } signature) return null;
            if (TokenAlgorithm.Find(header.Algorithm) is not { } algorithm) return refused;
            if (!TokenFunctions.VerifyWithAny(context, constraints.Keys, algorithm, header, token.SignedBytes, signature)) return refused;
            if (token.Payload(context) is not { } payload) return null;
            if (header.ContentType.Equals("JWT", StringComparison.OrdinalIgnoreCase))
            {
                text = Encoding.UTF8.GetString(payload);
                continue;
            }

            if (WebToken.ReadObject(context, payload, "") is not { } claims) return null;
            return Holds(context, constraints, claims) switch
            {
                null => null,
                true => ArrayValue.Of(BooleanValue.True, headerMap, claims),
                false => refused,
            };
        }

        return context.Fail("JWT nests too deeply");
    }

    private static Constraints? ReadConstraints(BuiltinContext context, ObjectValue given)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal) { ["cert"] = "", ["secret"] = "", ["alg"] = "", ["iss"] = "", ["aud"] = "" };
        var time = NumberValue.Of(context.NowNanoseconds);
        for (var i = 0; i < given.Count; i++)
        {
            var (name, value) = ((given.Keys[i] as StringValue)?.Text ?? "", given.Values[i]);
            var problem = (name, value) switch
            {
                ("time", NumberValue { Sign: >= 0 }) => null,
                ("time", NumberValue) => "token time constraint: must not be negative",
                ("time", _) => "token time constraint: must be a number",
                var (known, word) when texts.ContainsKey(known) => word is StringValue ? null : $"{known} constraint: must be a string",
                _ => $"unknown token validation constraint: {name}",
            };
            if (problem is not null) return Refuse(context, problem);
            if (value is NumberValue number) time = number;
            else texts[name] = ((StringValue)value).Text;
        }

        var hasCertificate = given.Get("cert") is not null;
        if (hasCertificate && texts["secret"].Length > 0) return Refuse(context, "duplicate key constraints");
        if (!hasCertificate && texts["secret"].Length == 0) return Refuse(context, "no key constraint");
        var unread = "";
        var keys = hasCertificate ? TokenKey.Read(context, texts["cert"], out unread) : [TokenKey.OfSecret(texts["secret"])];
        return keys is null ? Refuse(context, unread) : new Constraints(keys, texts["alg"], texts["iss"], texts["aud"], time);
    }

    private static Constraints? Refuse(BuiltinContext context, string problem)
    {
        context.Fail(problem);
        return null;
    }

    // Null, with the error set, where a claim has the wrong type.
    private static bool? Holds(BuiltinContext context, Constraints constraints, ObjectValue claims)
    {
        if (constraints.Issuer.Length > 0 && (claims.Get("iss") as StringValue)?.Text != constraints.Issuer) return false;
        var audience = claims.Get("aud");
        if (audience is null ? constraints.Audience.Length > 0 : !IsFor(audience, constraints.Audience)) return false;
        var now = constraints.Time.ToExact().TimesTenTo(-9);
        foreach (var name in new[] { "exp", "nbf" })
        {
            if (claims.Get(name) is not { } claim) continue;
            if (claim is not NumberValue limit)
            {
                context.Fail($"{name} value must be a number");
                return null;
            }

            var order = now.CompareTo(limit.ToExact());
            if (name == "exp" ? order >= 0 : order < 0) return false;
        }

        return true;
    }

    private static bool IsFor(Value audience, string wanted) => audience switch
    {
        StringValue one => one.Text == wanted,
        ArrayValue many => many.Items.ToArray().Any(item => item is StringValue one && one.Text == wanted),
        _ => false,
    };
}
