// What every gateway over HTTP looks at before anything of a request is believed (MCP-08): whose host, whose page, what shows who calls; and the body, bounded in bytes and time.
using CabinCrew.Gateways.Http;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall.Callers;

internal static class HttpIntake
{
    private const string Scheme = "Bearer ";

    /// <summary>Why the request is not for this place, or from a page that may not call; null: it is well.</summary>
    /// <param name="hosts">What a Host header may say, in lower case.</param>
    /// <param name="origins">What an Origin header may say where there is one.</param>
    public static Problem? Foreign(IHttpExchange http, IReadOnlyList<string> hosts, IReadOnlyList<string> origins)
    {
        var host = http.Header("Host")?.ToLowerInvariant();
        if (host is null || !hosts.Contains(host)) return new Problem(ProblemCode.OriginRefused, "this gateway does not serve the host that the request names");
        if (http.Count("Origin") == 0) return null;
        return http.Header("Origin") is { } origin && origins.Contains(origin, StringComparer.OrdinalIgnoreCase) ? null : new Problem(ProblemCode.OriginRefused, "pages of this origin may not call this gateway");
    }

    public static CallerProof Proof(IHttpExchange http)
    {
        var authorization = http.Header("Authorization");
        return new(authorization?.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) == true ? authorization[Scheme.Length..].Trim() : null, http.Header("X-API-Key"), http.ClientCertificate);
    }

    /// <exception cref="OperationCanceledException">The client has gone, or took longer than <paramref name="within"/>.</exception>
    public static async ValueTask<Outcome<ReadOnlyMemory<byte>>> BodyAsync(IHttpExchange http, int bytesMax, TimeSpan within, CancellationToken ct)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limited.CancelAfter(within);
        return await WholeBody.ReadAsync(http.Body, bytesMax, limited.Token).ConfigureAwait(false) is { } body ? body : new Problem(ProblemCode.MessageTooLarge, $"the message has more than {bytesMax} bytes");
    }
}
