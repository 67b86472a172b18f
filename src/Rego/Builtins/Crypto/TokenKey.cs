// A key that checks or makes token signatures, out of PEM or a JSON Web Key. Held as parameters, not as framework objects:
// those are neither shared between threads nor kept.
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CabinCrew.Rego.Builtins.Encodings;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Crypto;

/// <summary>Exactly one of the four kinds is present; <paramref name="Ed25519Seed"/> only for signing.</summary>
internal sealed record TokenKey(RSAParameters? Rsa, ECParameters? Ec, byte[]? Ed25519, byte[]? Secret, byte[]? Ed25519Seed = null, string Algorithm = "", string KeyId = "")
{
    public static TokenKey OfSecret(string secret) => new(null, null, null, Encoding.UTF8.GetBytes(secret));

    /// <summary>The keys of a PEM certificate, a PEM public key, a JSON Web Key or a set of them; null, and OPA's message, where there are none.</summary>
    public static List<TokenKey>? Read(BuiltinContext context, string text, out string problem)
    {
        problem = "";
        if (PemBlocks.First(text) is { } block)
        {
            if (block.Rest.Length > 0) problem = "extra data after a PEM certificate block";
            else if (block.Type is not ("CERTIFICATE" or "PUBLIC KEY")) problem = "failed to extract a Key from the PEM certificate";
            if (problem.Length > 0) return null;
            try
            {
                return [block.Type == "CERTIFICATE" ? OfCertificate(block.Bytes) : OfPublicKey(block.Bytes)];
            }
            catch (CryptographicException refused)
            {
                problem = $"failed to parse a PEM {(block.Type == "CERTIFICATE" ? "certificate" : "public key")}: {refused.Message}";
                return null;
            }
        }

        if (JsonFunctions.TryRead(context, text, out problem) is not ObjectValue document)
        {
            problem = $"failed to parse a JWK key (set): {(problem.Length == 0 ? "not an object" : problem)}";
            return null;
        }

        var keys = new List<TokenKey>();
        ReadOnlySpan<Value> given = document.Get("keys") is ArrayValue set ? set.Items : [document];
        foreach (var item in given)
        {
            if (item is not ObjectValue map || OfJwk(map) is not { } key)
            {
                problem = "failed to parse a JWK key (set): invalid key";
                return null;
            }

            if (key.Algorithm.Length == 0 || TokenAlgorithm.Find(key.Algorithm) is not null) keys.Add(key);
        }

        return keys;
    }

    /// <summary>Null where the members do not make a key.</summary>
    public static TokenKey? OfJwk(ObjectValue jwk)
    {
        try
        {
            var (algorithm, id) = (Text(jwk, "alg"), Text(jwk, "kid"));
            return Text(jwk, "kty") switch
            {
                "oct" when Bytes(jwk, "k") is { } secret => new TokenKey(null, null, null, secret, null, algorithm, id),
                "RSA" when Bytes(jwk, "n") is { } n && Bytes(jwk, "e") is { } e => new TokenKey(RsaOf(jwk, n, e), null, null, null, null, algorithm, id),
                "EC" when EcOf(jwk) is { } ec => new TokenKey(null, ec, null, null, null, algorithm, id),
                "OKP" when Text(jwk, "crv") == "Ed25519" && Bytes(jwk, "x") is { Length: Crypto.Ed25519.KeyBytes } x => new TokenKey(null, null, x, null, Bytes(jwk, "d"), algorithm, id),
                _ => null,
            };
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static RSAParameters RsaOf(ObjectValue jwk, byte[] n, byte[] e)
    {
        var half = (n.Length + 1) / 2;
        var key = new RSAParameters { Modulus = n, Exponent = e };
        if (Bytes(jwk, "d") is not { } d || Bytes(jwk, "p") is not { } p || Bytes(jwk, "q") is not { } q) return key;
        if (Bytes(jwk, "dp") is not { } dp || Bytes(jwk, "dq") is not { } dq || Bytes(jwk, "qi") is not { } qi) return key;
        (key.D, key.P, key.Q) = (Fit(d, n.Length), Fit(p, half), Fit(q, half));
        (key.DP, key.DQ, key.InverseQ) = (Fit(dp, half), Fit(dq, half), Fit(qi, half));
        return key;
    }

    private static ECParameters? EcOf(ObjectValue jwk)
    {
        (ECCurve Curve, int Size)? named = Text(jwk, "crv") switch
        {
            "P-256" => (ECCurve.NamedCurves.nistP256, 32),
            "P-384" => (ECCurve.NamedCurves.nistP384, 48),
            "P-521" => (ECCurve.NamedCurves.nistP521, 66),
            _ => null,
        };
        if (named is not var (curve, size) || Bytes(jwk, "x") is not { } x || Bytes(jwk, "y") is not { } y) return null;
        return new ECParameters { Curve = curve, Q = new ECPoint { X = Fit(x, size), Y = Fit(y, size) }, D = Bytes(jwk, "d") is { } d ? Fit(d, size) : null };
    }

    private static TokenKey OfCertificate(byte[] der)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(der);
        return OfPublicKey(certificate.PublicKey.ExportSubjectPublicKeyInfo());
    }

    private static TokenKey OfPublicKey(byte[] der)
    {
        var key = PublicKey.CreateFromSubjectPublicKeyInfo(der, out _);
        if (key.Oid.Value == "1.3.101.112") return new TokenKey(null, null, key.EncodedKeyValue.RawData, null);
        using var rsa = key.GetRSAPublicKey();
        if (rsa is not null) return new TokenKey(rsa.ExportParameters(false), null, null, null);
        using var ec = key.GetECDsaPublicKey() ?? throw new CryptographicException("unknown public key algorithm");
        return new TokenKey(null, ec.ExportParameters(false), null, null);
    }

    private static string Text(ObjectValue jwk, string name) => (jwk.Get(name) as StringValue)?.Text ?? "";

    private static byte[]? Bytes(ObjectValue jwk, string name) => jwk.Get(name) is StringValue { Text: var text } ? TextCodes.Base64OfUrl(text, out _) : null;

    private static byte[] Fit(byte[] number, int size)
    {
        var significant = number.AsSpan().TrimStart((byte)0);
        if (significant.Length > size) throw new CryptographicException("number too large for the key");
        var fitted = new byte[size];
        significant.CopyTo(fitted.AsSpan(size - significant.Length));
        return fitted;
    }
}
