// What every benchmark that flies stands on: a store on disk, one person, and an engine that is none, for measures of everything but engines.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using CabinCrew.Governance.Access;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Benchmarks;

internal sealed record Ground(LedgerRoom Ledger, Flights Flights, Caller Requester) : IAsyncDisposable
{
    /// <summary>Judges every line and path, asks nobody.</summary>
    public const string Rules = """
        version: 1
        default: allow
        rules:
          - id: keys
            when: { added_lines: { pattern: "BEGIN [A-Z ]*PRIVATE KEY" } }
            decision: deny
            reason: a private key
        """;

    /// <param name="runner">Null: the real sandbox.</param>
    public static async Task<Ground> OpenAsync(string store, IEngineRunner? runner = null, Func<IStore, IStore>? around = null, TimeProvider? clock = null)
    {
        var me = new Credentials("benchmark", 0, null, null);
        var book = IdentityBook.Load(Path.Combine(store, "no-identities.yaml"), me).Value;
        var ledger = (await Stores.OpenAsync(store, clock ?? TimeProvider.System, new RandomIds(), CancellationToken.None)).Value;
        if (around is not null) ledger = ledger with { Store = around(ledger.Store) };
        return new(ledger, new Flights(ledger, book, runner is null ? null : _ => Outcome.Of(runner)), book.Authenticate(me).Value);
    }

    /// <summary>A directory with a workspace, rules, an engine and a workflow file of one step; gives the workflow.</summary>
    public static WorkflowDefinition Lay(string root, string engine, IEnumerable<(string Path, string Text)> files)
    {
        foreach (var (path, text) in files)
        {
            var full = Path.Combine(root, "workspace", path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllText(full, text);
        }
        var program = Path.Combine(root, "engine.sh");
        File.WriteAllText(program, engine + "\n");
        File.SetUnixFileMode(program, (UnixFileMode)0b111_101_101);
        File.WriteAllText(Path.Combine(root, "rules.yaml"), Rules + "\n");
        var file = Path.Combine(root, WorkflowFile.DefaultName);
        File.WriteAllText(file, "version: 1\nname: benchmark\nworkspace: workspace\npolicies:\n  - rules: rules.yaml\nsteps:\n  - id: one\n    engine: ./engine.sh\n");
        return WorkflowFile.Load(file).Value;
    }

    public async Task<WorkflowId> StartAsync(WorkflowDefinition definition) =>
        (await Flights.StartAsync(definition, Requester, unsandboxed: false, CancellationToken.None)).Value;

    /// <summary>Throws where the flight does not come to the state.</summary>
    public async Task AdvanceAsync(WorkflowId id, FlightGoal goal, LifecycleState expected)
    {
        var report = (await Flights.AdvanceAsync(id, new(goal, TimeSpan.Zero), Silent.Instance, CancellationToken.None)).Value;
        if (report.Problem is not null || report.State.Overall != expected) throw new InvalidOperationException($"the flight did not come to {expected}: {report.Problem?.ToString() ?? report.State.Overall.ToString()}");
    }

    public async ValueTask DisposeAsync()
    {
        await Flights.DisposeAsync();
        await Ledger.DisposeAsync();
    }
}

internal sealed class Silent : IProgress<FlightNews>
{
    public static readonly Silent Instance = new();

    public void Report(FlightNews value)
    {
    }
}

/// <summary>Answers at once that everything went well, and has done nothing.</summary>
internal sealed class IdleRunner(string empty) : IEngineRunner
{
    public string Tier => "idle";

    public async Task<(EngineResult? Result, EngineFailure? Failure)> RunAsync(EngineRun run, CancellationToken ct)
    {
        var cleared = await run.Clearance();
        if (cleared.Problem is { } problem) return (null, new(problem, default, new(default, default, 0, 0)));
        var receipt = new EngineOutput { ProtocolVersion = ProtocolWords.ProtocolVersion, EngineId = "idle", Mode = run.Mode, ReceiptId = "r-1", Status = EngineOutput.Success, Artifacts = [] };
        var bytes = JsonSerializer.SerializeToUtf8Bytes(receipt, ProtocolJson.Default.EngineOutput);
        return (new(receipt, bytes, 0, default, run.Mode == EngineMode.FlightPlan ? DirectoryHandle.Open(empty) : null, new(default, default, 0, 1), Tier), null);
    }
}

/// <summary>Measures how long each commit is waited for.</summary>
internal sealed class TimedStore(IStore inner) : IStore
{
    public ConcurrentBag<double> CommitMs { get; } = [];

    /// <summary>Told each commit before it is written.</summary>
    public Action<Commit> OnCommit { get; set; } = static _ => { };

    public async Task<Outcome<Committed>> CommitAsync(NodeSession session, Claim claim, Commit commit, CancellationToken ct)
    {
        OnCommit(commit);
        return await TimedAsync(() => inner.CommitAsync(session, claim, commit, ct));
    }

    public Task<Outcome<Done>> StartAsync(StreamStart start, CancellationToken ct) => TimedAsync(() => inner.StartAsync(start, ct));

    private async Task<T> TimedAsync<T>(Func<Task<T>> commit)
    {
        var began = Stopwatch.GetTimestamp();
        var done = await commit();
        CommitMs.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        return done;
    }

    public Task<Outcome<Done>> OpenAsync(CancellationToken ct) => inner.OpenAsync(ct);

    public Task<Outcome<NodeSession>> JoinAsync(string node, CancellationToken ct) => inner.JoinAsync(node, ct);

    public Task<Outcome<NodeSession>> RenewAsync(NodeSession session, CancellationToken ct) => inner.RenewAsync(session, ct);

    public Task LeaveAsync(NodeSession session, CancellationToken ct) => inner.LeaveAsync(session, ct);

    public Task<Outcome<int>> ReapAsync(NodeSession session, IReadOnlySet<WorkflowId> running, CancellationToken ct) => inner.ReapAsync(session, running, ct);

    public Task<Outcome<Done>> SignalAsync(TenantId tenant, WorkflowId workflow, Signal signal, IReadOnlyList<AuditEvent> audit, CancellationToken ct) => inner.SignalAsync(tenant, workflow, signal, audit, ct);

    public Task<Outcome<Claim>> ClaimAsync(NodeSession session, TenantId tenant, WorkflowId workflow, CancellationToken ct) => inner.ClaimAsync(session, tenant, workflow, ct);

    public Task<Outcome<Done>> AppendAuditAsync(TenantId tenant, IReadOnlyList<AuditEvent> audit, CancellationToken ct) => inner.AppendAuditAsync(tenant, audit, ct);

    public Task<Outcome<StreamSnapshot>> ReadAsync(TenantId tenant, WorkflowId workflow, CancellationToken ct) => inner.ReadAsync(tenant, workflow, ct);

    public Task<Outcome<IReadOnlyList<StreamHeader>>> ListAsync(TenantId tenant, StreamFilter filter, CancellationToken ct) => inner.ListAsync(tenant, filter, ct);

    public Task<Outcome<AuditPage>> ReadAuditAsync(TenantId tenant, long fromSequence, int countMax, CancellationToken ct) => inner.ReadAuditAsync(tenant, fromSequence, countMax, ct);

    public Task WaitAsync(TenantId tenant, WorkflowId workflow, TimeSpan most, CancellationToken ct) => inner.WaitAsync(tenant, workflow, most, ct);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
