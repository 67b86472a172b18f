// TLS and client certificates of the endpoint, with real handshakes (MCP-08): who may connect, who a certificate stands for, and what of the files is used.
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CabinCrew.Protocol;

namespace CabinCrew.Server.Tests;

[Clause("MCP-08")]
public sealed class TlsTests : IDisposable
{
    private const string Hello = """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""";

    private readonly Authority root = Authority.Root();
    private readonly string directory = Directory.CreateTempSubdirectory("cc-tls-").FullName;

    public void Dispose()
    {
        root.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>A gateway with a certificate of <paramref name="issuer"/>; what stands behind it is at an address where nobody is.</summary>
    private async Task<StandingGateway> OpenAsync(string callers, bool asksClients = false, Authority? issuer = null, string? chain = null)
    {
        using var server = (issuer ?? root).Issue("gateway", Authority.ForServers);
        await File.WriteAllTextAsync(At("server.pem"), server.ExportCertificatePem() + "\n" + chain);
        await File.WriteAllTextAsync(At("server.key"), server.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        await File.WriteAllTextAsync(At("ca.pem"), root.Pem);
        var ca = asksClients ? $", client_ca: '{At("ca.pem")}'" : "";
        var tls = $", tls: {{ certificate: '{At("server.pem")}', key: '{At("server.key")}'{ca} }}";
        return await StandingGateway.OpenAsync($$"""
            servers: { far: { url: "http://127.0.0.1:9/mcp", private: true } }
            callers: { {{callers}} }
            listen: { address: "127.0.0.1:PORT"{{tls}} }
            """);
    }

    private string At(string name) => Path.Combine(directory, name);

    /// <summary>Believes in the root and in nothing else.</summary>
    private HttpClient Client(X509Certificate2? own = null, X509Certificate2? intermediate = null, bool http2 = false)
    {
        var options = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true },
        };
        options.CertificateChainPolicy.CustomTrustStore.Add(root.Certificate);
        if (own is not null) options.ClientCertificateContext = SslStreamCertificateContext.Create(own, intermediate is null ? null : [intermediate], offline: true);
        return new HttpClient(new SocketsHttpHandler { SslOptions = options }) { DefaultRequestVersion = http2 ? HttpVersion.Version20 : HttpVersion.Version11, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
    }

    /// <summary>The status of a first message. 503 and the like come from behind the door: the server is not there.</summary>
    private static async Task<HttpResponseMessage> KnockAsync(HttpClient client, Uri address, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new StringContent(Hello, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        if (key is not null) request.Headers.TryAddWithoutValidation("X-API-Key", key);
        request.Version = client.DefaultRequestVersion;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        return await client.SendAsync(request).WaitAsync(TimeSpan.FromSeconds(30));
    }

    private static async Task<string?> CallerAsync(StandingGateway gateway)
    {
        var judged = (await gateway.EventsAsync()).Last(e => e.GetProperty("event_type").GetString() == "message_judged");
        return judged.GetProperty("extensions").GetProperty("actor").GetString();
    }

    private static string Certified(string how) => $$"""certificates: [ { name: robot, kind: automation, roles: [ builder ], {{how}} } ]""";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_caller_with_a_key_is_served_over_tls(bool http2)
    {
        await using var gateway = await OpenAsync(StandingGateway.KeyCaller);
        Assert.Equal("https", gateway.Address.Scheme);
        using var client = Client(http2: http2);
        Assert.Equal(HttpStatusCode.OK, (await KnockAsync(client, gateway.Address, StandingGateway.Key)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await KnockAsync(client, gateway.Address)).StatusCode);
    }

    [Fact]
    public async Task Without_encryption_nobody_is_served_where_tls_is_configured()
    {
        await using var gateway = await OpenAsync(StandingGateway.KeyCaller);
        using var client = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => KnockAsync(client, new UriBuilder(gateway.Address) { Scheme = "http" }.Uri, StandingGateway.Key));
    }

    [Theory]
    [InlineData(SslProtocols.Tls12, true)]
    [InlineData(SslProtocols.Tls13, true)]
#pragma warning disable SYSLIB0039, CA5397 // That it is refused is the point.
    [InlineData(SslProtocols.Tls11, false)]
#pragma warning restore SYSLIB0039, CA5397
    public async Task Old_protocols_are_refused(SslProtocols protocol, bool served)
    {
        await using var gateway = await OpenAsync(StandingGateway.KeyCaller);
        using var client = new HttpClient(new SocketsHttpHandler { SslOptions = new() { EnabledSslProtocols = protocol, RemoteCertificateValidationCallback = (_, _, _, _) => true } });
        if (served) Assert.Equal(HttpStatusCode.OK, (await KnockAsync(client, gateway.Address, StandingGateway.Key)).StatusCode);
        else await Assert.ThrowsAsync<HttpRequestException>(() => KnockAsync(client, gateway.Address, StandingGateway.Key));
    }

    [Fact]
    public async Task The_intermediates_in_the_certificate_file_are_sent_along()
    {
        using var intermediate = root.Intermediate();
        await using var gateway = await OpenAsync(StandingGateway.KeyCaller, issuer: intermediate, chain: intermediate.Pem);
        using var client = Client();
        Assert.Equal(HttpStatusCode.OK, (await KnockAsync(client, gateway.Address, StandingGateway.Key)).StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_certificate_stands_for_whom_it_names(bool byHash)
    {
        using var certificate = root.Issue("build-7", Authority.ForClients);
        await using var gateway = await OpenAsync(Certified(byHash ? $"sha256: {certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant()}" : "subject: build-7"), asksClients: true);
        using var client = Client(certificate);
        Assert.Equal(HttpStatusCode.OK, (await KnockAsync(client, gateway.Address)).StatusCode);
        Assert.Equal("robot", await CallerAsync(gateway));
    }

    [Fact]
    public async Task A_client_certificate_by_an_intermediate_that_comes_with_it_is_taken()
    {
        using var intermediate = root.Intermediate();
        using var certificate = intermediate.Issue("build-7", Authority.ForClients);
        await using var gateway = await OpenAsync(Certified("subject: build-7"), asksClients: true);
        using var client = Client(certificate, intermediate.Certificate);
        Assert.Equal(HttpStatusCode.OK, (await KnockAsync(client, gateway.Address)).StatusCode);
    }

    [Fact]
    public async Task A_good_certificate_of_somebody_unknown_is_not_enough_and_none_needs_a_key()
    {
        using var certificate = root.Issue("somebody", Authority.ForClients);
        await using var gateway = await OpenAsync($"{Certified("subject: build-7")}, {StandingGateway.KeyCaller}", asksClients: true);
        using var stranger = Client(certificate);
        Assert.Equal(HttpStatusCode.Unauthorized, (await KnockAsync(stranger, gateway.Address)).StatusCode);
        using var nobody = Client();
        Assert.Equal(HttpStatusCode.Unauthorized, (await KnockAsync(nobody, gateway.Address)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await KnockAsync(nobody, gateway.Address, StandingGateway.Key)).StatusCode);
    }

    [Fact]
    public async Task A_key_and_a_certificate_of_two_callers_are_neither()
    {
        using var certificate = root.Issue("build-7", Authority.ForClients);
        await using var gateway = await OpenAsync($"{Certified("subject: build-7")}, {StandingGateway.KeyCaller}", asksClients: true);
        using var client = Client(certificate);
        Assert.Equal(HttpStatusCode.Unauthorized, (await KnockAsync(client, gateway.Address, StandingGateway.Key)).StatusCode);
    }

    public static TheoryData<string> Unfit => ["another root", "for servers", "expired", "self-signed", "an intermediate that nobody has"];

    [Theory, MemberData(nameof(Unfit))]
    public async Task A_certificate_that_the_authority_does_not_vouch_for_opens_nothing(string what)
    {
        using var other = Authority.Root();
        using var unseen = root.Intermediate();
        using var certificate = what switch
        {
            "another root" => other.Issue("build-7", Authority.ForClients),
            "for servers" => root.Issue("build-7", Authority.ForServers),
            "expired" => root.Issue("build-7", Authority.ForClients, TimeSpan.FromMinutes(-5)),
            "self-signed" => new X509Certificate2(Authority.Root("build-7").Certificate),
            _ => unseen.Issue("build-7", Authority.ForClients),
        };
        // By its hash, so that the name cannot be what it fails for.
        await using var gateway = await OpenAsync(Certified($"sha256: {certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant()}"), asksClients: true);
        using var client = Client(certificate);
        await Assert.ThrowsAsync<HttpRequestException>(() => KnockAsync(client, gateway.Address));
        Assert.DoesNotContain(await gateway.EventsAsync(), e => e.GetProperty("event_type").GetString() == "message_judged");
    }

    [Theory]
    [InlineData("server.pem", "no certificate")]
    [InlineData("server.key", "no key")]
    [InlineData("ca.pem", "")]
    public async Task Files_that_are_none_are_refused_by_name(string file, string content)
    {
        using var server = root.Issue("gateway", Authority.ForServers);
        await File.WriteAllTextAsync(At("server.pem"), server.ExportCertificatePem());
        await File.WriteAllTextAsync(At("server.key"), server.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        await File.WriteAllTextAsync(At("ca.pem"), root.Pem);
        await File.WriteAllTextAsync(At(file), content);
        var opened = await StandingGateway.TryOpenAsync($$"""
            servers: { far: { url: "http://127.0.0.1:9/mcp", private: true } }
            callers: { {{StandingGateway.KeyCaller}} }
            listen: { address: "127.0.0.1:PORT", tls: { certificate: '{{At("server.pem")}}', key: '{{At("server.key")}}', client_ca: '{{At("ca.pem")}}' } }
            """);
        Assert.Equal(ProblemCode.GatewayFileInvalid, opened.Problem?.Code);
    }

    [Theory]
    [InlineData("127.0.0.1", 8931, false, "127.0.0.1:8931 localhost:8931")]
    [InlineData("127.0.0.1", 443, true, "127.0.0.1:443 localhost:443 127.0.0.1 localhost")]
    [InlineData("10.0.0.1", 443, true, "10.0.0.1:443 10.0.0.1")]
    [InlineData("10.0.0.1", 80, true, "10.0.0.1:80")]
    [InlineData("::1", 80, false, "[::1]:80 localhost:80 [::1] localhost")]
    public void The_hosts_are_as_clients_write_them(string address, int port, bool tls, string hosts) =>
        Assert.Equal(hosts, string.Join(' ', GatewayListener.Hosts(new(address, port, [], [], tls ? new("c", "k", null) : null))));
}
