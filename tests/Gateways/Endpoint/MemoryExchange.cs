// The endpoint without a network: a handler that takes HTTP requests to it in memory, so that the gateway's own HTTP client can be the one who calls.
using CabinCrew.Gateways.Http;
using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using CabinCrew.Gateways.Mcp.Endpoint;

namespace CabinCrew.Gateways.Tests.Endpoint;

internal sealed class EndpointHandler(McpEndpoint endpoint) : HttpMessageHandler
{
    /// <summary>Every request that came, as method and the headers that matter.</summary>
    public List<string> Seen { get; } = [];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        var exchange = new MemoryExchange(request, request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(ct), ct);
        lock (Seen) Seen.Add($"{request.Method} {exchange.Header("Mcp-Method")} {exchange.Header("Mcp-Name")} {exchange.Header("Mcp-Session-Id") is not null}");
        _ = Task.Run(async () =>
        {
            await endpoint.HandleAsync(exchange);
            exchange.End();
        }, CancellationToken.None);
        return await exchange.Begun.WaitAsync(TimeSpan.FromSeconds(20), ct);
    }
}

internal sealed class MemoryExchange : IHttpExchange
{
    private readonly HttpRequestMessage request;
    private readonly Pipe pipe = new();
    private readonly TaskCompletionSource<HttpResponseMessage> begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource aborted;

    public MemoryExchange(HttpRequestMessage request, byte[] body, CancellationToken ct)
    {
        (this.request, Body) = (request, new MemoryStream(body));
        aborted = CancellationTokenSource.CreateLinkedTokenSource(ct);
    }

    public Task<HttpResponseMessage> Begun => begun.Task;
    public string Method => request.Method.Method;
    public X509Certificate2? ClientCertificate => null;
    public Stream Body { get; }
    public CancellationToken Aborted => aborted.Token;

    private IEnumerable<string> Values(string name) =>
        name == "Host" && request.Headers.Host is null ? [request.RequestUri!.Authority]
        : request.Headers.NonValidated.TryGetValues(name, out var own) ? own
        : request.Content?.Headers.NonValidated.TryGetValues(name, out var content) == true ? content : [];

    public string? Header(string name) => Values(name).ToList() is [var one] ? one : null;

    public string List(string name) => string.Join(',', Values(name));

    public int Count(string name) => Values(name).Count();

    public void Begin(int status, string? contentType, params ReadOnlySpan<(string Name, string Value)> headers)
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StreamContent(new Watched(pipe.Reader.AsStream(), aborted)) };
        if (contentType is not null) response.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        foreach (var (name, value) in headers) response.Headers.TryAddWithoutValidation(name, value);
        begun.TrySetResult(response);
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        await pipe.Writer.WriteAsync(bytes, ct);
    }

    public void End()
    {
        begun.TrySetException(new IOException("the endpoint said nothing"));
        pipe.Writer.Complete();
    }

    /// <summary>Who closes the response has gone, as over a connection.</summary>
    private sealed class Watched(Stream inner, CancellationTokenSource gone) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override void Flush() { }
        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken ct = default) => inner.ReadAsync(buffer, ct);
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) gone.Cancel();
            base.Dispose(disposing);
        }
    }
}
