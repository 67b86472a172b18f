// Small web servers that stand in for others: an issuer's key set, a server of the transport of 2024-11-05. Kestrel on a port of this machine, without encryption.
using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CabinCrew.Server.Tests;

internal sealed class Web : IAsyncDisposable
{
    private readonly WebApplication app;

    private Web(WebApplication app, Uri address) => (this.app, Address) = (app, address);

    public Uri Address { get; }

    public static async Task<Web> StartAsync(RequestDelegate answer)
    {
        var port = StandingGateway.FreePort();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, port));
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        return new(app, new Uri($"http://127.0.0.1:{port}/"));
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}

/// <summary>A server of the transport of 2024-11-05: a stream that names where to post, and answers on it.</summary>
internal sealed class EventServer : IAsyncDisposable
{
    private readonly Channel<string> said = Channel.CreateUnbounded<string>();
    private Web? web;

    /// <summary>What was posted, in order.</summary>
    public ConcurrentQueue<JsonElement> Posted { get; } = new();

    public ConcurrentQueue<string> Seen { get; } = new();

    /// <summary>What the stream names for messages. Null: it never names one.</summary>
    public string? Endpoint { get; set; } = "/messages?session=1";

    /// <summary>The status of a posted message.</summary>
    public int Status { get; set; } = 202;

    /// <summary>What a request is answered with on the stream, as its <c>result</c>; null: nothing.</summary>
    public Func<JsonElement, string?> Answer { get; set; } = _ => "{}";

    public Uri Address => new(web!.Address, "sse");

    public static async Task<EventServer> StartAsync()
    {
        var server = new EventServer();
        server.web = await Web.StartAsync(server.HandleAsync);
        return server;
    }

    /// <summary>Says an event on the stream, as it is.</summary>
    public void Say(string text) => said.Writer.TryWrite(text);

    /// <summary>Ends the stream.</summary>
    public void Leave() => said.Writer.TryComplete();

    public async ValueTask DisposeAsync()
    {
        Leave();
        await web!.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        Seen.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} {context.Request.Headers["X-Credential"]}");
        if (context.Request.Method == "GET")
        {
            context.Response.ContentType = "text/event-stream";
            if (Endpoint is { } endpoint) await context.Response.WriteAsync($"event: endpoint\ndata: {endpoint}\n\n", context.RequestAborted);
            else await context.Response.WriteAsync(": nothing\n\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await foreach (var text in said.Reader.ReadAllAsync(context.RequestAborted))
            {
                await context.Response.WriteAsync(text, context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
            return;
        }
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var message = JsonElement.Parse(await reader.ReadToEndAsync(context.RequestAborted));
        Posted.Enqueue(message);
        context.Response.StatusCode = Status;
        if (Status == 202 && message.TryGetProperty("id", out var id) && message.TryGetProperty("method", out _) && Answer(message) is { } result)
            Say($"event: message\ndata: {{\"jsonrpc\":\"2.0\",\"id\":{id.GetRawText()},\"result\":{result}}}\n\n");
    }
}
