// Signatures as OPA makes and checks them: tokens and hashes made here by openssl and jq, not by us; everything that is not exactly what was signed is refused.
using System.Security.Cryptography;
using System.Text;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Governance.Policies.Bundles.Signing;
using CabinCrew.Protocol;
using Xunit;
using static CabinCrew.Tests.Spec.BundleLab;

namespace CabinCrew.Tests.Spec;

[Clause("PRE-07")]
public sealed class BundleSignatureTests : IDisposable
{
    private readonly TempTree tree = new();

    public void Dispose() => tree.Dispose();

    private const string SignByHand = """
        cd bundle
        b64() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
        structural() { jq -cSj . "$1" | sha256sum | cut -d' ' -f1; }
        files=$(printf '{"name":"data.json","hash":"%s","algorithm":"SHA-256"},{"name":".manifest","hash":"%s","algorithm":"SHA-256"},{"name":"x/p.rego","hash":"%s","algorithm":"SHA-512"}' \
          "$(structural data.json)" "$(structural .manifest)" "$(sha512sum < x/p.rego | cut -d' ' -f1)")
        head=$(printf '{"typ":"JWT","alg":"%s","kid":"k1"}' $ALG | b64)
        body=$(printf '{"files":[%s],"scope":"write","iat":1}' "$files" | b64)
        printf '{"signatures":["%s.%s.%s"]}' "$head" "$body" "$(printf '%s.%s' "$head" "$body" | sign | b64)" > .signatures.json
        """;

    // What jq writes as Go does: neither half a line separator nor a trailing zero.
    private const string ByJq = """{ "b": [1.5, "<é\u0001\n😀>"], "a": { "z": null, "y": true } }""";

    private void Plain(string data = ByJq) => tree.File("bundle/data.json", data).File("bundle/.manifest", """{"roots": ["a","b","cabincrew"], "revision": "r1"}""").File("bundle/x/p.rego", Policy);

    private Outcome<PolicyBundle> Load(string key, string algorithm, string? keyId = "k1", string scope = "write") =>
        PolicyBundle.Load(tree["bundle"], "bundle", new(new([BundleKey.Load(tree[key], algorithm, "k1").Value], keyId, scope)));

    [Theory]
    [InlineData("RS256", "openssl dgst -sha256 -sign ../key.pem -binary")]
    [InlineData("RS384", "openssl dgst -sha384 -sign ../key.pem -binary")]
    [InlineData("RS512", "openssl dgst -sha512 -sign ../key.pem -binary")]
    [InlineData("PS256", "openssl dgst -sha256 -sign ../key.pem -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -binary")]
    [InlineData("PS512", "openssl dgst -sha512 -sign ../key.pem -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -binary")]
    public void A_token_made_by_openssl_with_an_rsa_key_is_verified(string algorithm, string sign)
    {
        Plain();
        tree.Bash($"openssl genrsa -out key.pem 2048 2>&1; openssl rsa -in key.pem -pubout -out pub.pem 2>&1; openssl rsa -in key.pem -RSAPublicKey_out -out pub1.pem 2>&1; openssl req -x509 -key key.pem -subj /CN=x -out cert.pem\nALG={algorithm}; sign() {{ {sign}; }}\n{SignByHand}");
        foreach (var key in (string[])["pub.pem", "pub1.pem", "key.pem", "cert.pem"])
        {
            var loaded = Load(key, algorithm);
            Assert.True(loaded.Ok, loaded.Problem?.ToString());
            Assert.Equal(new("k1", algorithm, "write", 3), loaded.Value.Signature);
        }
        foreach (var other in BundleKey.Algorithms.Where(a => a[0] is 'R' or 'P' && a != algorithm)) Assert.Contains("is for " + other, Refused(Load("pub.pem", other)));
    }

