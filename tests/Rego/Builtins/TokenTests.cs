// Tokens signed by the framework are accepted, by us are accepted by the framework, and with a flipped bit by nobody.
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using CabinCrew.Rego.Builtins.Crypto;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Tests.Builtins;

public class TokenTests
{
    private const string Secret = "a secret that is long enough";

    public static TheoryData<string> Algorithms => ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "HS256", "HS384", "HS512"];

    private static HashAlgorithmName Hash(string algorithm) => new("SHA" + algorithm[2..]);

    // A signed token, and the key to check it with.
    private static (string Token, string Key) Make(string algorithm, string claims)
    {
        var signed = Base64Url.EncodeToString(Encoding.UTF8.GetBytes($$"""{"alg":"{{algorithm}}"}""")) + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims));
        var bytes = Encoding.UTF8.GetBytes(signed);
        byte[] signature;
        var key = Secret;
        switch (algorithm[0])
        {
            case 'H':
                signature = CryptographicOperations.HmacData(Hash(algorithm), Encoding.UTF8.GetBytes(Secret), bytes);
                break;
            case 'E':
                using (var ec = ECDsa.Create(algorithm switch { "ES256" => ECCurve.NamedCurves.nistP256, "ES384" => ECCurve.NamedCurves.nistP384, _ => ECCurve.NamedCurves.nistP521 }))
                {
                    signature = ec.SignData(bytes, Hash(algorithm));
                    key = ec.ExportSubjectPublicKeyInfoPem();
                }

                break;
            default:
                using (var rsa = RSA.Create(2048))
                {
                    signature = rsa.SignData(bytes, Hash(algorithm), algorithm[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);
                    key = rsa.ExportSubjectPublicKeyInfoPem();
                }

                break;
        }

        return (signed + "." + Base64Url.EncodeToString(signature), key);
    }

    private static Value Verify(string algorithm, string token, string key) => Calls.Run($"io.jwt.verify_{algorithm.ToLowerInvariant()}", Value.From(token), Value.From(key));

    private static Value DecodeVerify(string token, params (string, Value)[] constraints) =>
        Calls.Run("io.jwt.decode_verify", Value.From(token), ObjectValue.Of([.. constraints.Select(c => ((Value)new StringValue(c.Item1), c.Item2))]));

    [Theory, MemberData(nameof(Algorithms))]
    public void A_good_signature_holds_and_a_flipped_bit_does_not(string algorithm)
    {
        var (token, key) = Make(algorithm, """{"sub":"a"}""");
        Assert.Same(BooleanValue.True, Verify(algorithm, token, key));
        var dot = token.IndexOf('.', StringComparison.Ordinal) + 2;
        Assert.Same(BooleanValue.False, Verify(algorithm, token[..dot] + (token[dot] == 'A' ? 'B' : 'A') + token[(dot + 1)..], key));
        var (_, other) = Make(algorithm, "{}");
        if (algorithm[0] != 'H') Assert.Same(BooleanValue.False, Verify(algorithm, token, other));
        var answer = (ArrayValue)DecodeVerify(token, (algorithm[0] == 'H' ? "secret" : "cert", Value.From(key)));
        Assert.Same(BooleanValue.True, answer[0]);
        Assert.Equal("""{"sub": "a"}""", answer[2].ToString());
    }

    [Fact]
    public void A_key_of_another_kind_never_fits()
    {
        var (token, _) = Make("HS256", "{}");
        using var rsa = RSA.Create(2048);
        // The public key's text as the secret: what a confused verifier would take.
        Assert.Same(BooleanValue.False, Verify("RS256", token, rsa.ExportSubjectPublicKeyInfoPem()));
        Assert.Same(BooleanValue.False, ((ArrayValue)DecodeVerify(token, ("cert", Value.From(rsa.ExportSubjectPublicKeyInfoPem()))))[0]);
    }

    [Theory]
    [InlineData("""{"exp": 1700000001}""", true)]
    [InlineData("""{"exp": 1700000000}""", false)]
    [InlineData("""{"nbf": 1700000000}""", true)]
    [InlineData("""{"nbf": 1700000000.5}""", false)]
    [InlineData("""{"iss": "me"}""", true)]
    [InlineData("""{"aud": "you"}""", false)]
    public void Times_and_audience_must_hold(string claims, bool valid)
    {
        var (token, _) = Make("HS256", claims);
        Assert.Equal(Value.From(valid), ((ArrayValue)DecodeVerify(token, ("secret", Value.From(Secret))))[0]);
    }

    [Fact]
    public void Issuer_audience_algorithm_and_time_are_as_demanded()
    {
        var (token, _) = Make("HS256", """{"iss": "me", "aud": ["you", "them"], "exp": 100}""");
        (string, Value) secret = ("secret", Value.From(Secret)), time = ("time", Value.From(99_000_000_000)), audience = ("aud", Value.From("them"));
        Assert.Same(BooleanValue.True, ((ArrayValue)DecodeVerify(token, secret, time, audience, ("iss", Value.From("me")), ("alg", Value.From("HS256"))))[0]);
        Assert.Same(BooleanValue.False, ((ArrayValue)DecodeVerify(token, secret, time, audience, ("iss", Value.From("it"))))[0]);
        Assert.Same(BooleanValue.False, ((ArrayValue)DecodeVerify(token, secret, time, audience, ("alg", Value.From("HS512"))))[0]);
        Assert.Same(BooleanValue.False, ((ArrayValue)DecodeVerify(token, secret, audience))[0]);
    }

    [Fact]
    public void What_is_signed_here_with_a_web_key_verifies_with_its_public_half()
    {
        using var rsa = RSA.Create(2048);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        foreach (var (pem, algorithm, publicKey) in new[]
        {
            (rsa.ExportRSAPrivateKeyPem(), "RS256", rsa.ExportSubjectPublicKeyInfoPem()), (rsa.ExportPkcs8PrivateKeyPem(), "PS384", rsa.ExportSubjectPublicKeyInfoPem()),
            (ec.ExportECPrivateKeyPem(), "ES256", ec.ExportSubjectPublicKeyInfoPem()), (ec.ExportPkcs8PrivateKeyPem(), "ES256", ec.ExportSubjectPublicKeyInfoPem()),
        })
        {
            var jwk = Calls.Run("crypto.x509.parse_rsa_private_key", Value.From(pem));
            var token = (StringValue)Calls.Run("io.jwt.encode_sign", ObjectValue.Of((Value.From("alg"), Value.From(algorithm))), ObjectValue.Empty, jwk);
            Assert.Same(BooleanValue.True, Verify(algorithm, token.Text, publicKey));
            Assert.Equal(1, Calls.Run("crypto.parse_private_keys", Value.From(pem)).Count);
        }
    }

    // RFC 8032, section 7.1, tests 2 and 3.
    [Theory]
    [InlineData("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")]
    [InlineData("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")]
    public void Ed25519_agrees_with_the_standard(string seed, string key, string message, string signature)
    {
        byte[] bytes = Convert.FromHexString(message), signed = Convert.FromHexString(signature), point = Convert.FromHexString(key);
        Assert.Equal(signed, Ed25519.Sign(Convert.FromHexString(seed), bytes));
        Assert.True(Ed25519.Verify(point, bytes, signed));
        signed[3] ^= 1;
        Assert.False(Ed25519.Verify(point, bytes, signed));
        Assert.False(Ed25519.Verify(point, [.. bytes, 0], Convert.FromHexString(signature)));
    }
}
