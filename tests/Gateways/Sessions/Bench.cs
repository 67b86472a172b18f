// A whole session between scripted peers over pipes: what the tests of sessions stand on. Every wait is bounded, so that a hang is a failure.
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Mcp;
using CabinCrew.Gateways.Mcp.Servers;
using CabinCrew.Gateways.Mcp.Sessions;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Sessions;

/// <summary>A party at the other end of a pair of pipes, a line at a time.</summary>
internal sealed class Peer
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Pipe toPeer = new(new PipeOptions(pauseWriterThreshold: 1 << 20));
    private readonly Pipe fromPeer = new();
    private readonly StreamReader lines;
    private readonly Stream writer;

    public Peer(StreamRules? rules = null)
    {
        Gateway = new StreamConnection(fromPeer.Reader.AsStream(), toPeer.Writer.AsStream(), rules ?? StreamRules.Server, TimeProvider.System);
        lines = new StreamReader(toPeer.Reader.AsStream(), new UTF8Encoding(false));
        writer = fromPeer.Writer.AsStream();
    }

    /// <summary>The gateway's end.</summary>
    public StreamConnection Gateway { get; }

    public async Task SendAsync(string line)
    {
        await writer.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"));
        await writer.FlushAsync();
    }

    /// <summary>The next line; null: the gateway has closed.</summary>
    public async Task<string?> TryReceiveAsync() => await lines.ReadLineAsync().WaitAsync(Patience);

    public async Task<string> ReceiveAsync() => await TryReceiveAsync() ?? throw new InvalidOperationException("the gateway has closed");

    /// <summary>Nothing more has come before this marker, which takes the same way.</summary>
    public async Task ExpectAsync(string line) => Assert.Equal(line, await ReceiveAsync());

    /// <summary>Dies: nothing more comes from it, and nothing is taken.</summary>
    public void Die()
    {
        fromPeer.Writer.Complete();
        toPeer.Reader.Complete();
    }

    /// <summary>Says no more, but still reads.</summary>
    public void Hush() => fromPeer.Writer.Complete();
}

internal sealed class ScriptedGate : IMessageGate
{
    public ConcurrentQueue<InterceptedFrame> Seen { get; } = new();
    public ConcurrentQueue<Frame> Unanswered { get; } = new();
    public ConcurrentQueue<SessionFacts> Ended { get; } = new();
    /// <summary>A real gate, which is asked instead of a script.</summary>
    public IMessageGate? Behind { get; set; }
    public Func<InterceptedFrame, ICallerLine, CancellationToken, ValueTask<Passage>> Judge { get; set; } = (_, _, _) => new(Passage.Unchanged);

    public ValueTask<Passage> PassAsync(InterceptedFrame message, ICallerLine caller, CancellationToken ct)
    {
        Seen.Enqueue(message);
        return Behind is { } real ? real.PassAsync(message, caller, ct) : Judge(message, caller, ct);
    }

    public ValueTask UnansweredAsync(SessionFacts session, string server, MessageDirection direction, Frame request)
    {
        Unanswered.Enqueue(request);
        return Behind?.UnansweredAsync(session, server, direction, request) ?? default;
    }

    public ValueTask EndAsync(SessionFacts session)
    {
        Ended.Enqueue(session);
        return Behind?.EndAsync(session) ?? default;
    }

    /// <summary>Refuses what the predicate picks, passes the rest.</summary>
    public void Refuse(Func<InterceptedFrame, bool> pick) => Judge = (m, _, _) => new(pick(m)
        ? Passage.Refuse(new Problem(ProblemCode.CallerNotAllowed, "not today") { Remedy = "come back tomorrow" }, "policy-7")
        : Passage.Unchanged);

    /// <summary>Holds what the predicate picks until the returned source is completed.</summary>
    public TaskCompletionSource<Passage> Hold(Func<InterceptedFrame, bool> pick)
    {
        var release = new TaskCompletionSource<Passage>(TaskCreationOptions.RunContinuationsAsynchronously);
        Judge = async (m, line, ct) =>
        {
            if (!pick(m)) return Passage.Unchanged;
            await line.ProgressAsync("held", ct);
            return await release.Task.WaitAsync(ct);
        };
        return release;
    }
}

