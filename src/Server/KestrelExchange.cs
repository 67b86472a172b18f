// One request of Kestrel's as the endpoint sees it. Nothing is decided here.
using CabinCrew.Gateways.Http;
using System.Security.Cryptography.X509Certificates;
using CabinCrew.Gateways.Mcp.Endpoint;
using Microsoft.AspNetCore.Http;

namespace CabinCrew.Server;

internal sealed class KestrelExchange(HttpContext context) : IHttpExchange
{
    public string Method => context.Request.Method;

    public string? Header(string name) => context.Request.Headers.TryGetValue(name, out var values) && values.Count == 1 ? values[0] : null;

    public string List(string name) => string.Join(',', (IEnumerable<string?>)context.Request.Headers[name]);

    public int Count(string name) => context.Request.Headers.TryGetValue(name, out var values) ? values.Count : 0;

    public X509Certificate2? ClientCertificate => context.Connection.ClientCertificate;

    public Stream Body => context.Request.Body;

    public CancellationToken Aborted => context.RequestAborted;

    public void Begin(int status, string? contentType, params ReadOnlySpan<(string Name, string Value)> headers)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        foreach (var (name, value) in headers) context.Response.Headers[name] = value;
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        await context.Response.BodyWriter.WriteAsync(bytes, ct).ConfigureAwait(false);
        await context.Response.BodyWriter.FlushAsync(ct).ConfigureAwait(false);
    }
}
