// Who is calling: each kind of proof, and what is none (MCP-08).
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CabinCrew.Gateways.Firewall.Callers;
using CabinCrew.Gateways.Tests.Gate;
using CabinCrew.Protocol;
using CabinCrew.Tests;

namespace CabinCrew.Gateways.Tests.Limits;

[Clause("MCP-08")]
public sealed class CallerDoorTests
{
    private const string Key = "key-of-the-build-agent-0001";
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private static CallerKeys Keys(DateTimeOffset? until = null) => CallerKeys.Of([new("build", SHA256.HashData(Encoding.UTF8.GetBytes(Key)), ["agents"], false, until)]).Value;

    private static X509Certificate2 Certificate(string subject, string? dns = null, string? uri = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (dns is not null) names.AddDnsName(dns);
        if (uri is not null) names.AddUri(new Uri(uri));
        if (dns is not null || uri is not null) request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(Now.AddDays(-1), Now.AddDays(1));
    }

    [Fact]
    public void A_key_is_its_callers_until_it_ends()
    {
        Assert.Equal(("build", "api_key"), (Keys().Authenticate(Key, Now).Value.Name, Keys().Authenticate(Key, Now).Value.AuthenticatedBy));
        foreach (var wrong in (string[])["", "short", Key + " ", Key[..^1] + "2", new string('x', 5000)])
            Assert.Equal(ProblemCode.CallerNotAuthenticated, Keys().Authenticate(wrong, Now).Problem!.Code);
        Assert.NotNull(Keys(Now).Authenticate(Key, Now).Problem);
        Assert.True(Keys(Now.AddTicks(1)).Authenticate(Key, Now).Ok);
    }

    [Fact]
    public void One_key_is_not_two_callers()
    {
        var hash = SHA256.HashData("k"u8);
        Assert.NotNull(CallerKeys.Of([new("a", hash, []), new("b", hash, [])]).Problem);
        Assert.NotNull(CallerKeys.Of([new("a", new byte[31], [])]).Problem);
    }

    [Fact]
    public void A_certificate_stands_for_whom_the_configuration_says_and_for_one_only()
    {
        using var certificate = Certificate("CN=agent-7, O=Example", "agent-7.example", "spiffe://example/agent-7");
        var thumbprint = SHA256.HashData(certificate.RawData);
        foreach (var rule in (CertificateRule[])[new("a", ["r"], Thumbprint: thumbprint), new("a", ["r"], Subject: "agent-7"), new("a", ["r"], Subject: "agent-7.example"), new("a", ["r"], Subject: "spiffe://example/agent-7")])
            Assert.Equal("certificate", CertificateCallers.Of([rule]).Value.Authenticate(certificate, Now).Value.AuthenticatedBy);
        foreach (var rule in (CertificateRule[])[new("a", [], Thumbprint: new byte[32]), new("a", [], Subject: "CN=agent-7"), new("a", [], Subject: "AGENT-7.example"), new("a", [], Subject: "Example")])
            Assert.Equal(ProblemCode.CallerNotAuthenticated, CertificateCallers.Of([rule]).Value.Authenticate(certificate, Now).Problem!.Code);
        var both = CertificateCallers.Of([new("a", [], Thumbprint: thumbprint), new("b", [], Subject: "agent-7.example")]).Value;
        Assert.NotNull(both.Authenticate(certificate, Now).Problem);
        using var twice = Certificate("CN=agent-7, CN=agent-8");
        Assert.NotNull(CertificateCallers.Of([new("a", [], Subject: "agent-7")]).Value.Authenticate(twice, Now).Problem);
        var one = CertificateCallers.Of([new("a", [], Thumbprint: thumbprint)]).Value;
        Assert.NotNull(one.Authenticate(certificate, Now.AddDays(2)).Problem);
        Assert.NotNull(one.Authenticate(certificate, Now.AddDays(-2)).Problem);
        Assert.NotNull(CertificateCallers.Of([new("a", [])]).Problem);
        Assert.NotNull(CertificateCallers.Of([new("a", [], Subject: "x", Thumbprint: thumbprint)]).Problem);
    }

