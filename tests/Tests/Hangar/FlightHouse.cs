// A whole orchestrator to fly in: workspace, store, identities, policies, engines as shell scripts, the real sandbox, a clock that is set.
// Death is simulated by abandoning the store without giving anything back; the next opening finds what a killed process leaves.
using System.Text;
using System.Text.Json;
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Approvals;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Audit;
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Contracts;
using CabinCrew.Tests.Spec;

namespace CabinCrew.Tests.Hangar;

internal sealed class FlightHouse : IAsyncDisposable
{
    public const string Allow = "default: allow";
    public const string Ask = "default: require_approval";
    public const string Deny = "default: { decision: deny, reason: nothing may pass }";

    private static readonly CancellationToken Ct = CancellationToken.None;

    private readonly TempTree tree;

    private FlightHouse(TempTree tree) => this.tree = tree;

    /// <summary>In place of the clock that is set.</summary>
    public TimeProvider? Time { get; init; }

    public IIdSource Ids { get; init; } = new RandomIds();

    public SetClock Clock { get; } = new();
    public string Home => tree["home"];
    public string Workspace => tree["workspace"];
    public string StoreDirectory => tree["store"];
    public LedgerRoom Ledger { get; private set; } = null!;
    public Flights Flights { get; private set; } = null!;
    public IdentityBook Identities { get; private set; } = null!;
    /// <summary>Stands between the orchestrator and the store; a new one for each opening.</summary>
    public CutStore Store { get; private set; } = null!;
    /// <summary>In place of the sandbox, where a test is about something else.</summary>
    public StagedRunner? Runner { get; init; }
    /// <summary>In place of the full sandbox, where a test is about another isolation.</summary>
    public IEngineRunner? Real { get; init; }

    public static async Task<FlightHouse> OpenAsync(string rules = Allow, StagedRunner? runner = null, string? identities = null, IEngineRunner? real = null)
    {
        var house = new FlightHouse(new()) { Runner = runner, Real = real };
        house.tree.File("workspace/a.txt", "one\n").File("workspace/dir/b.txt", "two\n");
        house.Rules(rules);
        house.People(identities ?? Crew);
        await house.ReopenAsync();
        return house;
    }

    /// <summary>A house that stands already, its files as they are. It is somebody else's: it is left standing.</summary>
    public static async Task<FlightHouse> AtAsync(string root, TimeProvider time, IIdSource? ids = null, StagedRunner? runner = null)
    {
        var house = new FlightHouse(TempTree.At(root)) { Time = time, Ids = ids ?? new RandomIds(), Runner = runner };
        await house.ReopenAsync();
        return house;
    }

    /// <summary>Who there is. The token of each is <c>NAME-has-this-token</c>.</summary>
    public static string Crew => $$"""
        version: 1
        identities:
          - { name: agent, kind: automation, roles: [maintainer], token_sha256: {{TokenHash("agent")}} }
          - { name: ann, kind: human, roles: [maintainer], token_sha256: {{TokenHash("ann")}} }
          - { name: ben, kind: human, roles: [maintainer], token_sha256: {{TokenHash("ben")}} }
          - { name: sue, kind: human, roles: [security], token_sha256: {{TokenHash("sue")}} }
          - { name: guest, kind: human, roles: [], token_sha256: {{TokenHash("guest")}} }
        """;

    public Caller Who(string name) => Identities.Authenticate(Me with { Token = Token(name) }).Value;

    public void People(string yaml) => tree.File("identities.yaml", yaml);

    public void Rules(string yaml) => tree.File("home/rules.yaml", "version: 1\n" + yaml.TrimEnd() + (yaml.Contains("rules:", StringComparison.Ordinal)
        ? "\n" : "\nrules:\n  - { id: none, when: { paths: [no/such/path] }, decision: allow, reason: never }\n"));

    public FlightHouse Script(string name, string plan, string takeOff = "apply")
    {
        tree.File("home/engines/" + name, $"{EngineScript.Prelude}\nif [ \"$CABINCREW_MODE\" = flight-plan ]; then :\n{plan}\nelse :\n{takeOff}\nfi\nreceipt\n", executable: true);
        return this;
    }

    public FlightHouse File(string path, string text)
    {
        tree.File(path, text);
        return this;
    }

    /// <summary>A shell where the workspace is <c>workspace</c>.</summary>
    public string Bash(string script) => tree.Bash(script);

    public string this[string path] => tree[path];

    public string Read(string path) => System.IO.File.ReadAllText(tree[path]);

