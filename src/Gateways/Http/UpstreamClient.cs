// The gateways' own HTTP client: one address, no redirect, no cookie, no proxy, no decompression; and no private address unless the configuration says so,
// looked at after the name is resolved and before anything is sent, so that a name that changes its mind leads nowhere else.
using System.Net;
using System.Net.Sockets;
using CabinCrew.Governance.Network;

namespace CabinCrew.Gateways.Http;

public static class UpstreamClient
{
    private const int HeaderKiBMax = 64;
    private static readonly TimeSpan ConnectTimeMax = TimeSpan.FromSeconds(15);

    /// <param name="privateAddress">The host may be at a private address, this machine's own included.</param>
    public static HttpMessageInvoker Create(bool privateAddress) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, UseProxy = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.None, PreAuthenticate = false, Credentials = null,
        MaxResponseHeadersLength = HeaderKiBMax, ConnectTimeout = ConnectTimeMax, ActivityHeadersPropagator = null, PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        EnableMultipleHttp2Connections = true,
        ConnectCallback = async (context, ct) => await ConnectAsync(context.DnsEndPoint, privateAddress, ct).ConfigureAwait(false),
    }, disposeHandler: true);

    private static async Task<Stream> ConnectAsync(DnsEndPoint to, bool privateAddress, CancellationToken ct)
    {
        var addresses = IPAddress.TryParse(to.Host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(to.Host, ct).ConfigureAwait(false);
        var allowed = privateAddress ? addresses : [.. addresses.Where(PublicAddress.Is)];
        if (allowed.Length == 0)
            throw new HttpRequestException(HttpRequestError.ConnectionError, addresses.Length == 0
                ? $"the name {to.Host} has no address"
                : $"{to.Host} is at a private address, which the configuration does not allow for this server (private: true)");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, to.Port, ct).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