    [Theory]
    [InlineData("HS256", "sha256")]
    [InlineData("HS384", "sha384")]
    [InlineData("HS512", "sha512")]
    public void A_token_made_by_openssl_with_a_secret_is_verified(string algorithm, string hash)
    {
        Plain();
        tree.File("secret", "a secret of some length\n").File("other", "another secret of length");
        tree.Bash($"ALG={algorithm}; sign() {{ openssl dgst -{hash} -hmac 'a secret of some length' -binary; }}\n{SignByHand}");
        Assert.True(Load("secret", algorithm).Ok);
        Assert.Contains("not by the key", Refused(Load("other", algorithm)));
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("PS384")]
    [InlineData("ES256")]
    [InlineData("ES384")]
    [InlineData("ES512")]
    [InlineData("HS512")]
    public void What_is_signed_here_is_verified_and_the_private_key_is_needed_only_to_sign(string algorithm)
    {
        Plain();
        var (secret, open) = Keys(algorithm);
        var signing = BundleKey.Of(secret, algorithm, "k1", "key").Value;
        var built = BundleBuild.FromDirectory(tree["bundle"], "bundle", new(Key: signing, KeyId: "k1", Scope: "write")).Value;
        var trusted = new BundleOptions(new([BundleKey.Of(open, algorithm, "k1", "pub").Value], Scope: "write"));
        Assert.Equal(("k1", 3), (Good(built.Archive.ToArray(), trusted).Signature!.KeyId, built.Signature!.Files));
        Assert.Equal(PolicyBundle.Load(tree["bundle"], "b").Value.Digest, built.Digest);
        if (algorithm[0] != 'H') Assert.False(BundleBuild.Sign(built, BundleKey.Of(open, algorithm, "k1", "pub").Value, null, "").Ok);
    }