    /// <param name="steps">The YAML of <c>steps:</c>, from the first dash on.</param>
    /// <param name="more">Further top-level keys.</param>
    public WorkflowDefinition Workflow(string steps, string more = "")
    {
        tree.File("home/cabincrew.yaml", $"version: 1\nname: flight\nworkspace: ../workspace\npolicies: [{{ rules: rules.yaml }}]\n{more}\nsteps:\n{steps}\n");
        return WorkflowFile.Load(tree["home/cabincrew.yaml"]).Value;
    }

    public async Task<WorkflowId> StartAsync(WorkflowDefinition definition, string requester = "agent", bool unsandboxed = false) =>
        (await Flights.StartAsync(definition, Who(requester), unsandboxed, Ct)).Value;

    public Task<Outcome<FlightReport>> TryAdvanceAsync(WorkflowId id, FlightGoal goal = FlightGoal.Land, CancellationToken ct = default) =>
        Flights.AdvanceAsync(id, new(goal, TimeSpan.Zero), News, ct);

    public async Task<FlightReport> AdvanceAsync(WorkflowId id, FlightGoal goal = FlightGoal.Land) => (await TryAdvanceAsync(id, goal)).Value;

    /// <summary>Starts and advances in one go.</summary>
    public async Task<FlightReport> FlyAsync(WorkflowDefinition definition, FlightGoal goal = FlightGoal.Land, string requester = "agent") =>
        await AdvanceAsync(await StartAsync(definition, requester), goal);

    /// <summary>A flight of one step whose engine is this script.</summary>
    public Task<FlightReport> FlyScriptAsync(string plan, string takeOff = "apply", string step = "", string more = "", FlightGoal goal = FlightGoal.Land) =>
        FlyAsync(Script("e", plan, takeOff).Workflow($"  - {{ id: one, engine: ./engines/e{(step.Length > 0 ? ", " + step : "")} }}", more), goal);

    public async Task<Outcome<ApprovalResponse>> AnswerAsync(WorkflowId id, string who, bool approved = true, Digest? shown = null, string? reason = null)
    {
        var pending = (await Flights.FindApprovalAsync(id.ToString(), Ct)).Value;
        return await Flights.AnswerAsync(new(pending.Request.ApprovalId, approved, shown ?? pending.Step.Token!.Token, reason), Who(who), Ct);
    }

    public async Task<FlightState> StateAsync(WorkflowId id) => (await Flights.ReadAsync(id, Ct)).Value;

    public async Task<IReadOnlyList<WalEntry>> EntriesAsync(WorkflowId id) => (await Ledger.Store.ReadAsync(TenantId.Local, id, Ct)).Value.Entries;

    public async Task<IReadOnlyList<AuditEvent>> AuditAsync()
    {
        var page = (await Ledger.Store.ReadAuditAsync(TenantId.Local, 1, 10_000, Ct)).Value;
        return [.. page.Rows.Select(r => JsonSerializer.Deserialize(r.Json, ProtocolJson.Default.AuditEvent)!)];
    }

    public async Task<IReadOnlyList<string>> EventsAsync(WorkflowId id) =>
        [.. (await AuditAsync()).Where(e => e.Workflow?.WorkflowId == id.ToString()).Select(e => e.EventType)];

    /// <summary>What the engine of a step said in its flight-plan.</summary>
    public Task<string> LogAsync(FlightState state, string step) => TextAsync(state.Steps[StepId.Parse(step)].Plan!.Log);

    public Task<string> TakeOffLogAsync(FlightState state, string step) => TextAsync(state.Steps[StepId.Parse(step)].TakeOff!.Log);

    public async Task<string> TextAsync(Digest blob) => Encoding.UTF8.GetString((await Ledger.Blobs.GetAsync(TenantId.Local, blob, Ct)).Value.Span);

    public void TamperBlob(Digest blob, string text) => new KeptBlob(StoreDirectory, blob).Alter(Encoding.UTF8.GetBytes(text));

    public void LoseBlob(Digest blob) => new KeptBlob(StoreDirectory, blob).TakeAway();

