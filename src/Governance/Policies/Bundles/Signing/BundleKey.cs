// A key that signs or verifies bundles, with the one algorithm that it is for (RFC 7518): what a signature says of itself chooses nothing.
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CabinCrew.Governance.Files;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Bundles.Signing;

public sealed class BundleKey
{
    public const string DefaultAlgorithm = "RS256";
    public const string DefaultId = "default";

    /// <summary>In the order in which messages name them.</summary>
    public static readonly IReadOnlyList<string> Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "HS256", "HS384", "HS512"];

    private const int FileBytesMax = 64 << 10;
    private const int SecretBytesMin = 16;
    private const int RsaBitsMin = 2048;

    private readonly byte[] material;

    private BundleKey(string id, string algorithm, byte[] material) => (Id, Algorithm, this.material) = (id, algorithm, material);

    public string Id { get; }

    public string Algorithm { get; }

    /// <summary>The key by its public part, for a digest of settings; of a secret, nothing but that there is one.</summary>
    public Digest Fingerprint => Algorithm.StartsWith("HS", StringComparison.Ordinal) ? Digest.Of("secret"u8) : Digest.Of(material);

    /// <summary>A PEM file (public or private key, or a certificate), or for HS* a file with the secret, which is used byte for byte, as OPA does.</summary>
    public static Outcome<BundleKey> Load(string path, string algorithm, string id = DefaultId) =>
        PlainFile.Read(path, FileBytesMax, ProblemCode.PolicyInvalid).Try(out var file, out var problem)
            ? Of(file.Bytes, algorithm, id, path)
            : problem with { Code = ProblemCode.PolicyInvalid, Remedy = "Name the file of the key." };

    /// <param name="shownAs">For messages.</param>
    public static Outcome<BundleKey> Of(byte[] material, string algorithm, string id, string shownAs)
    {
        if (!Algorithms.Contains(algorithm))
            return new Problem(ProblemCode.PolicyInvalid, $"There is no signing algorithm '{algorithm}'{NearMatch.Hint(algorithm, Algorithms)}") { Remedy = $"Use one of {string.Join(", ", Algorithms)}." };
        var key = new BundleKey(id, algorithm, material);
        return key.Fault() is { } fault ? new Problem(ProblemCode.PolicyInvalid, $"The key '{shownAs}' cannot be used with {algorithm}: {fault}.") { Where = shownAs, Remedy = "Give the key's PEM file and its own algorithm." } : key;
    }

    /// <summary>The signature of RFC 7515 over these bytes; the refusal says that the key has no private part.</summary>
    internal Outcome<byte[]> Sign(byte[] data)
    {
        try
        {
            if (Algorithm[0] == 'H') return Mac(material, data);
            if (Algorithm[0] == 'E')
            {
                using var ec = Ec();
                return ec.SignData(data, Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            }
            using var rsa = Rsa();
            return rsa.SignData(data, Hash, Padding);
        }
        catch (CryptographicException)
        {
            return new Problem(ProblemCode.PolicyInvalid, $"The key '{Id}' has no private part to sign with.") { Remedy = "Give the private key." };
        }
    }

    internal bool Verifies(byte[] data, byte[] signature)
    {
        try
        {
            // A secret's file often ends with a line feed that is none of it.
            if (Algorithm[0] == 'H')
                return CryptographicOperations.FixedTimeEquals(Mac(material, data), signature) | CryptographicOperations.FixedTimeEquals(Mac(WithoutLineEnd(material), data), signature);
            if (Algorithm[0] == 'E')
            {
                using var ec = Ec();
                return ec.VerifyData(data, signature, Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            }
            using var rsa = Rsa();
            return rsa.VerifyData(data, signature, Hash, Padding);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private HashAlgorithmName Hash => Algorithm[^3..] switch { "256" => HashAlgorithmName.SHA256, "384" => HashAlgorithmName.SHA384, _ => HashAlgorithmName.SHA512 };

    private RSASignaturePadding Padding => Algorithm[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;

    private string? Fault()
    {
        if (Algorithm[0] == 'H') return WithoutLineEnd(material).Length < SecretBytesMin ? $"a secret has at least {SecretBytesMin} bytes, or it can be guessed from one signature" : null;
        try
        {
            if (Algorithm[0] == 'E')
            {
                using var ec = Ec();
                var bits = Algorithm switch { "ES256" => 256, "ES384" => 384, _ => 521 };
                return ec.KeySize == bits ? null : $"its curve has {ec.KeySize} bits, not {bits}";
            }
            using var rsa = Rsa();
            return rsa.KeySize >= RsaBitsMin ? null : $"it has {rsa.KeySize} bits; at least {RsaBitsMin} are needed";
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return "it is no PEM file of such a key, or it is encrypted";
        }
    }

    private RSA Rsa()
    {
        if (Certificate() is { } certificate)
            using (certificate) return certificate.GetRSAPublicKey() ?? throw new CryptographicException();
        var rsa = RSA.Create();
        rsa.ImportFromPem(Encoding.UTF8.GetString(material));
        return rsa;
    }

    private ECDsa Ec()
    {
        if (Certificate() is { } certificate)
            using (certificate) return certificate.GetECDsaPublicKey() ?? throw new CryptographicException();
        var ec = ECDsa.Create();
        ec.ImportFromPem(Encoding.UTF8.GetString(material));
        return ec;
    }

    private X509Certificate2? Certificate()
    {
        var text = Encoding.UTF8.GetString(material);
        return text.Contains("-----BEGIN CERTIFICATE-----", StringComparison.Ordinal) ? X509Certificate2.CreateFromPem(text) : null;
    }

    private byte[] Mac(byte[] secret, byte[] data) => Algorithm switch
    {
        "HS256" => HMACSHA256.HashData(secret, data),
        "HS384" => HMACSHA384.HashData(secret, data),
        _ => HMACSHA512.HashData(secret, data),
    };

    private static byte[] WithoutLineEnd(byte[] bytes) => bytes is [.. var head, (byte)'\r', (byte)'\n'] ? head : bytes is [.. var rest, (byte)'\n'] ? rest : bytes;
}
