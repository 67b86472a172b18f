// A gateway's endpoint with scripted servers behind it, and the gateway's own HTTP connection as its client: both ends of Streamable HTTP face each other.
using System.Security.Cryptography;
using System.Text;
using CabinCrew.Gateways.Firewall.Callers;
using CabinCrew.Gateways.Mcp.Endpoint;
using CabinCrew.Gateways.Mcp.Servers.Remote;
using CabinCrew.Gateways.Mcp.Sessions;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Gateways.Tests.Sessions;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Endpoint;

internal sealed class EndpointBench : IAsyncDisposable
{
    public const string Key = "a-key-of-ann-0123456789", Other = "a-key-of-bob-0123456789";
    public static readonly Uri Url = new("http://gw.example/mcp");

    public EndpointBench()
    {
        var settings = new EndpointSettings { Hosts = ["gw.example"], Origins = ["https://app.example"], KeepAlive = TimeSpan.FromMilliseconds(200) };
        var keys = CallerKeys.Of([new("ann", SHA256.HashData(Encoding.UTF8.GetBytes(Key)), ["dev"]), new("bob", SHA256.HashData(Encoding.UTF8.GetBytes(Other)), [])]).Value;
        Sessions = new EndpointSessions(settings, (id, caller, client) => new Session(new SessionSetup
        {
            Id = id, Caller = caller, Client = client, Servers = [Source], Gate = Gate, Record = Records, Time = TimeProvider.System, Limits = SessionLimits.Default with { Drain = TimeSpan.FromMilliseconds(200), Parting = TimeSpan.FromMilliseconds(200) },
        }), Records, TimeProvider.System);
        Handler = new EndpointHandler(new McpEndpoint(settings, new CallerDoor(keys, [], null, TimeProvider.System), Sessions));
    }

    public ScriptedGate Gate { get; } = new();
    public Records Records { get; } = new();
    public Restartable Source { get; } = new("one");
    public EndpointSessions Sessions { get; }
    public EndpointHandler Handler { get; }

    public HttpConnection Connect(string key = Key) =>
        new(new RemoteServer("gw", Url, [new("Authorization", $"Bearer {key}")], new HttpMessageInvoker(Handler, disposeHandler: false), FrameLimits.Default) { RetryDefault = TimeSpan.FromMilliseconds(50) }, TimeProvider.System);

    public static async Task SendAsync(HttpConnection connection, string frame) => Assert.True((await connection.SendAsync(Encoding.UTF8.GetBytes(frame), default)).Ok);

    public static async Task<string> ReceiveAsync(HttpConnection connection)
    {
        var received = await connection.ReceiveAsync(default).AsTask().WaitAsync(Peer.Patience);
        return Encoding.UTF8.GetString(received!.Value.Value.Span);
    }

    /// <summary>A request by hand; null headers are left out.</summary>
    public async Task<HttpResponseMessage> AskAsync(string? body, HttpMethod? method = null, params (string Name, string? Value)[] headers)
    {
        var request = new HttpRequestMessage(method ?? HttpMethod.Post, Url);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        (string Name, string? Value)[] standard = [("Authorization", $"Bearer {Key}"), ("Accept", "application/json, text/event-stream")];
        foreach (var (name, value) in standard.Where(s => headers.All(h => h.Name != s.Name)).Concat(headers))
        {
            if (value is null) continue;
            if (name == "Host") request.Headers.Host = value;
            else request.Headers.TryAddWithoutValidation(name, value);
        }
        return await new HttpMessageInvoker(Handler, disposeHandler: false).SendAsync(request, default).WaitAsync(Peer.Patience);
    }

    public async ValueTask DisposeAsync() => await Sessions.DisposeAsync();
}
