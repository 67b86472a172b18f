// Keys and signatures: private files, made once even by many, and read by openssl.
using System.Diagnostics;
using System.Security.Cryptography;
using CabinCrew.Ledger.Signing;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class SignerTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("cabincrew-keys-").FullName;

    private string PrivateKey => Path.Combine(directory, Signer.PrivateKeyFile);

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void A_key_is_made_once_private_and_found_again()
    {
        using var first = Signer.LoadOrCreate(directory).Value;
        using var second = Signer.LoadOrCreate(directory).Value;
        Assert.Equal(first.KeyRef, second.KeyRef);
        Assert.Matches("^p256:[0-9a-f]{16}$", first.KeyRef);
        Assert.Equal(first.KeyRef, Signer.RefOf(first.PublicKeyPem));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(PrivateKey));
        Assert.Equal(first.PublicKeyPem, File.ReadAllText(Path.Combine(directory, Signer.PublicKeyFile)));
        Assert.Equal(2, Directory.EnumerateFiles(directory).Count());
        Assert.True(Signer.Verify(first.PublicKeyPem, "data"u8, second.Sign("data"u8)));
        Assert.False(Signer.Verify(first.PublicKeyPem, "Data"u8, second.Sign("data"u8)));
    }

    [Fact, Clause("AUD-03")]
    public void A_signature_has_one_text_only()
    {
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        using var signer = Signer.LoadOrCreate(directory).Value;
        var signature = signer.Sign("data"u8);
        while (!signature.EndsWith('=')) signature = signer.Sign("data"u8);
        // Bits that no byte is made of.
        var last = signature.TrimEnd('=').Length - 1;
        var twin = signature[..last] + alphabet[alphabet.IndexOf(signature[last]) ^ 1] + signature[(last + 1)..];
        Assert.Equal(Convert.FromBase64String(signature), Convert.FromBase64String(twin));
        Assert.True(Signer.Verify(signer.PublicKeyPem, "data"u8, signature));
        Assert.False(Signer.Verify(signer.PublicKeyPem, "data"u8, twin));
        Assert.False(Signer.Verify(signer.PublicKeyPem, "data"u8, signature + "\n"));
    }

    [Theory, Clause("TOK-03")]
    [InlineData(true)]
    [InlineData(false)]
    public void A_signature_that_was_made_here_or_verified_before_is_known_for_its_own_data_only(bool remembered)
    {
        using var signer = Signer.LoadOrCreate(directory).Value;
        var (one, other) = (signer.Sign("one"u8, remembered), signer.Sign("other"u8, remembered));
        for (var i = 0; i < 3; i++)
        {
            Assert.True(signer.Made("one"u8, one));
            Assert.True(signer.Made("other"u8, other));
            Assert.False(signer.Made("one"u8, other));
            Assert.False(signer.Made("other"u8, one));
            Assert.False(signer.Made("one"u8, one + "\n"));
            Assert.False(signer.Made("two"u8, one));
        }
        // More than are kept: what is forgotten is verified anew.
        for (var i = 0; i < 5_000; i++) signer.Sign("more"u8, willBeAsked: true);
        Assert.True(signer.Made("one"u8, one));
        Assert.False(signer.Made("one"u8, other));
    }

    [Fact]
    public void Many_at_once_agree_on_one_key()
    {
        var refs = new string[16];
        Parallel.For(0, refs.Length, new ParallelOptions { MaxDegreeOfParallelism = refs.Length }, i =>
        {
            using var signer = Signer.LoadOrCreate(directory).Value;
            refs[i] = signer.KeyRef;
        });
        Assert.Single(refs.Distinct());
        Assert.Equal(2, Directory.EnumerateFiles(directory).Count());
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_key_that_others_may_touch_is_refused(UnixFileMode extra)
    {
        Signer.LoadOrCreate(directory).Value.Dispose();
        File.SetUnixFileMode(PrivateKey, UnixFileMode.UserRead | UnixFileMode.UserWrite | extra);
        var refused = Signer.LoadOrCreate(directory).Problem!;
        Assert.Equal(ProblemCode.StoreUnavailable, refused.Code);
        Assert.Contains("chmod 600", refused.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")]
    [InlineData("p384")]
    [InlineData("public")]
    public void A_file_that_is_no_signing_key_is_refused_and_left_alone(string content)
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var text = content switch { "p384" => other.ExportPkcs8PrivateKeyPem(), "public" => p256.ExportSubjectPublicKeyInfoPem(), _ => content };
        File.WriteAllText(PrivateKey, text);
        File.SetUnixFileMode(PrivateKey, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Equal(ProblemCode.StoreUnavailable, Signer.LoadOrCreate(directory).Problem?.Code);
        Assert.Equal(text, File.ReadAllText(PrivateKey));
    }

    [Theory]
    [InlineData("")]
    [InlineData("not base64!")]
    [InlineData("AAAA")]
    [InlineData("MEUCIQDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void A_signature_that_cannot_be_read_is_simply_wrong(string signature)
    {
        using var signer = Signer.LoadOrCreate(directory).Value;
        Assert.False(Signer.Verify(signer.PublicKeyPem, "data"u8, signature));
        Assert.False(Signer.Verify("no key", "data"u8, signer.Sign("data"u8)));
    }

    [Fact]
    public void Openssl_reads_keys_and_signatures()
    {
        using var signer = Signer.LoadOrCreate(directory).Value;
        File.WriteAllBytes(Path.Combine(directory, "data"), [1, 2, 3]);
        File.WriteAllBytes(Path.Combine(directory, "data.sig"), Convert.FromBase64String(signer.Sign([1, 2, 3])));
        using var openssl = Process.Start(new ProcessStartInfo("openssl", ["dgst", "-sha256", "-verify", Signer.PublicKeyFile, "-signature", "data.sig", "data"])
        {
            WorkingDirectory = directory, RedirectStandardOutput = true,
        })!;
        Assert.Equal("Verified OK\n", openssl.StandardOutput.ReadToEnd());
        openssl.WaitForExit();
        Assert.Equal(0, openssl.ExitCode);
    }
}