    /// <summary>The workspace as text: one line for each file, with its content.</summary>
    public string Tree() => string.Join('\n', Directory.EnumerateFileSystemEntries(Workspace, "*", SearchOption.AllDirectories)
        .Where(f => System.IO.File.Exists(f) && !f.Contains("/.cabincrew/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        .Select(f => $"{Path.GetRelativePath(Workspace, f)}: {System.IO.File.ReadAllText(f).Replace("\n", "\\n", StringComparison.Ordinal)}"));

    public List<string> Told { get; } = [];

    /// <summary>Done when a plan is frozen and nobody has judged it.</summary>
    public Func<Task> WhenFrozen { get; set; } = static () => Task.CompletedTask;

    private IProgress<FlightNews> News => new Telling(this);

    /// <summary>Dies: nothing is given back, nothing is written any more. What is opened next is another process, later than every lease.</summary>
    public async Task DieAsync()
    {
        Store.Kill();
        await ReopenAsync();
    }

    /// <summary>A new process: reads the files anew.</summary>
    public async Task ReopenAsync()
    {
        if (Ledger is not null)
        {
            await Flights.DisposeAsync();
            await Ledger.DisposeAsync();
            Clock.Advance(TimeSpan.FromSeconds(16));
        }
        (Ledger, Store, Identities, Flights) = await DoorAsync();
    }

    /// <summary>A second process on the same store, beside the first.</summary>
    public async Task<(LedgerRoom Ledger, CutStore Store, IdentityBook Identities, Flights Flights)> DoorAsync()
    {
        var book = IdentityBook.Load(tree["identities.yaml"], Me).Value;
        var room = (await Stores.OpenAsync(StoreDirectory, Time ?? Clock, Ids, Ct)).Value;
        var store = new CutStore(room.Store);
        room = room with { Store = store };
        return (room, store, book, new Flights(room, book, (Runner ?? Real) is { } staged ? _ => Outcome.Of<IEngineRunner>(staged) : null));
    }

    /// <summary>What holds after every flight, however it ended: replay equals the live state, each transition is in the log and in the audit
    /// log, once and in order, and the audit log verifies (ORC-01, ORC-04, AUD-03).</summary>
    public async Task ProveAsync(WorkflowId id, FlightState? live = null)
    {
        var replayed = await StateAsync(id);
        if (live is not null) Assert.Equal(Text(live), Text(replayed));
        var moves = (await EntriesAsync(id)).Where(e => e.EntryType == WalEntryTypes.StateChanged)
            .Select(e => $"{e.Data.GetProperty("step_id").GetString()} {e.Data.GetProperty("from").GetString()} to {e.Data.GetProperty("to").GetString()}");
        var told = (await AuditAsync()).Where(e => e.EventType == AuditEventTypes.StateChanged && e.Workflow?.WorkflowId == id.ToString())
            .Select(e => $"{e.Workflow!.StepId} {e.Message}");
        Assert.Equal(moves, told);
        Assert.Null((await AuditVerifier.VerifyStoreAsync(Ledger.Store, TenantId.Local, Ledger.Signer.PublicKeyPem, null, Ct)).Problem);
    }

    public async ValueTask DisposeAsync()
    {
        await Flights.DisposeAsync();
        await Ledger.DisposeAsync();
        tree.Dispose();
    }

    public static string Text(FlightState state) => JsonSerializer.Serialize(new
    {
        Id = state.Id.ToString(), state.Requester, state.Unsandboxed, state.CreatedAt, state.UpdatedAt, state.Problem, FailedStep = state.FailedStep?.ToString(), state.FailureLog,
        state.Ended, Overall = state.Overall.Word(),
        Steps = state.Steps.Values.Select(s => new
        {
            Id = s.Id.ToString(), State = s.State.Word(), s.PlanRuns, s.TakeOffRuns, s.Plan, s.Token, s.Evaluations, s.Judgement, s.Request, s.Responses, s.Intent, s.TakeOff, s.InDoubt, s.Resolution, s.Problem,
            s.FailureLog, s.PlannedAt, s.CompletedAt,
        }),
        Timeline = state.Timeline.Select(t => $"{t.Timestamp:O} {t.Sequence} {t.Type} {t.Step} {t.Text}"),
    });

    private static Credentials Me => Cli.Composition.Me(null, null).Value;

    private static string Token(string name) => name + "-has-this-token";

    private static string TokenHash(string name) => Digest.Of(Encoding.UTF8.GetBytes(Token(name))).Hex;

    private sealed class Telling(FlightHouse house) : IProgress<FlightNews>
    {
        public void Report(FlightNews value)
        {
            lock (house.Told) house.Told.Add($"{value.Step} {value.State?.Word()} {value.Text}");
            if (value.State == LifecycleState.PreFlightRunning && value.Text.StartsWith("plan frozen", StringComparison.Ordinal)) house.WhenFrozen().GetAwaiter().GetResult();
        }
    }
}
