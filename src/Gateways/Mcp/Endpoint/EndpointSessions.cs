// The sessions of all callers of an endpoint: opened, found again by their own caller only, ended when nobody uses them (MCP-08, invariant 11).
using System.Collections.Concurrent;
using System.Security.Cryptography;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Mcp.Servers.Remote;
using CabinCrew.Gateways.Mcp.Sessions;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Endpoint;

/// <summary>Makes a session of a caller and a client, ready to run.</summary>
public delegate Outcome<Session> SessionMaker(string id, MessageCaller caller, IClientConnection client);

internal sealed class EndpointSession(string id, MessageCaller caller, SessionClient client)
{
    public string Id => id;

    public MessageCaller Caller => caller;

    public SessionClient Client => client;

    public long UsedAt;
}

public sealed class EndpointSessions(EndpointSettings settings, SessionMaker make, ISessionRecord record, TimeProvider clock) : IAsyncDisposable
{

    private readonly ConcurrentDictionary<string, EndpointSession> byId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StatelessClient> stateless = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, byte> running = [];
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();

    /// <summary>What tools want repeated in the head of their calls, as their lists went out to callers.</summary>
    internal ParameterHeaders Parameters { get; } = new();

    internal Outcome<EndpointSession> Open(MessageCaller caller)
    {
        lock (gate)
        {
            Expire();
            if (stopping.IsCancellationRequested) return new Problem(ProblemCode.UpstreamFailed, "the gateway is stopping");
            if (byId.Count >= settings.SessionsMax || byId.Values.Count(s => Same(s.Caller, caller)) >= settings.SessionsPerCallerMax)
                return new Problem(ProblemCode.CallerConcurrencyExceeded, "too many sessions are open") { Remedy = "End one (HTTP DELETE) before opening another." };
            var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
            var session = new EndpointSession(id, caller, new(settings)) { UsedAt = clock.GetTimestamp() };
            if (!make(id, caller, session.Client).Try(out var carried, out var refused)) return refused;
            byId[id] = session;
            Run(carried, session.Client, () => byId.TryRemove(id, out _));
            return session;
        }
    }

    /// <summary>Null: there is none, or it is another caller's. Nobody learns which.</summary>
    internal EndpointSession? Find(string id, MessageCaller caller)
    {
        if (!byId.TryGetValue(id, out var session) || !Same(session.Caller, caller)) return null;
        Interlocked.Exchange(ref session.UsedAt, clock.GetTimestamp());
        return session;
    }

    internal bool End(string id, MessageCaller caller)
    {
        if (Find(id, caller) is not { } session) return false;
        byId.TryRemove(id, out _);
        session.Client.Leave();
        return true;
    }

    /// <summary>The one session of a caller for requests that belong to none.</summary>
    internal Outcome<StatelessClient> Stateless(MessageCaller caller)
    {
        lock (gate)
        {
            if (stopping.IsCancellationRequested) return new Problem(ProblemCode.UpstreamFailed, "the gateway is stopping");
            // By what the caller may, too: a token with other roles is another caller for the policies.
            var key = $"{caller.AuthenticatedBy} {caller.Name} {caller.Human} {string.Join(' ', caller.Roles)}";
            if (stateless.TryGetValue(key, out var known)) return known;
            if (stateless.Count >= settings.SessionsMax) return new Problem(ProblemCode.CallerConcurrencyExceeded, "too many callers are served at once");
            var client = new StatelessClient(settings, Parameters);
            if (!make(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12)), caller, client).Try(out var carried, out var refused)) return refused;
            stateless[key] = client;
            Run(carried, client, () =>
            {
                lock (gate) stateless.Remove(key);
            });
            return client;
        }
    }

    internal ValueTask RefusedAsync(MessageCaller? caller, Problem why) => record.RefusedAsync(new SessionFacts("http", caller ?? RefusalRecord.Stranger, null, ""), null, MessageDirection.ToServer, why);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(running.Keys).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Run(Session session, IClientConnection client, Action ended)
    {
        var task = Task.Run(async () =>
        {
            try
            {
                await session.RunAsync(stopping.Token).ConfigureAwait(false);
            }
            finally
            {
                ended();
                await client.DisposeAsync().ConfigureAwait(false);
            }
        });
        running[task] = 0;
        _ = task.ContinueWith(t => running.TryRemove(t, out _), TaskScheduler.Default);
    }

    private void Expire()
    {
        foreach (var session in byId.Values)
            if (clock.GetElapsedTime(Interlocked.Read(ref session.UsedAt)) > settings.IdleMax && byId.TryRemove(session.Id, out _)) session.Client.Leave();
    }

    private static bool Same(MessageCaller a, MessageCaller b) => a.Name == b.Name && a.AuthenticatedBy == b.AuthenticatedBy;
}
