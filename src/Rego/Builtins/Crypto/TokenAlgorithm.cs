// The JWS algorithms: how each checks and makes a signature with a key of its kind. A key of another kind never fits.
using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;

namespace CabinCrew.Rego.Builtins.Crypto;

internal sealed record TokenAlgorithm(string Name, HashAlgorithmName Hash)
{
    public static TokenAlgorithm? Find(string name) => name switch
    {
        "RS256" or "PS256" or "ES256" or "HS256" => new TokenAlgorithm(name, HashAlgorithmName.SHA256),
        "RS384" or "PS384" or "ES384" or "HS384" => new TokenAlgorithm(name, HashAlgorithmName.SHA384),
        "RS512" or "PS512" or "ES512" or "HS512" => new TokenAlgorithm(name, HashAlgorithmName.SHA512),
        "EdDSA" => new TokenAlgorithm(name, HashAlgorithmName.SHA512),
        _ => null,
    };

    public bool Verify(TokenKey key, byte[] message, byte[] signature)
    {
        try
        {
            return Name[..2] switch
            {
                "HS" => key.Secret is { } secret && CryptographicOperations.FixedTimeEquals(CryptographicOperations.HmacData(Hash, secret, message), signature),
                "Ed" => key.Ed25519 is { } point && Ed25519.Verify(point, message, signature),
                "ES" => key.Ec is { } ec && VerifyEc(ec, message, signature),
                _ => key.Rsa is { } rsa && VerifyRsa(rsa, message, signature),
            };
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Null where the key cannot sign with this algorithm. Nothing is drawn at random: the same key, message and seed give the same signature.</summary>
    /// <param name="seed">The evaluation's; what PS* salts are made of.</param>
    public byte[]? Sign(TokenKey key, byte[] message, ulong seed)
    {
        try
        {
            switch (Name[..2])
            {
                case "HS":
                    return key.Secret is { } secret ? CryptographicOperations.HmacData(Hash, secret, message) : null;
                case "Ed":
                    return key.Ed25519Seed is { Length: Ed25519.KeyBytes } own ? Ed25519.Sign(own, message) : null;
                case "ES":
                    if (key.Ec is not { D: not null } ec || ec.D.Length != FieldBytes) return null;
                    return DeterministicEcdsa.Sign(ec, Hash, message);
                default:
                    if (key.Rsa is not { D: not null } rsa) return null;
                    if (Name[0] == 'P') return SeededPss.Sign(rsa, Hash, message, seed);
                    using (var signer = RSA.Create(rsa)) return signer.SignData(message, Hash, Padding);
            }
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private RSASignaturePadding Padding => Name[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;

    private int FieldBytes => Name switch { "ES256" => 32, "ES384" => 48, _ => 66 };

    private bool VerifyRsa(RSAParameters key, byte[] message, byte[] signature)
    {
        using var rsa = RSA.Create(key);
        return rsa.VerifyData(message, signature, Hash, Padding);
    }

    // Any curve, as OPA takes it: the signature is two numbers of half its length.
    private bool VerifyEc(ECParameters key, byte[] message, byte[] signature)
    {
        var half = signature.Length / 2;
        if (half == 0) return false;
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(new BigInteger(signature.AsSpan(0, half), isUnsigned: true, isBigEndian: true));
            writer.WriteInteger(new BigInteger(signature.AsSpan(half), isUnsigned: true, isBigEndian: true));
        }

        using var ec = ECDsa.Create(key);
        return ec.VerifyData(message, writer.Encode(), Hash, DSASignatureFormat.Rfc3279DerSequence);
    }
}
