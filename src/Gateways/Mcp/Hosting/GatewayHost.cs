// A gateway that stands: makes the sessions of its callers, each with connections of its own to the servers that it may use (MCP-01, MCP-08).
using CabinCrew.Gateways.Firewall.Configuration;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Http;
using CabinCrew.Gateways.Mcp.Configuration;
using CabinCrew.Gateways.Mcp.Servers;
using CabinCrew.Gateways.Mcp.Servers.Remote;
using CabinCrew.Gateways.Mcp.Sessions;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Hosting;

/// <summary>What the gateway cannot do itself, and whoever composes the program gives to it.</summary>
public interface IGatewaySurroundings
{
    IServerLauncher Launcher { get; }

    /// <summary>How the built-in file server is run on a directory.</summary>
    Outcome<ServerProgram> FileServer(string name, string directory);

    /// <summary>Collects a caller's changes to a directory, for a plan.</summary>
    IChangeCollector Collector(string directory, MessageCaller caller);

    /// <summary>A secret's value from its source (<c>env</c> or <c>file</c>).</summary>
    Task<Outcome<string>> SecretAsync(string kind, string value, CancellationToken ct);

    /// <summary>Loads models that judge messages. Null: no model can be run.</summary>
    TextModelLoader? Models { get; }

    /// <summary>What became of changes that were not submitted when a session ended.</summary>
    void Proposed(Outcome<Proposal> end);
}

public sealed class GatewayHost : IAsyncDisposable
{
    private readonly GatewayDefinition definition;
    private readonly LedgerRoom ledger;
    private readonly AssembledGate gate;
    private readonly IGatewaySurroundings surroundings;
    private readonly IReadOnlyList<(ServerDefinition Definition, Func<MessageCaller, IServerSource> Make)> servers;
    private readonly SessionLimits limits;
    private readonly HttpMessageInvoker publicHttp, privateHttp;

    private GatewayHost(GatewayDefinition definition, LedgerRoom ledger, AssembledGate gate, IGatewaySurroundings surroundings, HttpMessageInvoker publicHttp, HttpMessageInvoker privateHttp, Dictionary<(string, string), string> values)
    {
        (this.definition, this.ledger, this.gate, this.surroundings, this.publicHttp, this.privateHttp) = (definition, ledger, gate, surroundings, publicHttp, privateHttp);
        limits = SessionLimits.Default with { Frames = FrameLimits.Default with { BytesMax = Math.Max(definition.RequestBytesMax, definition.ResponseBytesMax) } };
        Record = new SessionRecord(new(MessageSubject.McpGateway, ledger, gate.Audit));
        servers = [.. definition.Servers.Select(s => (s, Source(s, values)))];
    }

    public AssembledGate Gate => gate;

    public ISessionRecord Record { get; }

    public FrameLimits Frames => limits.Frames;

    /// <summary>Loads everything that may be refused before anything is started.</summary>
    public static async Task<Outcome<GatewayHost>> OpenAsync(GatewayDefinition definition, LedgerRoom ledger, Governance.Access.IdentityBook identities, IGatewaySurroundings surroundings, CancellationToken ct)
    {
        var values = new Dictionary<(string, string), string>();
        foreach (var server in definition.Servers)
        {
            foreach (var (key, value) in server.Environment.Concat(server.Headers))
            {
                if (!(await ValueAsync(value, surroundings, ct).ConfigureAwait(false)).Try(out var text, out var unread)) return unread.At($"server {server.Name}, {key}");
                if (value.IsSecret) ledger.Redactor.Learn(key, text);
                if (server.Kind == ServerKind.Url && text.AsSpan().ContainsAnyExceptInRange(' ', '~')) return new Problem(ProblemCode.GatewayFileInvalid, "the value has characters that no header may have").At($"server {server.Name}, {key}");
                values[(server.Name, key)] = text;
            }
        }
        var (publicHttp, privateHttp) = (UpstreamClient.Create(privateAddress: false), UpstreamClient.Create(privateAddress: true));
        if ((await GateAssembly.BuildAsync(definition, ledger, identities, isPrivate => isPrivate ? privateHttp : publicHttp, surroundings.Models, ct).ConfigureAwait(false)).Try(out var gate, out var problem))
            return new GatewayHost(definition, ledger, gate, surroundings, publicHttp, privateHttp, values);
        publicHttp.Dispose();
        privateHttp.Dispose();
        return problem;
    }

