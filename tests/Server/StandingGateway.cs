// A whole gateway over HTTP in this process: its configuration as a file says it, a store of its own, the default policy, and Kestrel on a port of this machine. Only what starts processes is a stand-in.
using CabinCrew.Gateways.Firewall.Configuration;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CabinCrew.Gateways.Mcp.Configuration;
using CabinCrew.Gateways.Mcp.Endpoint;
using CabinCrew.Gateways.Mcp.Hosting;
using CabinCrew.Gateways.Mcp.Servers;
using CabinCrew.Gateways.Mcp.Sessions;
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Approvals.Calls;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger;
using CabinCrew.Protocol;
using CabinCrew.Server;

namespace CabinCrew.Server.Tests;

internal sealed class StandingGateway : IAsyncDisposable
{
    public const string Key = "the-key-of-the-agent-0123456789";

    /// <summary>The person who may approve.</summary>
    public static readonly Credentials Kim = new("kim", 1000, null, null);

    private readonly string directory;
    private readonly LedgerRoom ledger;
    private readonly IdentityBook identities;
    private readonly EndpointSessions sessions;
    private readonly GatewayListener listener;

    private StandingGateway(string directory, LedgerRoom ledger, IdentityBook identities, GatewayHost host, EndpointSessions sessions, GatewayListener listener) =>
        (this.directory, this.ledger, this.identities, Host, this.sessions, this.listener) = (directory, ledger, identities, host, sessions, listener);

    public GatewayHost Host { get; }

    public Uri Address => listener.Address;

    /// <summary>A caller with an API key, for configurations that are about something else.</summary>
    public static string KeyCaller { get; } = $$"""keys: [ { name: agent, kind: automation, key_sha256: {{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Key)))}} } ]""";

    public static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <param name="yaml">Without <c>version</c> and <c>listen.address</c>, which are added: <c>PORT</c> stands for a port that is free.</param>
    public static async Task<StandingGateway> OpenAsync(string yaml, IServerLauncher? launcher = null)
    {
        var opened = await TryOpenAsync(yaml, launcher);
        return opened.Try(out var gateway, out var problem) ? gateway : throw new InvalidOperationException($"the gateway does not stand: {problem}");
    }

    public static async Task<Outcome<StandingGateway>> TryOpenAsync(string yaml, IServerLauncher? launcher = null)
    {
        var directory = Directory.CreateTempSubdirectory("cc-listen-").FullName;
        var text = "version: 1\n" + yaml.Replace("PORT", $"{FreePort()}", StringComparison.Ordinal);
        if (!GatewayFile.Of(Encoding.UTF8.GetBytes(text), Path.Combine(directory, GatewayFile.DefaultName)).Try(out var definition, out var problem)) return problem;
        var ledger = (await Stores.OpenAsync(directory, TimeProvider.System, new RandomIds(), default)).Value;
        var identities = IdentityBook.Load(Path.Combine(directory, "identities.yaml"), Kim).Value;
        if (!(await GatewayHost.OpenAsync(definition, ledger, identities, new Surroundings(launcher), default)).Try(out var host, out problem)) return problem;
        var settings = new EndpointSettings { Hosts = GatewayListener.Hosts(definition.Listen!), Origins = definition.Listen!.Origins, Frames = host.Frames };
        var sessions = new EndpointSessions(settings, host.SessionOf, host.Record, ledger.Clock);
        if ((await GatewayListener.StartAsync(definition.Listen, settings, new McpEndpoint(settings, host.Gate.Door, sessions), default)).Try(out var listener, out problem))
            return new StandingGateway(directory, ledger, identities, host, sessions, listener);
        await sessions.DisposeAsync();
        await host.DisposeAsync();
        await ledger.DisposeAsync();
        Directory.Delete(directory, recursive: true);
        return problem;
    }

    /// <summary>A person who says yes to whatever is held, until it is enough.</summary>
    public async Task ApproveAllAsync(CancellationToken enough)
    {
        var calls = new HeldCalls(ledger, identities, TenantId.Local);
        var kim = identities.Authenticate(Kim).Value;
        while (!enough.IsCancellationRequested)
        {
            foreach (var held in (await calls.ListAsync(default)).Value)
                await calls.AnswerAsync(new(held.Call.Request.ApprovalId, true, held.Call.Request.PlanTokenHash, null), kim, HeldCalls.CommandLine, default);
            await Task.Delay(20, enough).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Everything in the log, oldest first.</summary>
    public async Task<List<JsonElement>> EventsAsync()
    {
        await Host.Gate.Audit.FlushAsync();
        var page = (await ledger.Store.ReadAuditAsync(TenantId.Local, 1, 10_000, default)).Value;
        return [.. page.Rows.Select(r => JsonElement.Parse(r.Json))];
    }

    public async ValueTask DisposeAsync()
    {
        await listener.DisposeAsync();
        await sessions.DisposeAsync();
        await Host.DisposeAsync();
        await ledger.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    private sealed class Surroundings(IServerLauncher? launcher) : IGatewaySurroundings
    {
        public IServerLauncher Launcher => launcher ?? throw new InvalidOperationException("this gateway starts no servers");

        public Outcome<ServerProgram> FileServer(string name, string directory) => throw new InvalidOperationException("no file server here");

        public IChangeCollector Collector(string directory, MessageCaller caller) => throw new InvalidOperationException("no plans here");

        public TextModelLoader? Models => null;

        public Task<Outcome<string>> SecretAsync(string kind, string value, CancellationToken ct) => Task.FromResult<Outcome<string>>(Environment.GetEnvironmentVariable(value) ?? "");

        public void Proposed(Outcome<Proposal> end) => throw new InvalidOperationException("no plans here");
    }
}
