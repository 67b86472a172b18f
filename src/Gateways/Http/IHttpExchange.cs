// The seam to whatever HTTP server carries the endpoint: one request and its response, without a word about which server it is.
using System.Security.Cryptography.X509Certificates;

namespace CabinCrew.Gateways.Http;

public interface IHttpExchange
{
    string Method { get; }

    /// <summary>The value of a header; null: it is missing, or is there more than once (no reader could say which counts).</summary>
    string? Header(string name);

    /// <summary>All lines of a header that is a list, as one (RFC 9110, 5.3); empty: it is missing.</summary>
    string List(string name);

    /// <summary>How often a header is there.</summary>
    int Count(string name);

    X509Certificate2? ClientCertificate { get; }

    Stream Body { get; }

    /// <summary>Before the first byte of the body.</summary>
    void Begin(int status, string? contentType, params ReadOnlySpan<(string Name, string Value)> headers);

    /// <summary>Sends what was given, at once.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct);

    /// <summary>Cancelled when the client has gone.</summary>
    CancellationToken Aborted { get; }
}
