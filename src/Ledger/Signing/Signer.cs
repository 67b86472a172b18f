// ECDSA P-256 signatures over SHA-256, DER, as `openssl dgst -sha256 -verify` reads them. Keys live in files of mode 0600.
using CabinCrew.Protocol;

namespace CabinCrew.Ledger.Signing;

public sealed partial class Signer : IDisposable
{
    /// <summary>Loads the key of a directory, or makes one there (private key PKCS#8 PEM 0600, public key PEM 0644), durably.</summary>
    public static Outcome<Signer> LoadOrCreate(string directory) => throw new NotImplementedException();

    /// <summary><c>p256:</c> and the first 16 hex digits of SHA-256 of the public key's SubjectPublicKeyInfo.</summary>
    public string KeyRef => throw new NotImplementedException();

    public string PublicKeyPem => throw new NotImplementedException();

    /// <summary>Base64 of the DER signature.</summary>
    public string Sign(ReadOnlySpan<byte> data) => throw new NotImplementedException();

    public static bool Verify(string publicKeyPem, ReadOnlySpan<byte> data, string signature) => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}
