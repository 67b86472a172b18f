// A gateway's endpoint on Kestrel (MCP-01, MCP-08, LLM-01): bounded requests, TLS with or without client certificates. Everything about a protocol is its endpoint's.
using CabinCrew.Gateways.Firewall.Configuration;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using CabinCrew.Gateways.Mcp.Configuration;
using CabinCrew.Gateways.Http;
using CabinCrew.Gateways.Mcp.Endpoint;
using CabinCrew.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CabinCrew.Server;

public sealed class GatewayListener : IAsyncDisposable
{
    public const string McpPath = "/mcp", HealthPath = "/healthz";

    private readonly WebApplication app;

    private GatewayListener(WebApplication app, Uri address) => (this.app, Address) = (app, address);

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>What a Host header may say of this place.</summary>
    public static IReadOnlyList<string> Hosts(ListenDefinition listen)
    {
        if (listen.Hosts.Count > 0) return [.. listen.Hosts.Select(h => h.ToLowerInvariant())];
        var address = IPAddress.Parse(listen.Address);
        var written = address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{address}]" : $"{address}";
        string[] names = IPAddress.IsLoopback(address) ? [written, "localhost"] : [written];
        // Where the port is the scheme's own, clients leave it out.
        var isStandard = listen.Port == (listen.Tls is null ? 80 : 443);
        return [.. names.Select(n => $"{n}:{listen.Port}"), .. isStandard ? names : []];
    }

    public static async Task<Outcome<GatewayListener>> StartAsync(ListenDefinition listen, EndpointSettings settings, McpEndpoint endpoint, CancellationToken ct) =>
        await StartAsync(listen, McpPath, settings.Frames.BytesMax, (path, http) => path == McpPath ? endpoint.HandleAsync(http) : null, ct).ConfigureAwait(false);

    /// <param name="shown">The path that <see cref="Address"/> has.</param>
    /// <param name="handle">Answers a request at a path; null: there is nothing there.</param>
    public static async Task<Outcome<GatewayListener>> StartAsync(ListenDefinition listen, string shown, long bodyBytesMax, Func<string, IHttpExchange, Task?> handle, CancellationToken ct)
    {
        if (!Certificates(listen.Tls).Try(out var tls, out var problem)) return problem;
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(10));
        if (tls.Own is not null) builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = bodyBytesMax + 1;
            kestrel.Limits.MaxRequestHeadersTotalSize = 32 << 10;
            kestrel.Limits.MaxConcurrentConnections = 4096;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
            // Streams of answers may be quiet for long, and keep themselves alive.
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Parse(listen.Address), listen.Port, at =>
            {
                if (tls.Own is null) return;
                at.Protocols = HttpProtocols.Http1AndHttp2;
                at.UseHttps(https =>
                {
                    https.ServerCertificate = tls.Own;
                    https.ServerCertificateChain = tls.Intermediates;
                    if (tls.ClientRoots is null) return;
                    https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                    https.ClientCertificateValidation = (certificate, sent, _) => IsIssuedBy(certificate, tls.ClientRoots, sent);
                });
            });
        });
        var app = builder.Build();
        app.Run(context => context.Request.Path.Value switch
        {
            HealthPath => context.Response.WriteAsync("ok\n", context.RequestAborted),
            var path => handle(path ?? "", new KestrelExchange(context)) ?? NotFound(context),
        });
        try
        {
            await app.StartAsync(ct).ConfigureAwait(false);
            return new GatewayListener(app, new Uri($"{(tls.Own is null ? "http" : "https")}://{(listen.Address.Contains(':', StringComparison.Ordinal) ? $"[{listen.Address}]" : listen.Address)}:{listen.Port}{shown}"));
        }
        catch (IOException e)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            return new Problem(ProblemCode.IoFailed, $"the gateway cannot listen on {listen.Address}:{listen.Port}: {e.Message}") { Remedy = "Stop whatever listens there, or choose another address under `listen`." };
        }
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync().ConfigureAwait(false);
        await app.DisposeAsync().ConfigureAwait(false);
    }

    private static Task NotFound(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private sealed record Tls(X509Certificate2? Own, X509Certificate2Collection Intermediates, X509Certificate2Collection? ClientRoots);

    private static Outcome<Tls> Certificates(TlsDefinition? tls)
    {
        if (tls is null) return new Tls(null, [], null);
        try
        {
            X509Certificate2Collection? roots = null;
            if (tls.ClientCa is { } ca)
            {
                roots = [];
                roots.ImportFromPemFile(ca);
                if (roots.Count == 0) return Unusable(ca, "it holds no certificate");
            }
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(tls.Certificate);
            return new Tls(X509Certificate2.CreateFromPemFile(tls.Certificate, tls.Key), [.. chain.Skip(1)], roots);
        }
        catch (Exception e) when (e is System.Security.Cryptography.CryptographicException or IOException or UnauthorizedAccessException)
        {
            return Unusable(tls.Certificate, e.Message);
        }
    }

    private static Problem Unusable(string file, string why) => new(ProblemCode.GatewayFileInvalid, $"'tls' cannot be used: {why}") { Where = file };

    // By these roots and no other, and meant for clients: who else this machine trusts is of no account.
    private static bool IsIssuedBy(X509Certificate2 certificate, X509Certificate2Collection roots, X509Chain? sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots);
        // Intermediates that came with it help to build the chain, and are trusted for nothing.
        if (sent is not null) chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new("1.3.6.1.5.5.7.3.2"));
        return chain.Build(certificate);
    }
}
