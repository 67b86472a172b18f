// Tokens that are good are taken; each attack on a verifier is a token that is not (MCP-08, RFC 8725).
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CabinCrew.Gateways.Firewall.Callers;
using CabinCrew.Protocol;
using CabinCrew.Tests;

namespace CabinCrew.Gateways.Tests.Limits;

[Clause("MCP-08")]
public sealed class TokenTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
    private static readonly TokenRules Rules = new() { Issuer = "https://issuer.example", Audience = "gateway", RolesClaim = "roles", RolesAllowed = ["reader", "writer"], HumanClaim = "human" };

    private readonly RSA rsa = RSA.Create(2048);
    private readonly ECDsa ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public void Dispose()
    {
        rsa.Dispose();
        ec.Dispose();
    }

    private JsonWebKeys Keys(string? rsaAlgorithm = null)
    {
        var (r, e) = (rsa.ExportParameters(false), ec.ExportParameters(false));
        var first = new JsonObject { ["kty"] = "RSA", ["kid"] = "r", ["use"] = "sig", ["n"] = B64(r.Modulus!), ["e"] = B64(r.Exponent!) };
        if (rsaAlgorithm is not null) first["alg"] = rsaAlgorithm;
        var set = new JsonObject { ["keys"] = new JsonArray(first, new JsonObject { ["kty"] = "EC", ["kid"] = "e", ["crv"] = "P-256", ["x"] = B64(e.Q.X!), ["y"] = B64(e.Q.Y!) }, new JsonObject { ["kty"] = "oct", ["kid"] = "s", ["k"] = "c2VjcmV0" }) };
        return JsonWebKeys.Read(Encoding.UTF8.GetBytes(set.ToJsonString()), "keys").Value;
    }

    private static string B64(byte[] bytes) => Base64Url.EncodeToString(bytes);

    private static JsonObject Claims() => new()
    {
        ["iss"] = Rules.Issuer, ["aud"] = "gateway", ["sub"] = "agent-7", ["exp"] = Now.AddMinutes(5).ToUnixTimeSeconds(), ["nbf"] = Now.ToUnixTimeSeconds(), ["iat"] = Now.ToUnixTimeSeconds(),
        ["roles"] = new JsonArray("reader", "admin"),
    };

    private string Make(JsonObject claims, string alg = "RS256", string? kid = "r", JsonObject? extra = null, Func<byte[], byte[]>? sign = null)
    {
        var header = new JsonObject { ["alg"] = alg };
        if (kid is not null) header["kid"] = kid;
        foreach (var (name, value) in extra ?? []) header[name] = value?.DeepClone();
        var input = $"{B64(Encoding.UTF8.GetBytes(header.ToJsonString()))}.{B64(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        sign ??= alg switch
        {
            "ES256" => data => ec.SignData(data, HashAlgorithmName.SHA256),
            "PS256" => data => rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pss),
            _ => data => rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        };
        return $"{input}.{B64(sign(Encoding.ASCII.GetBytes(input)))}";
    }

    private Outcome<Governance.Policies.Messages.MessageCaller> Verify(string token, TokenRules? rules = null, JsonWebKeys? keys = null) => TokenCheck.Verify(token, keys ?? Keys(), rules ?? Rules, Now);

    [Theory]
    [InlineData("RS256", "r")]
    [InlineData("ES256", "e")]
    [InlineData("RS256", null)]
    public void A_good_token_names_its_caller_with_the_roles_that_tokens_may_give(string alg, string? kid)
    {
        var caller = Verify(Make(Claims(), alg, kid)).Value;
        Assert.Equal(("agent-7", "jwt", false), (caller.Name, caller.AuthenticatedBy, caller.Human));
        Assert.Equal(["reader"], caller.Roles);
    }

    public static TheoryData<string> Attacks =>
    [
        "none", "none in capitals", "no signature", "hmac with the public key", "another algorithm than allowed", "the key's own algorithm ignored", "rsa key for es256", "another key", "key in the header",
        "kid of another key", "changed claims", "crit", "other type", "der signature", "zero signature", "expired", "not yet", "issued later", "no exp", "exp as text", "forever", "wrong issuer", "wrong audience",
        "no audience", "no subject", "subject with a line feed", "claims twice", "claims are a list", "whitespace", "padding", "four parts", "huge", "empty",
    ];

    [Theory]
    [MemberData(nameof(Attacks))]
    public void An_attack_is_not_taken(string attack)
    {
        Assert.True(Verify(Make(Claims())).Ok);
        var (token, rules, keys) = Attack(attack);
        Assert.Equal(ProblemCode.CallerNotAuthenticated, Verify(token, rules, keys).Problem!.Code);
    }

    private (string Token, TokenRules? Rules, JsonWebKeys? Keys) Attack(string attack)
    {
        var all = Rules with { Algorithms = TokenRules.AlgorithmsKnown };
        var good = Make(Claims());
        JsonObject With(string claim, JsonNode? value)
        {
            var claims = Claims();
            claims[claim] = value;
            return claims;
        }
        JsonObject Without(string claim)
        {
            var claims = Claims();
            claims.Remove(claim);
            return claims;
        }
        string Raw(string claims)
        {
            var input = $"{B64("""{"alg":"RS256","kid":"r"}"""u8.ToArray())}.{B64(Encoding.UTF8.GetBytes(claims))}";
            return $"{input}.{B64(rsa.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
        }
        return attack switch
        {
            "none" => (Make(Claims(), "none", sign: _ => [0]), all with { Algorithms = ["RS256", "none"] }, null),
            "none in capitals" => (Make(Claims(), "NONE", sign: _ => [0]), all, null),
            "no signature" => (good[..(good.LastIndexOf('.') + 1)], null, null),
            "hmac with the public key" => (Make(Claims(), "HS256", sign: d => HMACSHA256.HashData(Encoding.UTF8.GetBytes(rsa.ExportSubjectPublicKeyInfoPem()), d)), all with { Algorithms = [.. TokenRules.AlgorithmsKnown, "HS256"] }, null),
            "another algorithm than allowed" => (Make(Claims(), "PS256"), null, null),
            "the key's own algorithm ignored" => (Make(Claims(), "PS256"), all, Keys("RS256")),
            "rsa key for es256" => (Make(Claims(), "ES256", "r", sign: d => rsa.SignData(d, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)), all, null),
            "another key" => (Signed(), null, null),
            "key in the header" => (Make(Claims(), kid: null, extra: new() { ["jwk"] = new JsonObject { ["kty"] = "RSA" }, ["jku"] = "https://evil.example" }, sign: Stranger), null, null),
            "kid of another key" => (Make(Claims(), kid: "e"), null, null),
            "changed claims" => ($"{good.Split('.')[0]}.{B64(Encoding.UTF8.GetBytes(With("sub", "root").ToJsonString()))}.{good.Split('.')[2]}", null, null),
            "crit" => (Make(Claims(), extra: new() { ["crit"] = new JsonArray("exp") }), null, null),
            "other type" => (Make(Claims(), extra: new() { ["typ"] = "logout+jwt" }), null, null),
            "der signature" => (Make(Claims(), "ES256", "e", sign: d => ec.SignData(d, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)), null, null),
            "zero signature" => (Make(Claims(), "ES256", "e", sign: _ => new byte[64]), null, null),
            "expired" => (Make(With("exp", Now.AddSeconds(-61).ToUnixTimeSeconds())), null, null),
            "not yet" => (Make(With("nbf", Now.AddSeconds(61).ToUnixTimeSeconds())), null, null),
            "issued later" => (Make(With("iat", Now.AddSeconds(61).ToUnixTimeSeconds())), null, null),
            "no exp" => (Make(Without("exp")), null, null),
            "exp as text" => (Make(With("exp", "9999999999")), null, null),
            "forever" => (Make(With("exp", Now.AddYears(5).ToUnixTimeSeconds())), null, null),
            "wrong issuer" => (Make(With("iss", "https://issuer.example/")), null, null),
            "wrong audience" => (Make(With("aud", new JsonArray("other", "gateway2"))), null, null),
            "no audience" => (Make(Without("aud")), null, null),
            "no subject" => (Make(With("sub", 7)), null, null),
            "subject with a line feed" => (Make(With("sub", "agent\nroot")), null, null),
            "claims twice" => (Raw(Claims().ToJsonString()[..^1] + ",\"sub\":\"root\"}"), null, null),
            "claims are a list" => (Raw("[1]"), null, null),
            "whitespace" => (" " + good, null, null),
            "padding" => (good + "=", null, null),
            "four parts" => (good + ".x", null, null),
            "huge" => (good + new string('A', TokenCheck.TokenCharsMax), null, null),
            "empty" => ("", null, null),
            _ => throw new InvalidOperationException(attack),
        };

        string Signed() => Make(Claims(), sign: Stranger);
    }

    private static byte[] Stranger(byte[] data)
    {
        using var other = RSA.Create(2048);
        return other.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    [Fact]
    public void Within_the_skew_a_token_is_still_good_and_beyond_it_no_more()
    {
        var claims = Claims();
        claims["exp"] = Now.AddSeconds(-59).ToUnixTimeSeconds();
        claims["iat"] = Now.AddMinutes(-5).ToUnixTimeSeconds();
        Assert.True(Verify(Make(claims)).Ok);
    }

    [Theory]
    [InlineData("""{"keys":[]}""")]
    [InlineData("""{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}""")]
    [InlineData("""{"keys":[{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}""")]
    [InlineData("""{"keys":[{"kty":"RSA","n":"3n7YyhhGQ9k","e":"AQAB"}]}""")]
    [InlineData("""[]""")]
    [InlineData("""{"keys":[{"kty":"RSA","n":"!","e":"AQAB"}]}""")]
    public void A_set_without_a_fit_key_is_refused(string json) => Assert.NotNull(JsonWebKeys.Read(Encoding.UTF8.GetBytes(json), "keys").Problem);

    [Fact]
    public void Rules_that_would_take_anything_are_refused()
    {
        Assert.NotNull((Rules with { Issuer = "" }).Checked().Problem);
        Assert.NotNull((Rules with { Audience = "" }).Checked().Problem);
        Assert.NotNull((Rules with { Algorithms = ["none"] }).Checked().Problem);
        Assert.NotNull((Rules with { Algorithms = ["HS256"] }).Checked().Problem);
        Assert.NotNull((Rules with { ClockSkew = TimeSpan.FromHours(1) }).Checked().Problem);
        Assert.True(Rules.Checked().Ok);
    }
}
