// Certificates made here are read as Go reads them, and a chain holds only up to its own root, in its time, for its names.
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Tests.Builtins;

public class CertificateTests
{
    private static readonly DateTimeOffset from = DateTimeOffset.FromUnixTimeSeconds(1_690_000_000);
    private static readonly DateTimeOffset to = DateTimeOffset.FromUnixTimeSeconds(1_710_000_000);

    private sealed record Chain(string Root, string Leaf, string LeafKey, string Request);

    private static Chain Make()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rootRequest = new CertificateRequest("CN=Root, O=Crew", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var root = rootRequest.CreateSelfSigned(from, to);
        using var leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=leaf.example, C=CH, O=Crew, OU=Cabin", leafKey, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("leaf.example");
        names.AddIpAddress(IPAddress.Parse("10.0.0.1"));
        names.AddEmailAddress("a@b.example");
        names.AddUri(new Uri("spiffe://example/leaf"));
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using var leaf = request.Create(root, from, to, [0x0A, 0xFF]);
        return new Chain(root.ExportCertificatePem() + "\n", leaf.ExportCertificatePem() + "\n", leafKey.ExportPkcs8PrivateKeyPem(), request.CreateSigningRequestPem());
    }

    private static Value Verify(string pem, params (string, Value)[] options) => ((ArrayValue)Calls.Run("crypto.x509.parse_and_verify_certificates_with_options",
        Value.From(pem), ObjectValue.Of([.. options.Select(o => ((Value)new StringValue(o.Item1), o.Item2))])))[0];

    [Fact]
    public void A_certificate_shows_names_numbers_and_times()
    {
        var leaf = (ObjectValue)((ArrayValue)Calls.Run("crypto.x509.parse_certificates", Value.From(Make().Leaf)))[0];
        Assert.Equal("leaf.example", ((StringValue)leaf.Get("Subject")!.Get(Value.From("CommonName"))!).Text);
        Assert.Equal("""["Crew"]""", leaf.Get("Subject")!.Get(Value.From("Organization"))!.ToString());
        Assert.Equal("Root", ((StringValue)leaf.Get("Issuer")!.Get(Value.From("CommonName"))!).Text);
        Assert.Equal("""["leaf.example"]""", leaf.Get("DNSNames")!.ToString());
        Assert.Equal("""["10.0.0.1"]""", leaf.Get("IPAddresses")!.ToString());
        Assert.Equal("""["a@b.example"]""", leaf.Get("EmailAddresses")!.ToString());
        Assert.Equal("""["spiffe://example/leaf"]""", leaf.Get("URIStrings")!.ToString());
        Assert.Equal(Value.From(0x0AFF), leaf.Get("SerialNumber"));
        Assert.Equal(Value.From(5), leaf.Get("KeyUsage"));
        Assert.Equal("[1]", leaf.Get("ExtKeyUsage")!.ToString());
        Assert.Same(BooleanValue.False, leaf.Get("IsCA"));
        Assert.Equal(Value.From("2023-07-22T04:26:40Z"), leaf.Get("NotBefore"));
        Assert.Equal(Value.From(3), leaf.Get("PublicKeyAlgorithm"));
    }

    [Fact]
    public void A_chain_holds_for_its_root_its_time_and_its_names()
    {
        Chain chain = Make(), other = Make();
        Assert.Same(BooleanValue.True, Verify(chain.Root + chain.Leaf));
        Assert.Same(BooleanValue.True, Verify(chain.Root + chain.Leaf, ("DNSName", Value.From("leaf.example"))));
        Assert.Same(BooleanValue.False, Verify(chain.Root + chain.Leaf, ("DNSName", Value.From("evil.example"))));
        Assert.Same(BooleanValue.False, Verify(chain.Root + chain.Leaf, ("CurrentTime", Value.From(1_720_000_000_000_000_000))));
        Assert.Same(BooleanValue.False, Verify(chain.Root + chain.Leaf, ("KeyUsages", ArrayValue.Of(Value.From("KeyUsageCodeSigning")))));
        Assert.Same(BooleanValue.True, Verify(chain.Root + chain.Leaf, ("KeyUsages", ArrayValue.Of(Value.From("KeyUsageAny")))));
        Assert.Same(BooleanValue.False, Verify(other.Root + chain.Leaf));
        Assert.Same(BooleanValue.False, Verify(chain.Leaf));
        var verified = (ArrayValue)Calls.Run("crypto.x509.parse_and_verify_certificates", Value.From(chain.Root + chain.Leaf));
        Assert.Equal(2, verified[1].Count);
    }

    [Fact]
    public void A_request_shows_what_is_asked_for() =>
        Assert.Equal("leaf.example", ((StringValue)Calls.Run("crypto.x509.parse_certificate_request", Value.From(Make().Request)).Get(Value.From("Subject"))!.Get(Value.From("CommonName"))!).Text);

    [Fact]
    public void A_pair_is_only_a_pair_with_its_own_key()
    {
        Chain chain = Make(), other = Make();
        Assert.Equal(1, ((ObjectValue)Calls.Run("crypto.x509.parse_keypair", Value.From(chain.Leaf), Value.From(chain.LeafKey))).Get("Certificate")!.Count);
        var context = new TestContext();
        Assert.Null(Rego.Builtins.BuiltinTable.Find("crypto.x509.parse_keypair")!.Function(context, [Value.From(chain.Leaf), Value.From(other.LeafKey)]));
        Assert.Equal("tls: private key does not match public key", context.ErrorMessage);
    }
}