    /// <summary>A session with every server that the caller may use.</summary>
    public Outcome<Session> SessionOf(string id, MessageCaller caller, IClientConnection client)
    {
        var allowed = servers.Where(s => gate.Allows(caller, s.Definition.Name)).ToList();
        if (allowed.Count == 0) return new Problem(ProblemCode.CallerNotAllowed, $"'{caller.Name}' may use none of this gateway's servers");
        return new Session(new SessionSetup
        {
            Id = id, Caller = caller, Client = client, Servers = [.. allowed.Select(s => s.Make(caller))], Gate = gate.Gate, Record = Record, Time = ledger.Clock,
            // Over HTTP a client ends its session when it waits for nothing any more.
            Limits = client is StreamClient ? limits with { Parting = definition.AnswersAfterEnd } : limits,
        });
    }

    public async ValueTask DisposeAsync()
    {
        await gate.DisposeAsync().ConfigureAwait(false);
        publicHttp.Dispose();
        privateHttp.Dispose();
    }

    private static async Task<Outcome<string>> ValueAsync(ValueDefinition value, IGatewaySurroundings surroundings, CancellationToken ct) =>
        value.IsSecret ? await surroundings.SecretAsync(value.Kind, value.Value, ct).ConfigureAwait(false) : value.Value;

    private Func<MessageCaller, IServerSource> Source(ServerDefinition server, Dictionary<(string, string), string> values)
    {
        var rules = StreamRules.Server with { Frames = limits.Frames };
        switch (server.Kind)
        {
            case ServerKind.Url:
                var remote = new RemoteServer(server.Name, server.Url!, [.. server.Headers.Keys.Select(h => KeyValuePair.Create(h, values[(server.Name, h)]))], server.PrivateAddress ? privateHttp : publicHttp, limits.Frames);
                return _ => new RemoteSource(remote, server.Transport, RestartPolicy.Default, ledger.Clock);
            case ServerKind.Files when server.PlanMode:
                return caller => new CollectingSource(server.Name, surroundings.Collector(server.FilesRoot!, caller), process => new StreamConnection(process.StandardOutput, process.StandardInput, rules, ledger.Clock), surroundings.Proposed);
            case ServerKind.Files:
                return _ => surroundings.FileServer(server.Name, server.FilesRoot!).Try(out var files, out var problem) ? Supervised(files, rules) : new NoSource(server.Name, problem);
            default:
                var program = new ServerProgram
                {
                    Name = server.Name, Command = server.Command, Environment = server.Environment.ToDictionary(e => e.Key, e => values[(server.Name, e.Key)], StringComparer.Ordinal),
                    Mounts = [.. server.Mounts.Select(m => new ServerMount(m.Path, m.Writable))], WorkingDirectory = server.WorkingDirectory, Network = server.Network, Unsandboxed = server.Unsandboxed,
                };
                return _ => Supervised(program, rules);
        }
    }

    private ServerSupervisor Supervised(ServerProgram program, StreamRules rules) => new(program, surroundings.Launcher, RestartPolicy.Default, rules, ledger.Clock);

    private sealed class SessionRecord(RefusalRecord record) : ISessionRecord
    {
        public ValueTask RefusedAsync(SessionFacts session, string? server, MessageDirection direction, Problem why) => record.RefusedAsync(session.Id, session.Caller, server, direction, why);
    }

    /// <summary>A server that cannot be had, and says so when it is asked for.</summary>
    private sealed class NoSource(string name, Problem why) : IServerSource
    {
        public string Name => name;

        public Task<Outcome<IServerConnection>> ConnectAsync(CancellationToken ct) => Task.FromResult<Outcome<IServerConnection>>(why);
    }
}