internal sealed class Records : ISessionRecord
{
    public ConcurrentQueue<(string? Server, MessageDirection Direction, Problem Why)> All { get; } = new();

    public ValueTask RefusedAsync(SessionFacts session, string? server, MessageDirection direction, Problem why)
    {
        All.Enqueue((server, direction, why));
        return ValueTask.CompletedTask;
    }
}

/// <summary>A server that is there as often as it was told; each time another process.</summary>
internal sealed class Restartable(string name) : IServerSource
{
    private readonly ConcurrentQueue<Peer?> next = new();
    private readonly SemaphoreSlim there = new(0);

    public string Name => name;

    public Peer Add(StreamRules? rules = null)
    {
        var peer = new Peer(rules);
        next.Enqueue(peer);
        there.Release();
        return peer;
    }

    public void NoMore()
    {
        next.Enqueue(null);
        there.Release();
    }

    public async Task<Outcome<IServerConnection>> ConnectAsync(CancellationToken ct)
    {
        await there.WaitAsync(ct);
        next.TryDequeue(out var peer);
        return peer is null ? new Problem(ProblemCode.UpstreamFailed, "given up") : Outcome.Of<IServerConnection>(peer.Gateway);
    }
}

internal sealed class Bench : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();

    public Bench(string[]? servers = null, SessionLimits? limits = null)
    {
        Sources = [.. (servers ?? ["one"]).Select(n => new Restartable(n))];
        Servers = [.. Sources.Select(s => s.Add())];
        Limits = limits ?? SessionLimits.Default with { Drain = TimeSpan.FromSeconds(2) };
        Client = new Peer(StreamRules.Client with { Frames = Limits.Frames });
    }

    public SessionLimits Limits { get; }
    public Peer Client { get; }
    public Restartable[] Sources { get; }
    public Peer[] Servers { get; }
    public Peer Server => Servers[0];
    public ScriptedGate Gate { get; } = new();
    public Records Records { get; } = new();
    public Task<SessionEnd> Run { get; private set; } = Task.FromResult(SessionEnd.Stopped);

    public Bench Start()
    {
        var session = new Session(new SessionSetup
        {
            Id = "session-1",
            Caller = new MessageCaller("ann", true, ["developer"], "os_user"),
            Client = new StreamClient(Client.Gateway),
            Servers = Sources,
            Gate = Gate,
            Record = Records,
            Time = TimeProvider.System,
            Limits = Limits,
        });
        Run = Task.Run(() => session.RunAsync(stop.Token));
        return this;
    }

    public void Stop() => stop.Cancel();

    public Task<SessionEnd> EndedAsync() => Run.WaitAsync(Peer.Patience);

    /// <summary>Opens a session of the first era: both ends have agreed afterwards.</summary>
    public async Task<Bench> OpenAsync(string capabilities = "{}")
    {
        var hello = $$$$"""{"jsonrpc":"2.0","id":"hello","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{{{{capabilities}}}},"clientInfo":{"name":"tester","version":"1"}}}""";
        await Client.SendAsync(hello);
        await Server.ExpectAsync(hello);
        await Server.SendAsync(Welcome);
        await Client.ExpectAsync(Welcome);
        await Client.SendAsync(Initialized);
        await Server.ExpectAsync(Initialized);
        return this;
    }

    public const string Welcome = """{"jsonrpc":"2.0","id":"hello","result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}}""";
    public const string Initialized = """{"jsonrpc":"2.0","method":"notifications/initialized"}""";

    public static string Call(string id, string tool = "read", string more = "") => $$$"""{"jsonrpc":"2.0","id":{{{id}}},"method":"tools/call","params":{"name":"{{{tool}}}","arguments":{"path":"a"}{{{more}}}}}""";

    public static string Modern(string id, string tool = "read", string capabilities = "{}", string more = "") =>
        Call(id, tool, $$""","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"modern","version":"1"},"io.modelcontextprotocol/clientCapabilities":{{capabilities}}}{{more}}""");

    public static string Result(string id, string text = "ok") => $$$"""{"jsonrpc":"2.0","id":{{{id}}},"result":{"content":[{"type":"text","text":"{{{text}}}"}]}}""";

    public async ValueTask DisposeAsync()
    {
        stop.Cancel();
        await Run.WaitAsync(Peer.Patience);
        Assert.Single(Gate.Ended);
    }
}