    private static (byte[] Private, byte[] Public) Keys(string algorithm)
    {
        if (algorithm[0] == 'H') return (new byte[40], new byte[40]);
        if (algorithm[0] == 'E')
        {
            using var ec = ECDsa.Create(algorithm switch { "ES256" => ECCurve.NamedCurves.nistP256, "ES384" => ECCurve.NamedCurves.nistP384, _ => ECCurve.NamedCurves.nistP521 });
            return (Encoding.ASCII.GetBytes(ec.ExportECPrivateKeyPem()), Encoding.ASCII.GetBytes(ec.ExportSubjectPublicKeyInfoPem()));
        }
        using var rsa = RSA.Create(2048);
        return (Encoding.ASCII.GetBytes(rsa.ExportPkcs8PrivateKeyPem()), Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem()));
    }

    [Fact]
    public void Whatever_changes_after_signing_is_found_but_how_json_is_laid_out()
    {
        Plain("""{ "b": [1.50, "<é\u2028\u0001\n😀>"], "a": { "z": null, "y": true } }""");
        var key = BundleKey.Of(new byte[40], "HS256", "k1", "key").Value;
        tree.File("bundle/.signatures.json", BundleBuild.Sign(PolicyBundle.Load(tree["bundle"], "b").Value, key, "k1", "").Value);
        Outcome<PolicyBundle> Try(params string[] exclude) => PolicyBundle.Load(tree["bundle"], "bundle", new(new([key], Exclude: exclude)));
        Assert.True(Try().Ok);
        tree.File("bundle/data.json", "{\"a\":{\"y\":true,\"z\":null},\n\"b\":[1.50,\"<\\u00e9\\u2028\\u0001\\n\\ud83d\\ude00>\"]}");
        Assert.True(Try().Ok, Try().Problem?.ToString());
        foreach (var (path, text, why) in new[]
        {
            ("data.json", """{"a":{"y":true,"z":null},"b":[1.5,"<é\u2028\u0001\n😀>"]}""", "not the one that was signed"), ("data.json", "{}", "not the one that was signed"), ("x/p.rego", Policy + " ", "not the one that was signed"),
            (".manifest", """{"revision":"r2","roots":["a","b","cabincrew"]}""", "not the one that was signed"), ("y/q.rego", "package cabincrew.q", "is not signed"), ("a/w/data.yaml", "x: 1\n", "is not signed"), ("config/x", "y", "is not signed"),
        })
        {
            var before = File.Exists(tree[$"bundle/{path}"]) ? File.ReadAllText(tree[$"bundle/{path}"]) : null;
            tree.File($"bundle/{path}", text);
            Assert.Contains(why, Refused(Try()));
            Assert.True(Try(path).Ok || path == ".manifest", "an excluded file needs no signature");
            File.Delete(tree[$"bundle/{path}"]);
            if (before is null) continue;
            Assert.Contains("was signed and is not there", Refused(Try()));
            tree.File($"bundle/{path}", before);
        }
        Assert.True(Try().Ok);
    }

    [Fact]
    public void Only_a_key_that_is_trusted_and_only_for_its_own_purpose()
    {
        var archive = Archive(("p.rego", Policy));
        var (one, two) = (BundleKey.Of(new byte[40], "HS256", "one", "k").Value, BundleKey.Of([.. Enumerable.Repeat((byte)7, 40)], "HS256", "two", "k").Value);
        byte[] Signed(BundleKey key, string? id, string scope) => BundleBuild.WithSignatures(Good(archive), BundleBuild.Sign(Good(archive), key, id, scope).Value);
        Assert.Equal("two", Good(Signed(two, "two", ""), new(new([one, two]))).Signature!.KeyId);
        Assert.Contains("none of those that are trusted", Refused(BundleLab.Load(Signed(two, "three", ""), new(new([one, two])))));
        Assert.Contains("none of those that are trusted", Refused(BundleLab.Load(Signed(two, null, ""), new(new([one, two])))));
        Assert.Contains("not by the key", Refused(BundleLab.Load(Signed(two, "one", ""), new(new([one, two])))));
        Assert.Contains("not by the key", Refused(BundleLab.Load(Signed(two, "two", ""), new(new([one, two], "one")))));
        Assert.Contains("scope 'write'", Refused(BundleLab.Load(Signed(one, "one", "write"), new(new([one])))));
        Assert.Contains("scope ''", Refused(BundleLab.Load(Signed(one, "one", ""), new(new([one], Scope: "write")))));
        Assert.Contains("not signed", Refused(BundleLab.Load(archive, new(new([one])))));
        Assert.Contains("no key says", Refused(BundleLab.Load(Signed(one, "one", ""))));
        Assert.Null(Good(Signed(one, "one", ""), new(IgnoreSignature: true)).Signature);
    }

    [Theory]
    [InlineData("""{"alg":"none"}""", null, "says 'none'")]
    [InlineData("""{"alg":"HS512"}""", null, "says 'HS512'")]
    [InlineData("""{}""", null, "says ''")]
    [InlineData("""{"alg":"HS256","crit":["b64"],"b64":false}""", null, "crit")]
    [InlineData("""{"alg":"HS256"}""", """{"files":{}}""", "lists no files")]
    [InlineData("""{"alg":"HS256"}""", """{}""", "lists no files")]
    [InlineData("""{"alg":"HS256"}""", """{"files":[{"name":"p.rego","hash":"00"}]}""", "lacks name, hash or algorithm")]
    [InlineData("""{"alg":"HS256"}""", """{"files":[{"name":"p.rego","hash":"00","algorithm":"MD5"}]}""", "are trusted")]
    [InlineData("""{"alg":"HS256"}""", """{"files":[{"name":"p.rego","hash":"00","algorithm":"SHA-256"},{"name":"p.rego","hash":"00","algorithm":"SHA-256"}]}""", "listed twice")]
    [InlineData("""{"alg":"HS256"}""", """{"files":[],"files":[]}""", "no signed JWT")]
    [InlineData("""not json""", null, "no signed JWT")]
    public void A_token_that_says_something_else_is_refused_also_with_a_right_signature(string header, string? claims, string why)
    {
        var key = new byte[40];
        static string Encode(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
        var signed = $"{Encode(Encoding.UTF8.GetBytes(header))}.{Encode(Encoding.UTF8.GetBytes(claims ?? """{"files":[]}"""))}";
        var token = $"{signed}.{Encode(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(signed)))}";
        Assert.Contains(why, Refused(Try($$"""{"signatures":["{{token}}"]}""")));
        foreach (var shape in (string[])[$$"""{"signatures":[]}""", $$"""{"signatures":["{{token}}","{{token}}"]}""", """{"signatures":["a.b"]}""", """{"signatures":"x"}""", "[]", $$"""{"signatures":["{{token}}="]}""", $$"""{"signatures":["{{token}}"],"plugin":"mine"}""", "{"])
            Refused(Try(shape));

        Outcome<PolicyBundle> Try(string signatures) => BundleLab.Load(Archive(("p.rego", Policy), (".signatures.json", signatures)), new(new([BundleKey.Of(key, "HS256", "k", "k").Value])));
    }

    [Fact]
    public void A_weak_or_foreign_key_is_refused()
    {
        using var small = RSA.Create(1024);
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        (byte[] Key, string Algorithm, string Why)[] cases =
        [
            (Encoding.ASCII.GetBytes(small.ExportSubjectPublicKeyInfoPem()), "RS256", "1024 bits"), (Encoding.ASCII.GetBytes(curve.ExportSubjectPublicKeyInfoPem()), "ES256", "384 bits"),
            (Encoding.ASCII.GetBytes(curve.ExportSubjectPublicKeyInfoPem()), "RS256", "no PEM file"), ("secret"u8.ToArray(), "HS256", "at least 16"), ("x"u8.ToArray(), "RS256", "no PEM file"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"u8.ToArray(), "RS256", "no PEM file"), ([], "none", "no signing algorithm"),
        ];
        foreach (var (key, algorithm, why) in cases) Assert.Contains(why, BundleKey.Of(key, algorithm, "k", "key.pem").Problem!.Message);
    }
}
