// A server reached by its URL: where it is, what goes into every request's head, and how long anything may take.
using System.Net.Http.Headers;
using CabinCrew.Gateways.Http;
using CabinCrew.Gateways.Mcp.Wire;

namespace CabinCrew.Gateways.Mcp.Servers.Remote;

/// <param name="Headers">Credentials among them: the gateway puts them in, callers never hold them.</param>
/// <param name="Client">Not disposed of with a connection.</param>
public sealed record RemoteServer(string Name, Uri Url, IReadOnlyList<KeyValuePair<string, string>> Headers, HttpMessageInvoker Client, FrameLimits Frames)
{
    /// <summary>Until a server's first word. A call may take longer than its own limit allows, but not for ever.</summary>
    public TimeSpan AnswerTimeMax { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>For whatever is no call: a notification, a goodbye.</summary>
    public TimeSpan ShortTimeMax { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Answers that wait to be read by the session.</summary>
    public int WaitingMax { get; init; } = 256;

    public int ResumptionsMax { get; init; } = 5;

    public TimeSpan RetryDefault { get; init; } = TimeSpan.FromSeconds(1);

    internal HttpRequestMessage Request(HttpMethod method, Uri to)
    {
        var request = new HttpRequestMessage(method, to);
        foreach (var (name, value) in Headers) request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    internal HttpRequestMessage Post(Uri to, ReadOnlyMemory<byte> frame)
    {
        var request = Request(HttpMethod.Post, to);
        request.Content = new ReadOnlyMemoryContent(frame);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        return request;
    }

    internal static bool IsEventStream(HttpResponseMessage response) => response.Content.Headers.ContentType?.MediaType is "text/event-stream";

    internal static bool IsJson(HttpResponseMessage response) => response.Content.Headers.ContentType?.MediaType is "application/json";

    /// <summary>A whole body within the limit; null: it is larger.</summary>
    internal async Task<ReadOnlyMemory<byte>?> BodyAsync(HttpResponseMessage response, CancellationToken ct)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(ct).ConfigureAwait(false);
        return await WholeBody.ReadAsync(stream, Frames.BytesMax, ct).ConfigureAwait(false);
    }
}
