// A session through a real gate, over standard streams or over HTTP, in either era: a client and a server that say what the tests tell them to.
using System.Net.Http;
using System.Text;
using System.Text.Json;
using CabinCrew.Gateways.Mcp;
using CabinCrew.Gateways.Mcp.Servers.Remote;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Gateways.Tests.Endpoint;
using CabinCrew.Gateways.Tests.Sessions;

namespace CabinCrew.Gateways.Tests.Mediation;

internal enum Way { Streams, Http }

internal sealed class Carried : IAsyncDisposable
{
    private const string Version = "2026-07-28";
    private readonly Eras era;
    private readonly Bench? bench;
    private readonly EndpointBench? endpoint;
    private readonly HttpConnection? http;

    private Carried(Way way, Eras era, IMessageGate gate)
    {
        this.era = era;
        if (way is Way.Streams)
        {
            bench = new Bench();
            bench.Gate.Behind = gate;
            bench.Start();
            Server = bench.Server;
            return;
        }
        endpoint = new EndpointBench();
        endpoint.Gate.Behind = gate;
        Server = endpoint.Source.Add();
        http = endpoint.Connect();
    }

    public Peer Server { get; }
    public ScriptedGate Gate => (bench?.Gate ?? endpoint!.Gate)!;
    public Records Records => (bench?.Records ?? endpoint!.Records)!;
    private bool IsStateless => era is Eras.Stateless;

    /// <param name="open">The handshake of the era of sessions has been made.</param>
    public static async Task<Carried> BeginAsync(Way way, Eras era, IMessageGate gate, bool open)
    {
        var carried = new Carried(way, era, gate);
        if (!open || era is Eras.Stateless) return carried;
        await carried.SendAsync(carried.Request("\"hello\"", "initialize", """{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}"""));
        await carried.Server.ReceiveAsync();
        await carried.Server.SendAsync(Bench.Welcome);
        await carried.ReceiveAsync();
        await carried.SendAsync(Bench.Initialized);
        await carried.Server.ReceiveAsync();
        return carried;
    }

    public string Request(string id, string method, string parameters) => $$"""{"jsonrpc":"2.0","id":{{id}},"method":"{{method}}","params":{{WithMeta(parameters, $"\"progressToken\":{id}")}}}""";

    public string Notification(string method, string parameters) => $$"""{"jsonrpc":"2.0","method":"{{method}}","params":{{WithMeta(parameters, "")}}}""";

    private string WithMeta(string parameters, string more)
    {
        var version = IsStateless ? $"\"io.modelcontextprotocol/protocolVersion\":\"{Version}\",\"io.modelcontextprotocol/clientCapabilities\":{{}}" : "";
        var members = string.Join(',', ((string[])[version, more]).Where(m => m.Length > 0));
        if (members.Length == 0) return parameters;
        var rest = parameters[1..];
        return $"{{\"_meta\":{{{members}}}{(rest == "}" ? "" : ",")}{rest}";
    }

    public async Task SendAsync(string frame)
    {
        if (http is null) await bench!.Client.SendAsync(frame);
        // The gateway's own client knows of nothing but requests in the stateless era.
        else if (IsStateless && !frame.Contains("\"id\":", StringComparison.Ordinal)) (await endpoint!.AskAsync(frame, null, ("MCP-Protocol-Version", Version))).Dispose();
        else await EndpointBench.SendAsync(http, frame);
    }

    public Task<string> ReceiveAsync() => http is null ? bench!.Client.ReceiveAsync() : EndpointBench.ReceiveAsync(http);

    /// <summary>Begins a request and leaves it open: its id (and token) as the client knows it, and as the server does.</summary>
    public async Task<(string Clients, string Servers)> BeginRequestAsync(string id, string method = "tools/call", string parameters = """{"name":"open","arguments":{}}""")
    {
        await SendAsync(Request(id, method, parameters));
        var seen = JsonElement.Parse(await Server.ReceiveAsync());
        return (id, seen.GetProperty("id").GetRawText());
    }

    /// <summary>The same from the server's side (era of sessions).</summary>
    public async Task<(string Clients, string Servers)> BeginServerRequestAsync(string id)
    {
        await Server.SendAsync($$$$"""{"jsonrpc":"2.0","id":{{{{id}}}},"method":"roots/list","params":{"_meta":{"progressToken":{{{{id}}}}}}}""");
        return (JsonElement.Parse(await ReceiveAsync()).GetProperty("id").GetRawText(), id);
    }

    public async ValueTask DisposeAsync()
    {
        if (bench is not null) await bench.DisposeAsync();
        if (http is not null) await http.DisposeAsync();
        if (endpoint is not null) await endpoint.DisposeAsync();
    }
}
