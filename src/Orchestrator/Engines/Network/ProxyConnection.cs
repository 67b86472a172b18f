// One connection of an engine to the proxy: absolute-form requests over plain HTTP, or a CONNECT tunnel whose TLS ends here, so that method, path and
// headers are seen. What is judged is what is sent: each request is read whole, judged, and written anew.
using System.Net.Security;
using System.Security.Authentication;
using System.Text;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Network;

internal sealed class ProxyConnection(NetworkProxy proxy, Stream client)
{
    public async Task RunAsync(CancellationToken ct)
    {
        var reader = new HttpReader(client, proxy.Grant.Limits);
        while (true)
        {
            var (head, problem) = await reader.HeadAsync(ct).ConfigureAwait(false);
            if (problem is not null)
            {
                await RefuseAsync(client, "", "?", problem, ct).ConfigureAwait(false);
                return;
            }
            if (head is null) return;
            if (head.Method == "CONNECT")
            {
                await TunnelAsync(head, reader, ct).ConfigureAwait(false);
                return;
            }
            if (!await RequestAsync(client, reader, head, null, ct).ConfigureAwait(false)) return;
        }
    }

    private async Task TunnelAsync(HttpHead head, HttpReader reader, CancellationToken ct)
    {
        if (!Destination(head, reader).Try(out var to, out var problem))
        {
            await RefuseAsync(client, head.Method, head.Target, problem, ct).ConfigureAwait(false);
            return;
        }
        await client.WriteAsync("HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray(), ct).ConfigureAwait(false);
        await using var tls = new SslStream(client, leaveInnerStreamOpen: true);
        if (await SecureAsync(tls, to, ct).ConfigureAwait(false) is { } failed)
        {
            Record(head.Method, to.ToString(), 0, failed);
            return;
        }
        var inside = new HttpReader(tls, proxy.Grant.Limits);
        while (true)
        {
            (var request, problem) = await inside.HeadAsync(ct).ConfigureAwait(false);
            if (problem is not null)
            {
                await RefuseAsync(tls, "", $"https://{to.Text("https")}/", problem, ct).ConfigureAwait(false);
                return;
            }
            if (request is not null && await RequestAsync(tls, inside, request, to, ct).ConfigureAwait(false)) continue;
            await tls.ShutdownAsync().ConfigureAwait(false);
            return;
        }
    }

    private Outcome<Authority> Destination(HttpHead head, HttpReader reader)
    {
        if (Authority.Parse(head.Target, 0) is not { } to) return HttpHead.Malformed("CONNECT names no host and port");
        if (reader.HasMore) return HttpHead.Malformed("bytes follow CONNECT before it was answered");
        if (!head.Body().Try(out var body, out var problem)) return problem;
        if (body.HasBody) return HttpHead.Malformed("CONNECT has a body");
        if (HostOf(head, to, to.Port) is { } mismatch) return mismatch;
        return proxy.Grant.Rules.Permits(proxy.Mode, to) ? to : Undeclared(to);
    }

    /// <summary>Ends the engine's TLS with a certificate for the host that CONNECT named. Null: done.</summary>
    private async Task<Problem?> SecureAsync(SslStream tls, Authority to, CancellationToken ct)
    {
        Problem? mismatch = null;
        using var time = CancellationTokenSource.CreateLinkedTokenSource(ct);
        time.CancelAfter(proxy.Grant.Limits.Handshake);
        try
        {
            await tls.AuthenticateAsServerAsync((_, hello, _, _) =>
            {
                if (hello.ServerName.Length > 0 && (to.Address is not null || !hello.ServerName.Equals(to.Host, StringComparison.OrdinalIgnoreCase)))
                {
                    mismatch = new(ProblemCode.NetworkHostMismatch, $"the TLS handshake names {Clip(hello.ServerName)}, but CONNECT named {to.Host}");
                    throw new AuthenticationException("refused");
                }
                return ValueTask.FromResult(new SslServerAuthenticationOptions
                {
                    ServerCertificateContext = proxy.Certificates.For(to), ApplicationProtocols = [SslApplicationProtocol.Http11],
                    EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13, AllowRenegotiation = false,
                });
            }, null, time.Token).ConfigureAwait(false);
            return null;
        }
        catch (Exception e) when (e is AuthenticationException or IOException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            return mismatch ?? new(ProblemCode.NetworkTlsFailed, $"what followed CONNECT was no TLS handshake that trusts this run's certificate: {(e.InnerException ?? e).Message.TrimEnd('.')}");
        }
    }

    /// <param name="tunnel">Where CONNECT led; null for a request in absolute form.</param>
    /// <returns>Whether the connection may carry another.</returns>
    private async Task<bool> RequestAsync(Stream stream, HttpReader reader, HttpHead head, Authority? tunnel, CancellationToken ct)
    {
        var url = tunnel is null ? head.Target : $"https://{tunnel.Text("https")}{(head.Target[0] == '/' ? head.Target : "/")}";
        if (!Judge(head, tunnel).Try(out var request, out var problem))
        {
            await RefuseAsync(stream, head.Method, url, problem, ct).ConfigureAwait(false);
            return false;
        }
        var held = 0L;
        try
        {
            ReadOnlyMemory<byte> body = default;
            if (request.Body.HasBody)
            {
                if (head.Values("Expect").Any(e => e.Equals("100-continue", StringComparison.OrdinalIgnoreCase)))
                    await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), ct).ConfigureAwait(false);
                var read = await reader.BodyAsync(request.Body, n => { held += n; return proxy.Recorder.Hold(n) && proxy.Recorder.Count(n); }, ct).ConfigureAwait(false);
                if (!read.Try(out body, out problem) || (problem = proxy.Rules.JudgeBody(head, body.Span)) is not null)
                {
                    await RefuseAsync(stream, head.Method, url, problem, ct).ConfigureAwait(false);
                    return false;
                }
            }
            if (proxy.Recorder.Begin() is { } place)
                return await new ProxyExchange(proxy, stream, head, request.Url, place).RunAsync(body, ct).ConfigureAwait(false);
            await RefuseAsync(stream, head.Method, url, new(ProblemCode.LimitNetwork, $"the run has made more than {proxy.Grant.Limits.Exchanges} requests"), ct).ConfigureAwait(false);
            return false;
        }
        finally
        {
            proxy.Recorder.LetGo(held);
        }
    }

    private Outcome<(string Url, Framing Body)> Judge(HttpHead head, Authority? tunnel)
    {
        const string Plain = "http://";
        if (!head.Body().Try(out var body, out var problem)) return problem;
        var (to, path, scheme) = (tunnel, head.Target, "https");
        if (tunnel is null)
        {
            if (!head.Target.StartsWith(Plain, StringComparison.OrdinalIgnoreCase)) return HttpHead.Malformed("its target is not http:// and a host (for https, use CONNECT)");
            var rest = head.Target[Plain.Length..];
            var end = rest.AsSpan().IndexOfAny('/', '?') is >= 0 and var found ? found : rest.Length;
            (path, scheme) = (rest[end..], "http");
            to = Authority.Parse(rest[..end], 80);
            if (path.Length == 0) path = "/";
        }
        if (to is null) return HttpHead.Malformed("its target names no host");
        if (path[0] != '/') return HttpHead.Malformed("its target is not a path");
        if (HostOf(head, to, scheme == "https" ? 443 : 80) is { } mismatch) return mismatch;
        if (!proxy.Grant.Rules.Permits(proxy.Mode, to)) return Undeclared(to);
        var url = $"{scheme}://{to.Text(scheme)}{path}";
        return proxy.Rules.Judge(head, url, body) is { } refused ? refused : (url, body);
    }

    private static Problem? HostOf(HttpHead head, Authority to, int defaultPort)
    {
        var hosts = head.Values("Host").ToList();
        if (hosts.Count == 0 && head.Old) return null;
        if (hosts.Count != 1) return HttpHead.Malformed("it has not exactly one Host header");
        return Authority.Parse(hosts[0], defaultPort) is { } named && named.Host == to.Host && named.Port == to.Port
            ? null
            : new(ProblemCode.NetworkHostMismatch, $"the Host header names {Clip(hosts[0])}, but the request goes to {to}");
    }

    private Problem Undeclared(Authority to) =>
        new(ProblemCode.NetworkHostUndeclared, $"{Clip(to.ToString())} is not declared under 'network' of this step for {proxy.Mode.Word()}");

    private static string Clip(string text) => text.Length <= 100 ? text : text[..100] + "...";

    private async Task RefuseAsync(Stream stream, string method, string url, Problem problem, CancellationToken ct)
    {
        Record(method, url, Refusals.StatusOf(problem), problem);
        await Refusals.WriteAsync(stream, problem, ct).ConfigureAwait(false);
        if (stream is SslStream tls) await tls.ShutdownAsync().ConfigureAwait(false);
        await Refusals.LingerAsync(client, ct).ConfigureAwait(false);
    }

    private void Record(string method, string url, int status, Problem problem)
    {
        if (proxy.Recorder.Begin() is not { } place) return;
        proxy.Recorder.End(place, new()
        {
            Method = method, Url = Clip(proxy.Recorder.Url(url)), Status = status, Problem = problem.Code.Id(), Message = proxy.Recorder.Text(problem.Message),
        });
    }
}