    [Fact]
    public async Task Nobody_without_proof_and_nobody_with_two_that_contradict()
    {
        using var certificate = Certificate("CN=other");
        var door = new CallerDoor(Keys(), [], CertificateCallers.Of([new("other", [], Subject: "other")]).Value, new SetClock());
        Assert.Equal("build", (await door.AuthenticateAsync(new(Bearer: Key), default)).Value.Name);
        Assert.Equal("build", (await door.AuthenticateAsync(new(ApiKey: Key), default)).Value.Name);
        Assert.Equal("other", (await door.AuthenticateAsync(new(Certificate: certificate), default)).Value.Name);
        Assert.Equal(ProblemCode.CallerNotAuthenticated, (await door.AuthenticateAsync(new(), default)).Problem!.Code);
        Assert.NotNull((await door.AuthenticateAsync(new(ApiKey: Key, Certificate: certificate), default)).Problem);
        // A wrong proof beside a right one is not passed over.
        Assert.NotNull((await door.AuthenticateAsync(new(Bearer: "a.b.c", ApiKey: Key), default)).Problem);
        Assert.DoesNotContain(Key, new CallerProof(Key, Key).ToString());
    }

    [Fact]
    public async Task Keys_from_an_address_are_asked_for_again_for_an_unknown_id_but_not_for_every_token()
    {
        var clock = new SetClock();
        using var one = RSA.Create(2048);
        using var issuer = new Issuer { Body = Set("k1", one) };
        using var http = new HttpMessageInvoker(issuer);
        var keys = new KeySource("https://issuer.example/keys", http, clock);
        Assert.True((await keys.KeysAsync("k1", default)).Ok);
        for (var i = 0; i < 100; i++) await keys.KeysAsync($"made-up-{i}", default);
        Assert.Equal(1, issuer.Asked);
        issuer.Body = Set("k2", one);
        clock.Advance(KeySource.AskAgainAfter);
        Assert.Contains((await keys.KeysAsync("k2", default)).Value.Keys, k => k.Id == "k2");
        Assert.Equal(2, issuer.Asked);
        // An issuer that fails: the last keys serve, for a while.
        issuer.Body = null;
        clock.Advance(KeySource.FreshFor);
        Assert.True((await keys.KeysAsync("k2", default)).Ok);
        clock.Advance(KeySource.StaleMax);
        Assert.NotNull((await keys.KeysAsync("k2", default)).Problem);
    }

    [Theory]
    [InlineData("http://issuer.example/keys")]
    [InlineData("ftp://issuer.example/keys")]
    [InlineData("https://issuer.example/keys")]
    [InlineData("relative/no/such/file")]
    public async Task Keys_are_not_taken_from_where_anybody_could_put_them_nor_from_what_is_too_large(string where)
    {
        using var issuer = new Issuer { Body = new string(' ', JsonWebKeys.BytesMax + 1) };
        using var http = new HttpMessageInvoker(issuer);
        Assert.NotNull((await new KeySource(where, http, new SetClock()).KeysAsync(null, default)).Problem);
    }

    private static string Set(string id, RSA key)
    {
        var parameters = key.ExportParameters(false);
        return $$"""{"keys":[{"kty":"RSA","kid":"{{id}}","n":"{{System.Buffers.Text.Base64Url.EncodeToString(parameters.Modulus)}}","e":"AQAB"}]}""";
    }

    private sealed class Issuer : HttpMessageHandler
    {
        public string? Body { get; set; }
        public int Asked { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct)
        {
            Asked++;
            return Task.FromResult(Body is null ? new HttpResponseMessage(HttpStatusCode.InternalServerError) : new(HttpStatusCode.OK) { Content = new StringContent(Body) });
        }
    }
}
