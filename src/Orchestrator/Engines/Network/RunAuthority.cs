// A certificate authority that lives as long as one run, in memory: its engine trusts it, nobody else does, and its keys are never written anywhere.
using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CabinCrew.Orchestrator.Engines.Network;

internal sealed class RunAuthority : IDisposable
{
    private const int CommonNameCharsMax = 64;
    private static readonly TimeSpan Before = TimeSpan.FromHours(1), After = TimeSpan.FromDays(8);

    private readonly ECDsa authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256), serverKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 authority;
    private readonly ConcurrentDictionary<string, Lazy<SslStreamCertificateContext>> servers = new(StringComparer.Ordinal);
    private readonly DateTimeOffset from, until;

    public RunAuthority(DateTimeOffset now)
    {
        (from, until) = (now - Before, now + After);
        var request = new CertificateRequest("CN=CabinCrew run", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        authority = request.CreateSelfSigned(from, until);
        Pem = authority.ExportCertificatePem() + "\n";
    }

    /// <summary>The certificate alone, for the engine's trust.</summary>
    public string Pem { get; }

    public SslStreamCertificateContext For(Authority server) => servers.GetOrAdd(server.Host, host => new(() => Make(host, server.Address))).Value;

    private SslStreamCertificateContext Make(string host, IPAddress? address)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName(host.Length <= CommonNameCharsMax ? host : "cabincrew");
        var request = new CertificateRequest(name.Build(), serverKey, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (address is not null) names.AddIpAddress(address);
        else names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        using var signed = request.Create(authority, from, until, RandomNumberGenerator.GetBytes(16));
        return SslStreamCertificateContext.Create(signed.CopyWithPrivateKey(serverKey), null, offline: true);
    }

    public void Dispose()
    {
        foreach (var server in servers.Values)
            if (server.IsValueCreated) server.Value.TargetCertificate.Dispose();
        authority.Dispose();
        authorityKey.Dispose();
        serverKey.Dispose();
    }
}
