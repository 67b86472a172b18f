// Verifies a JSON Web Token (RFC 7519, 7515; RFC 8725 for what must not be believed) with the framework's cryptography. Pure: time and keys are given.
// Invariant: the key decides what kind of signature it can make; the token's own word on its algorithm only has to agree with the rules, the key and the set.
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Gateways.Firewall.Callers;

public static class TokenCheck
{
    public const string Method = "jwt";
    public const int TokenCharsMax = 16 * 1024;
    private const int NameCharsMax = 256, RolesMax = 50;

    private static readonly JsonLimits Limits = new(BytesMax: TokenCharsMax, DepthMax: 16);

    /// <summary>The <c>kid</c> that a token names, before anything of it is believed: only to fetch keys by. Null: none, or no token.</summary>
    public static string? KeyIdOf(string token) => Split(token) is var (head, _, _) && Part(head).Try(out var header, out _) ? Text(header, "kid") : null;

    public static Outcome<MessageCaller> Verify(string token, JsonWebKeys keys, TokenRules rules, DateTimeOffset now)
    {
        if (Split(token) is not var (head, body, signature)) return Refuse("it is not three parts of base64url");
        if (!Part(head).Try(out var header, out _) || !Part(body).Try(out var claims, out _)) return Refuse("its parts are not JSON objects that every reader reads alike");
        if (Text(header, "alg") is not { } algorithm || !rules.Algorithms.Contains(algorithm, StringComparer.Ordinal)) return Refuse("its algorithm is not one that is allowed");
        if (header.TryGetProperty("crit", out _)) return Refuse("it asks for extensions that are not known here");
        if (Text(header, "typ") is { } type && !IsTokenType(type)) return Refuse("it is a token of another type");
        byte[] signed;
        try
        {
            signed = Base64Url.DecodeFromChars(signature);
        }
        catch (FormatException)
        {
            return Refuse("its signature is not base64url");
        }
        var input = Encoding.ASCII.GetBytes(token, 0, head.Length + 1 + body.Length);
        // A key's own id and algorithm are the set's word; the token's jwk, jku, x5c and x5u are never looked at.
        var kid = Text(header, "kid");
        var isSigned = keys.Keys.Where(k => kid is null || k.Id == kid).Any(k => (k.Algorithm is null || k.Algorithm == algorithm) && Made(k, algorithm, input, signed));
        return isSigned ? Claims(claims, rules, now) : Refuse("its signature is by none of the issuer's keys");
    }

    private static Outcome<MessageCaller> Claims(JsonElement claims, TokenRules rules, DateTimeOffset now)
    {
        if (Text(claims, "iss") != rules.Issuer) return Refuse("it is by another issuer");
        if (!Audiences(claims).Contains(rules.Audience, StringComparer.Ordinal)) return Refuse("it is for another audience");
        if (Time(claims, "exp") is not { } expires) return Refuse("it does not say when it expires");
        if (now >= expires + rules.ClockSkew) return Refuse("it has expired");
        if (claims.TryGetProperty("nbf", out _) && (Time(claims, "nbf") is not { } begins || now < begins - rules.ClockSkew)) return Refuse("it is not valid yet");
        if (claims.TryGetProperty("iat", out _) && (Time(claims, "iat") is not { } issued || now < issued - rules.ClockSkew || expires - issued > rules.LifetimeMax)) return Refuse("its time of issue cannot be, or it is good for too long");
        if (expires - now > rules.LifetimeMax + rules.ClockSkew) return Refuse("it is good for too long");
        if (Text(claims, rules.NameClaim) is not { Length: > 0 and <= NameCharsMax } name || name.Any(char.IsControl)) return Refuse($"its '{rules.NameClaim}' names nobody");
        bool? human = rules.HumanClaim is { } claim ? claims.TryGetProperty(claim, out var word) && word.ValueKind == JsonValueKind.True : rules.Human;
        return new MessageCaller(name, human, [.. rules.RolesAlways.Concat(Roles(claims, rules)).Distinct(StringComparer.Ordinal)], Method) { Issuer = rules.Issuer };
    }

    private static IEnumerable<string> Roles(JsonElement claims, TokenRules rules)
    {
        if (rules.RolesClaim is not { } claim || !claims.TryGetProperty(claim, out var value)) return [];
        IEnumerable<string> given = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            JsonValueKind.Array => value.EnumerateArray().Where(r => r.ValueKind == JsonValueKind.String).Select(r => r.GetString()!),
            _ => [],
        };
        return given.Where(r => rules.RolesAllowed.Contains(r, StringComparer.Ordinal)).Distinct(StringComparer.Ordinal).Take(RolesMax);
    }

    private static bool Made(JsonWebKey key, string algorithm, byte[] input, byte[] signature)
    {
        var hash = algorithm[2..] switch { "256" => HashAlgorithmName.SHA256, "384" => HashAlgorithmName.SHA384, _ => HashAlgorithmName.SHA512 };
        try
        {
            return (key.Key, algorithm[..2]) switch
            {
                (RSA rsa, "RS") => rsa.VerifyData(input, signature, hash, RSASignaturePadding.Pkcs1),
                (RSA rsa, "PS") => rsa.VerifyData(input, signature, hash, RSASignaturePadding.Pss),
                // RFC 7518, 3.4: each algorithm has its one curve, and the signature is r and s at full length.
                (ECDsa ec, "ES") when key.Curve == algorithm switch { "ES256" => "P-256", "ES384" => "P-384", _ => "P-521" } => ec.VerifyData(input, signature, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation),
                _ => false,
            };
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static (string Head, string Body, string Signature)? Split(string token) =>
        token.Length is > 0 and <= TokenCharsMax && token.Split('.') is [{ Length: > 0 } head, { Length: > 0 } body, { Length: > 0 } signature] && token.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') ? (head, body, signature) : null;

    private static Outcome<JsonElement> Part(string part)
    {
        try
        {
            var parsed = StrictJson.Parse(Base64Url.DecodeFromChars(part), Limits);
            return parsed.Try(out var element, out _) && element.ValueKind != JsonValueKind.Object ? Refuse("a part is no object") : parsed;
        }
        catch (FormatException)
        {
            return Refuse("a part is not base64url");
        }
    }

    private static IEnumerable<string> Audiences(JsonElement claims) => !claims.TryGetProperty("aud", out var aud) ? [] : aud.ValueKind switch
    {
        JsonValueKind.String => [aud.GetString()!],
        JsonValueKind.Array => aud.EnumerateArray().Where(a => a.ValueKind == JsonValueKind.String).Select(a => a.GetString()!),
        _ => [],
    };

    // Seconds since 1970; a fraction is allowed (RFC 7519, 2).
    private static DateTimeOffset? Time(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is > 0 and < 253_402_300_799 ? DateTimeOffset.UnixEpoch.AddSeconds(seconds) : null;

    private static bool IsTokenType(string type) => type.Equals("JWT", StringComparison.OrdinalIgnoreCase) || type.Equals("at+jwt", StringComparison.OrdinalIgnoreCase) || type.Equals("application/at+jwt", StringComparison.OrdinalIgnoreCase);

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static Problem Refuse(string why) => new(ProblemCode.CallerNotAuthenticated, $"the token is not taken: {why}");
}
