// The far side: resolves a name itself, connects only to addresses that the rules permit, and checks the one it is really connected to, so that a name
// which changes its address between question and connection gains nothing. Answers are not followed, unpacked, cached or authenticated to.
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Network;

/// <summary>Carries a refusal out of the framework's callbacks.</summary>
internal sealed class NetworkRefusedException(Problem problem) : Exception(problem.Message)
{
    public Problem Problem => problem;

    /// <summary>The refusal inside of whatever the framework wrapped around it.</summary>
    public static Problem? In(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
            if (e is NetworkRefusedException refused) return refused.Problem;
        return null;
    }
}

internal sealed class Upstream : IDisposable
{
    private readonly NetworkRules rules;
    private readonly NetworkWorld world;
    private readonly NetworkLimits limits;
    private readonly HttpMessageInvoker client;

    public Upstream(NetworkRules rules, NetworkWorld world, NetworkLimits limits)
    {
        (this.rules, this.world, this.limits) = (rules, world, limits);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false, UseCookies = false, UseProxy = false, AutomaticDecompression = DecompressionMethods.None, Credentials = null, PreAuthenticate = false,
            ActivityHeadersPropagator = null, ConnectCallback = ConnectAsync, ConnectTimeout = Timeout.InfiniteTimeSpan, MaxConnectionsPerServer = 16, MaxResponseHeadersLength = 64,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2), MaxResponseDrainSize = 0, EnableMultipleHttp2Connections = false,
        };
        if (world.Roots is { } roots)
        {
            handler.SslOptions.CertificateChainPolicy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
        }
        client = new(handler);
    }

    /// <summary>The answer's head; its body is still to be read.</summary>
    public async Task<Outcome<HttpResponseMessage>> AskAsync(HttpRequestMessage request, CancellationToken ct)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(ct);
        time.CancelAfter(limits.Answer);
        try
        {
            return await client.SendAsync(request, time.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (NetworkRefusedException.In(e) is { } refused)
        {
            return refused;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return Failed(request, $"no answer within {limits.Answer.TotalSeconds:0} seconds");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or FormatException)
        {
            return Failed(request, (e.InnerException ?? e).Message);
        }
    }

    private static Problem Failed(HttpRequestMessage request, string why) => new(ProblemCode.NetworkUpstreamFailed, $"{request.RequestUri!.Authority} did not answer: {why.TrimEnd('.')}");

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var (host, port) = (context.DnsEndPoint.Host.Trim('[', ']'), context.DnsEndPoint.Port);
        var found = IPAddress.TryParse(host, out var literal) ? [literal] : await ResolveAsync(host, ct).ConfigureAwait(false);
        var permitted = found.Where(a => rules.PermitsAddress(a, port)).ToArray();
        if (permitted.Length == 0)
            throw new NetworkRefusedException(new(ProblemCode.NetworkAddressRefused, found.Length == 0
                ? $"{host} has no address"
                : $"{host} leads to {found[0]}, which is not a public address; name it under 'private' with its port ({port}) if the step may reach it"));

        using var time = CancellationTokenSource.CreateLinkedTokenSource(ct);
        time.CancelAfter(limits.Connect);
        Exception? last = null;
        foreach (var address in permitted)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, port), time.Token).ConfigureAwait(false);
                if (socket.RemoteEndPoint is not IPEndPoint there || there.Port != port || !rules.PermitsAddress(there.Address, port))
                    throw new NetworkRefusedException(new(ProblemCode.NetworkAddressRefused, $"the connection to {host} led to {socket.RemoteEndPoint}"));
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (Exception e)
            {
                socket.Dispose();
                if (e is not SocketException) throw;
                last = e;
            }
        }
        throw new NetworkRefusedException(new(ProblemCode.NetworkUpstreamFailed, $"{host}:{port} cannot be connected to: {last!.Message.TrimEnd('.')}"));
    }

    private async Task<IPAddress[]> ResolveAsync(string host, CancellationToken ct)
    {
        try
        {
            return await world.Resolve(host, ct).WaitAsync(limits.Resolve, ct).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or TimeoutException or ArgumentException)
        {
            throw new NetworkRefusedException(new(ProblemCode.NetworkUpstreamFailed, $"the name {host} cannot be resolved: {e.Message.TrimEnd('.')}"));
        }
    }

    public void Dispose() => client.Dispose();
}
