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

    private static string Jwk(string algorithm)
    {
        static string Text(byte[]? bytes) => Base64Url.EncodeToString(bytes);
        if (algorithm[0] == 'E')
        {
            using var ec = ECDsa.Create(algorithm switch { "ES256" => ECCurve.NamedCurves.nistP256, "ES384" => ECCurve.NamedCurves.nistP384, _ => ECCurve.NamedCurves.nistP521 });
            var key = ec.ExportParameters(true);
            var curve = algorithm switch { "ES256" => "P-256", "ES384" => "P-384", _ => "P-521" };
            return $$"""{"kty":"EC","crv":"{{curve}}","x":"{{Text(key.Q.X)}}","y":"{{Text(key.Q.Y)}}","d":"{{Text(key.D)}}"}""";
        }

        using var rsa = RSA.Create(algorithm == "PS512" ? 2056 : 2048);
        var made = rsa.ExportParameters(true);
        return $$"""{"kty":"RSA","n":"{{Text(made.Modulus)}}","e":"{{Text(made.Exponent)}}","d":"{{Text(made.D)}}","p":"{{Text(made.P)}}","q":"{{Text(made.Q)}}","dp":"{{Text(made.DP)}}","dq":"{{Text(made.DQ)}}","qi":"{{Text(made.InverseQ)}}"}""";
    }

    [Theory]
    [InlineData("ES256")]
    [InlineData("ES384")]
    [InlineData("ES512")]
    [InlineData("PS256")]
    [InlineData("PS384")]
    [InlineData("PS512")]
    public void What_is_random_elsewhere_follows_from_key_message_and_seed(string algorithm)
    {
        var jwk = Jwk(algorithm);
        var key = TokenKey.OfJwk((ObjectValue)Value.FromJson(jwk))!;
        var (algorithms, message) = (TokenAlgorithm.Find(algorithm)!, "the same message"u8.ToArray());
        var once = algorithms.Sign(key, message, 7)!;
        Assert.Equal(once, algorithms.Sign(key, message, 7));
        Assert.NotEqual(once, algorithms.Sign(key, "another message"u8.ToArray(), 7));
        Assert.Equal(algorithm[0] == 'E', once.AsSpan().SequenceEqual(algorithms.Sign(key, message, 8)));
        Assert.True(algorithms.Verify(key, message, once));
        Assert.False(algorithms.Verify(key, "another message"u8.ToArray(), once));
    }

    [Theory] // RFC 6979, A.2.5 and A.2.6.
    [InlineData("ES256", "P-256", "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721", "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6", "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8")]
    [InlineData("ES384", "P-384", "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5", "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64DEF8F0EA9055866064A254515480BC13", "8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720",
        "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE4699EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8")]
    public void Signatures_on_curves_are_those_of_the_standard(string algorithm, string curve, string d, string x, string y, string signature)
    {
        static string Text(string hex) => Base64Url.EncodeToString(Convert.FromHexString(hex));
        var jwk = $$"""{"kty":"EC","crv":"{{curve}}","x":"{{Text(x)}}","y":"{{Text(y)}}","d":"{{Text(d)}}"}""";
        var made = TokenAlgorithm.Find(algorithm)!.Sign(TokenKey.OfJwk((ObjectValue)Value.FromJson(jwk))!, "sample"u8.ToArray(), 0)!;
        Assert.Equal(signature, Convert.ToHexString(made));
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
