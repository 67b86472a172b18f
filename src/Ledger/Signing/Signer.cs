// ECDSA P-256 signatures over SHA-256, DER, as `openssl dgst -sha256 -verify` reads them. Keys live in files of mode 0600.
using System.Security.Cryptography;
using System.Text;
using CabinCrew.Protocol;

namespace CabinCrew.Ledger.Signing;

public sealed class Signer : IDisposable
{
    public const string PrivateKeyFile = "signing-key.pem";
    public const string PublicKeyFile = "signing-key.pub.pem";

    private const int KeyFileBytesMax = 16 * 1024;
    private const int KnownMax = 4_096;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Everyone = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Others = (UnixFileMode)0b000_111_111;

    private readonly ECDsa key;
    private readonly Lock gate = new();

    // Signatures of ours, and the hash of what each is over: whether a key made a signature never changes, and is dear to find out.
    private readonly Dictionary<string, Digest> known = new(StringComparer.Ordinal);

    private Signer(ECDsa key)
    {
        this.key = key;
        PublicKeyPem = key.ExportSubjectPublicKeyInfoPem() + "\n";
        KeyRef = RefOf(key);
    }

    /// <summary>Loads the key of a directory, or makes one there (private key PKCS#8 PEM 0600, public key PEM 0644), durably.</summary>
    public static Outcome<Signer> LoadOrCreate(string directory)
    {
        var path = Path.Combine(directory, PrivateKeyFile);
        try
        {
            Posix.MakeDirectory(directory, OwnerOnly | UnixFileMode.UserExecute);
            if (!File.Exists(path)) Create(directory, path);
            return Load(directory, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.IoFailed, $"the signing key cannot be read or made: {e.Message}") { Where = path };
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return Unusable(path, "it is not an ECDSA P-256 private key in PKCS#8 PEM form");
        }
    }

    /// <summary><c>p256:</c> and the first 16 hex digits of SHA-256 of the public key's SubjectPublicKeyInfo.</summary>
    public string KeyRef { get; }

    public string PublicKeyPem { get; }

    /// <summary>Base64 of the DER signature.</summary>
    /// <param name="willBeAsked">It will be held against <see cref="Made"/> in this process.</param>
    public string Sign(ReadOnlySpan<byte> data, bool willBeAsked = false)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(data, hash);
        lock (gate)
        {
            var signature = Convert.ToBase64String(key.SignHash(hash, DSASignatureFormat.Rfc3279DerSequence));
            if (willBeAsked) Remember(signature, Digest.FromHash(hash));
            return signature;
        }
    }

    /// <summary>Whether this key made the signature.</summary>
    public bool Made(ReadOnlySpan<byte> data, string signature)
    {
        var digest = Digest.Of(data);
        lock (gate)
        {
            if (known.TryGetValue(signature, out var over) && over == digest) return true;
            if (!VerifyWith(key, data, signature)) return false;
            Remember(signature, digest);
            return true;
        }
    }

    private void Remember(string signature, Digest over)
    {
        if (known.Count >= KnownMax) known.Clear();
        known[signature] = over;
    }

    /// <summary>False for a wrong signature, and for a key or signature that cannot be read.</summary>
    public static bool Verify(string publicKeyPem, ReadOnlySpan<byte> data, string signature)
    {
        using var key = ReadPublicKey(publicKeyPem);
        return key is not null && VerifyWith(key, data, signature);
    }

    /// <summary>The reference of a public key as signatures name it, or null when the text is no P-256 public key.</summary>
    public static string? RefOf(string publicKeyPem)
    {
        using var key = ReadPublicKey(publicKeyPem);
        return key is null ? null : RefOf(key);
    }

    public void Dispose() => key.Dispose();

    internal static ECDsa? ReadPublicKey(string pem)
    {
        var key = ECDsa.Create();
        try
        {
            // Only a public key: a private one given here by mistake must not be read on.
            if (!pem.Contains("-----BEGIN PUBLIC KEY-----", StringComparison.Ordinal) || pem.Contains("PRIVATE", StringComparison.Ordinal)) throw new CryptographicException();
            key.ImportFromPem(pem);
            if (IsP256(key)) return key;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
        }
        key.Dispose();
        return null;
    }

    internal static bool VerifyWith(ECDsa key, ReadOnlySpan<byte> data, string signature)
    {
        Span<byte> der = stackalloc byte[80];
        // One text for one signature: base64 may leave bits unused, and a reader that ignores them lets an edit pass.
        return Convert.TryFromBase64String(signature, der, out var count) && Convert.ToBase64String(der[..count]) == signature
            && key.VerifyData(data, der[..count], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    private static Outcome<Signer> Load(string directory, string path)
    {
        if (new FileInfo(path) is { LinkTarget: not null }) return Unusable(path, "it is a symbolic link");
        if ((File.GetUnixFileMode(path) & Others) != 0)
            return Unusable(path, "other users may read or change it") with { Remedy = $"Make a new key if it may have leaked; else: chmod 600 '{path}'." };
        if (new FileInfo(path).Length > KeyFileBytesMax) return Unusable(path, "it is too large to be a key");
        var key = ECDsa.Create();
        var signer = default(Signer);
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
            if (!IsP256(key)) return Unusable(path, "its curve is not P-256");
            _ = key.SignHash(new byte[SHA256.HashSizeInBytes]);
            signer = new Signer(key);
        }
        finally
        {
            if (signer is null) key.Dispose();
        }
        var publicPath = Path.Combine(directory, PublicKeyFile);
        if (!File.Exists(publicPath) || File.ReadAllText(publicPath) != signer.PublicKeyPem) Replace(publicPath, signer.PublicKeyPem);
        return signer;
    }

    private static void Create(string directory, string path)
    {
        using var fresh = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var temporary = Temporary(path);
        try
        {
            WriteDurably(temporary, fresh.ExportPkcs8PrivateKeyPem() + "\n", OwnerOnly);
            // Two processes may get here at once: the first to publish wins, the other one loads the winner's key.
            Failpoint.Reach("key lost");
            Posix.PublishNew(temporary, path);
            Failpoint.Reach("key kept");
        }
        finally
        {
            File.Delete(temporary);
        }
        Posix.FlushDirectory(directory);
    }

    private static void Replace(string path, string text)
    {
        var temporary = Temporary(path);
        WriteDurably(temporary, text, Everyone);
        File.Move(temporary, path, overwrite: true);
        Posix.FlushDirectory(Path.GetDirectoryName(path)!);
    }

    private static string Temporary(string path) => $"{path}.{RandomNumberGenerator.GetHexString(12, lowercase: true)}.tmp";

    private static void WriteDurably(string path, string text, UnixFileMode mode)
    {
        using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode });
        file.Write(Encoding.ASCII.GetBytes(text));
        file.Flush();
        Posix.Flush(file.SafeFileHandle);
    }

    private static bool IsP256(ECDsa key) => key.ExportParameters(includePrivateParameters: false).Curve.Oid is { } oid
        && (oid.Value == "1.2.840.10045.3.1.7" || oid.FriendlyName is "nistP256" or "ECDSA_P256");

    private static string RefOf(ECDsa key) => "p256:" + Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..16];

    private static Problem Unusable(string path, string why) =>
        new(ProblemCode.StoreUnavailable, $"the signing key cannot be used: {why}") { Where = path, Remedy = "Restore the key from a backup. Without it no audit event can be written." };
}
