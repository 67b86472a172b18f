// A certificate authority for tests: roots, intermediates and leaves, made anew in each run, as PEM files and for clients.
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CabinCrew.Server.Tests;

internal sealed class Authority : IDisposable
{
    public const string ForServers = "1.3.6.1.5.5.7.3.1", ForClients = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2 own;

    private Authority(X509Certificate2 own) => this.own = own;

    public X509Certificate2 Certificate => own;

    public string Pem => own.ExportCertificatePem();

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public static Authority Root(string name = "root")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request(name, key, isAuthority: true);
        return new(request.CreateSelfSigned(Now.AddDays(-30), Now.AddDays(30)));
    }

    public Authority Intermediate(string name = "intermediate")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var signed = Sign(Request(name, key, isAuthority: true), Now.AddDays(-20), Now.AddDays(20));
        return new(signed.CopyWithPrivateKey(key));
    }

    public X509Certificate2 Issue(string name, string purpose, TimeSpan? until = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request(name, key, isAuthority: false);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], critical: false));
        if (purpose == ForServers)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            names.AddDnsName("localhost");
            request.CertificateExtensions.Add(names.Build());
        }
        using var signed = Sign(request, Now.AddDays(-10), Now + (until ?? TimeSpan.FromDays(10)));
        return signed.CopyWithPrivateKey(key);
    }

    public void Dispose() => own.Dispose();

    private X509Certificate2 Sign(CertificateRequest request, DateTimeOffset from, DateTimeOffset until) => request.Create(own, from, until, RandomNumberGenerator.GetBytes(16));

    private static CertificateRequest Request(string name, ECDsa key, bool isAuthority)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(isAuthority ? X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign : X509KeyUsageFlags.DigitalSignature, critical: true));
        return request;
    }
}
