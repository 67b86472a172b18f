// The proxy of a run without the run: it listens on the host's loopback, and tests speak to it byte by byte. Names lead where a test says.
using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Protocol;

namespace CabinCrew.Tests.Hangar;

internal sealed class ProxyLab : IDisposable
{
    public static readonly EngineMode[] Both = [EngineMode.FlightPlan, EngineMode.TakeOff];

    private readonly List<FarServer> servers = [];
    private NetworkProxy? proxy;
    private IPEndPoint? at;

    /// <summary>Issues the certificates of the far servers, and is all that the proxy trusts.</summary>
    public RunAuthority Trust { get; } = new(TimeProvider.System.GetUtcNow());
    public Redactor Redactor { get; } = new();
    public List<DeclaredHost> Hosts { get; } = [];
    public List<DeclaredAddress> Private { get; } = [];
    public ConcurrentDictionary<string, string[]> Names { get; } = new() { ["files.test"] = ["127.0.0.1"] };
    public ConcurrentQueue<string> Resolved { get; } = new();
    public NetworkLimits Limits { get; set; } = NetworkLimits.Default;
    public NetworkLog? Replay { get; set; }

    public NetworkGrant Grant => new(new(Hosts, Private), Redactor, TimeProvider.System)
    {
        Limits = Limits, Replay = Replay, World = new(ResolveAsync, [X509Certificate2.CreateFromPem(Trust.Pem)]),
    };

    /// <summary>A server that <paramref name="name"/> leads to, declared with its port.</summary>
    public FarServer Serve(Func<FarRequest, byte[]> answer, bool tls = false, string name = "files.test")
    {
        var server = new FarServer(answer, tls ? Trust : null, name);
        servers.Add(server);
        Hosts.Add(new(name, [server.Port], Both));
        Private.Add(new(new(IPAddress.Loopback, 32), server.Port));
        return server;
    }

    public NetworkProxy Start(EngineMode mode = EngineMode.FlightPlan)
    {
        proxy = new(Grant, mode);
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        at = (IPEndPoint)listener.LocalEndPoint!;
        proxy.Start(listener);
        return proxy;
    }

    public async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(at!);
        return socket;
    }

    /// <summary>Sends these bytes, and reads until the proxy hangs up.</summary>
    public async Task<string> SendAsync(string bytes)
    {
        using var socket = await ConnectAsync();
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.Latin1.GetBytes(bytes));
        socket.Shutdown(SocketShutdown.Send);
        return await ReadAsync(stream);
    }

    /// <summary>The same inside of a tunnel; the handshake names <paramref name="sni"/>.</summary>
    public async Task<string> SendSecureAsync(string connectTo, string sni, string bytes)
    {
        using var socket = await ConnectAsync();
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"CONNECT {connectTo} HTTP/1.1\r\nHost: {connectTo}\r\n\r\n"));
        var answer = new byte[39];
        await stream.ReadExactlyAsync(answer);
        Assert.Equal("HTTP/1.1 200 Connection established\r\n\r\n", Encoding.ASCII.GetString(answer));
        await using var tls = new SslStream(stream);
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(X509Certificate2.CreateFromPem(proxy!.Certificates.Pem));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = sni, CertificateChainPolicy = policy });
        await tls.WriteAsync(Encoding.Latin1.GetBytes(bytes));
        await tls.ShutdownAsync();
        return await ReadAsync(tls);
    }

    public NetworkLog Stop() => proxy!.Stop();

    private static async Task<string> ReadAsync(Stream stream)
    {
        var all = new MemoryStream();
        try
        {
            using var time = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            await stream.CopyToAsync(all, time.Token);
        }
        catch (IOException)
        {
            // Cut off: what came before is the answer.
        }
        return Encoding.Latin1.GetString(all.ToArray());
    }

    private Task<IPAddress[]> ResolveAsync(string name, CancellationToken ct)
    {
        Resolved.Enqueue(name);
        return Names.TryGetValue(name, out var addresses) ? Task.FromResult<IPAddress[]>([.. addresses.Select(IPAddress.Parse)]) : throw new SocketException((int)SocketError.HostNotFound);
    }

    public void Dispose()
    {
        proxy?.Stop();
        proxy?.Dispose();
        foreach (var server in servers) server.Dispose();
        Trust.Dispose();
    }
}
