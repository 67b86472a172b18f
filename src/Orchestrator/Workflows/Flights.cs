// The orchestrator's front: start, advance, answer, read. Everything a door (command line, server) may ask of a flight, and nothing else.
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Approvals;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Workflows.Stages;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Workflows;

/// <param name="WaitForPeople">How long to wait for approvals (and for a workspace that another take-off holds) before coming back.</param>
public sealed record AdvanceOptions(FlightGoal Goal, TimeSpan WaitForPeople);

/// <summary>Where a flight stands after it was advanced. <see cref="Problem"/> is null when it landed, or rests at its goal.</summary>
public sealed record FlightReport(FlightState State, Problem? Problem);

/// <param name="Notes">What is not undone, in words.</param>
public sealed record UndoStarted(WorkflowId Workflow, IReadOnlyList<string> Notes);

/// <summary>An open request, with the flight it belongs to.</summary>
public sealed record PendingApproval(FlightState Flight, StepFlight Step, ApprovalRequest Request, ApprovalTally Tally, IReadOnlyList<ApprovalResponse> Responses)
{
    /// <summary>Where the flight stood when this was read: an answer is taken only there, or verified anew.</summary>
    public StreamPoint Point { get; init; }
}

/// <param name="runners">How engines are run, with or without a sandbox; null: for real.</param>
public sealed class Flights(LedgerRoom ledger, IdentityBook identities, Func<bool, Outcome<IEngineRunner>>? runners = null, TextModelLoader? models = null) : IAsyncDisposable
{
    private const int AnswerTriesMax = 50;
    private const string StreamKind = "wf";
    private static readonly TenantId Tenant = TenantId.Local;
    private readonly Node node = new(ledger.Store, ledger.Clock);
    private readonly PolicyPlaces places = new(ledger, models);

    /// <summary>Gives the session with the store back. Before the store is closed, and after every flight of it has come back.</summary>
    public ValueTask DisposeAsync() => node.DisposeAsync();

    /// <summary>Writes the workflow down; nothing runs yet. Policies and isolation are checked first, so that a flight that cannot go is not begun.</summary>
    public Task<Outcome<WorkflowId>> StartAsync(WorkflowDefinition definition, Caller requester, bool unsandboxed, CancellationToken ct) => StartAsync(definition, requester, unsandboxed, null, ct);

    /// <summary>Begins a flight that puts back what another one changed (or one step of it); nothing runs yet. Gives its id, and what is not undone, in words.</summary>
    public async Task<Outcome<UndoStarted>> UndoAsync(WorkflowId id, StepId? step, Caller requester, bool unsandboxed, CancellationToken ct)
    {
        if (!(await ReadAsync(id, ct).ConfigureAwait(false)).Try(out var flight, out var problem)) return problem;
        if (!(await new UndoPlanner(ledger, flight).PlanAsync(step, ct).ConfigureAwait(false)).Try(out var undo, out problem))
            return await TellAsync(id, AuditEventTypes.ProblemReported, problem, requester.Name, ct).ConfigureAwait(false) ?? problem;
        return (await StartAsync(undo.Definition, requester, unsandboxed, undo.Undoes, ct).ConfigureAwait(false)).Map(started => new UndoStarted(started, undo.Notes));
    }

    /// <summary>The flights that undo this one, newest first; one that cannot be read is left out.</summary>
    public async Task<Outcome<IReadOnlyList<FlightState>>> UndoneByAsync(WorkflowId id, CancellationToken ct)
    {
        if (!(await ListAsync(new(CountMax: 100, Name: UndoPlanner.NameFor(id)), ct).ConfigureAwait(false)).Try(out var headers, out var problem)) return problem;
        var found = new List<FlightState>();
        foreach (var header in headers)
            if ((await ReadAsync(header.Workflow, ct).ConfigureAwait(false)).Try(out var state, out _) && state.Undoes?.Workflow == id.ToString()) found.Add(state);
        return found;
    }

    private async Task<Outcome<WorkflowId>> StartAsync(WorkflowDefinition definition, Caller requester, bool unsandboxed, UndoesRecord? undoes, CancellationToken ct)
    {
        if (await CheckAsync(definition, unsandboxed, ct).ConfigureAwait(false) is { } refused) return await RefuseStartAsync(refused, requester, ct).ConfigureAwait(false);
        var id = WorkflowId.Parse(ledger.Ids.Next(StreamKind));
        var audit = new FlightAudit(ledger, id);
        var started = await ledger.Store.StartAsync(new()
        {
            Tenant = Tenant,
            Workflow = id,
            WorkspaceKey = definition.Workspace,
            Header = new(definition.Name, requester.Name, LifecycleState.Init, "started", Finished: false),
            Entries = [FlightEntries.Started(DefinitionSnapshot.Write(definition), requester.Name, unsandboxed, undoes)],
            Audit =
            [
                audit.Event(AuditEventTypes.WorkflowStarted, null, LifecycleState.Init, $"{definition.Name} started by {requester.Name}", actor: requester.Name,
                    data: new() { ["authenticated_by"] = requester.AuthenticatedBy, ["workspace"] = definition.Workspace, ["undoes"] = undoes?.Workflow }),
                .. unsandboxed ? [audit.Event(AuditEventTypes.SandboxDisabled, null, LifecycleState.Init, "engines run without isolation, as the requester asked in so many words", Severity.Critical, requester.Name)] : Array.Empty<AuditEvent>(),
            ],
        }, ct).ConfigureAwait(false);
        return started.Map(_ => id);
    }

    /// <summary>Puts on record that a flight was asked for and not begun: a workflow file that cannot be read, policies that cannot be loaded.</summary>
    public async Task<Problem> RefuseStartAsync(Problem refused, Caller requester, CancellationToken ct) =>
        await TellAsync(null, AuditEventTypes.ProblemReported, refused, requester.Name, ct).ConfigureAwait(false) ?? refused;

    /// <summary>Claims the workflow and flies it as far as the goal and the people allow.</summary>
    public Task<Outcome<FlightReport>> AdvanceAsync(WorkflowId id, AdvanceOptions options, IProgress<FlightNews> news, CancellationToken ct) =>
        ClaimedAsync(id, (journal, stop) => FlyAsync(journal, options, news, stop), Unwritten, ct);

    // What rests well was told from commits that the last one was to make durable: without it there is nothing to tell. A verdict stands by itself.
    private static Outcome<FlightReport> Unwritten(FlightReport report, Problem unwritten) =>
        report.Problem is null or { Code: ProblemCode.ApprovalRequired or ProblemCode.WorkspaceLocked or ProblemCode.Cancelled } ? report with { Problem = unwritten } : report;

    /// <summary>A person has looked at what a take-off in doubt did, and says which it was: the doubt ends, and the workspace is free (ORC-05).</summary>
    public Task<Outcome<FlightState>> ResolveAsync(WorkflowId id, Caller caller, Finding finding, CancellationToken ct) => ClaimedAsync<FlightState>(id, async (journal, stop) =>
    {
        if (Resolution.Refuse(journal.State, caller, identities, ledger.Clock.GetUtcNow(), finding) is { } refused)
            return await TellAsync(id, AuditEventTypes.ProblemReported, refused, caller.Name, stop).ConfigureAwait(false) ?? refused;
        if (!(await Resolution.AbsentAsync(ledger, journal.State, stop).ConfigureAwait(false)).Try(out var absent, out var problem)) return problem;
        return await journal.CommitAsync(state => Resolution.Build(state, new FlightAudit(ledger, id), caller, finding, absent), stop).ConfigureAwait(false);
    }, static (resolved, _) => resolved, ct);

    /// <param name="unreleased">What to say when the claim could not be given back, and with it nothing be made durable that was not so already.</param>
    private async Task<Outcome<T>> ClaimedAsync<T>(WorkflowId id, Func<Journal, CancellationToken, Task<Outcome<T>>> work, Func<T, Problem, Outcome<T>> unreleased, CancellationToken ct)
    {
        var claimed = await node.ClaimAsync(Tenant, id, ct).ConfigureAwait(false);
        if (!claimed.Try(out var hold, out var problem)) return await HaltedAsync(id, problem, ct).ConfigureAwait(false);
        var givenBack = false;
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, hold.Lease.Lost);
            var read = await ReadAsync(id, ct).ConfigureAwait(false);
            if (!read.Try(out var state, out problem)) return await HaltedAsync(id, problem, ct).ConfigureAwait(false);
            using var journal = new Journal(ledger, hold, state);
            Outcome<T> done;
            var released = Outcome.Of(state);
            try
            {
                done = await work(journal, stop.Token).ConfigureAwait(false);
            }
            finally
            {
                // What the caller is told about is durable. The end of a flight is so by itself, and gives the claim back.
                if (journal.State.Ended is null) released = await journal.CommitAsync(_ => Batch.Nothing with { Release = true }, CancellationToken.None).ConfigureAwait(false);
                givenBack = journal.Released;
            }
            return released.Problem is { } unwritten ? done.Then(value => unreleased(value, unwritten)) : done;
        }
        finally
        {
            await node.LeaveAsync(hold, givenBack).ConfigureAwait(false);
        }
    }

    /// <summary>Verifies an answer and records it, or refuses it and records that (APR-03). The flight takes it up when it is next advanced.</summary>
    public async Task<Outcome<ApprovalResponse>> AnswerAsync(Answer answer, Caller caller, CancellationToken ct)
    {
        // Two answers at once, or one while the flight goes on: whoever comes second is verified against what the first one made of it.
        for (var tries = 1; ; tries++)
        {
            var answered = await AnswerOnceAsync(answer, caller, ct).ConfigureAwait(false);
            if (answered.Problem?.Code != ProblemCode.StoreMoved || tries == AnswerTriesMax) return answered;
        }
    }

    private async Task<Outcome<ApprovalResponse>> AnswerOnceAsync(Answer answer, Caller caller, CancellationToken ct)
    {
        var found = await FindApprovalAsync(answer.ApprovalId, ct).ConfigureAwait(false);
        if (!found.Try(out var pending, out var problem)) return await RefuseAsync(null, problem, caller, ct).ConfigureAwait(false);
        var loaded = await FrozenPlans.LoadAsync(ledger, Tenant, pending.Flight, pending.Step.Id, ct).ConfigureAwait(false);
        problem = loaded.Try(out var frozen, out var missing) ? frozen.Stale(ledger.Clock.GetUtcNow()) : missing;
        if (problem is not null) return await RefuseAsync(pending, problem, caller, ct).ConfigureAwait(false);

        var verified = ApprovalDesk.Verify(answer, pending.Request, pending.Responses, pending.Step.Token!.Token, caller, identities, ledger.Clock.GetUtcNow());
        if (!verified.Try(out var response, out problem)) return await RefuseAsync(pending, problem, caller, ct).ConfigureAwait(false);

        var audit = new FlightAudit(ledger, pending.Flight.Id);
        var signalled = await ledger.Store.SignalAsync(Tenant, pending.Flight.Id,
            new(ledger.Ids.Next("sig"), ApprovalStage.SignalKind, System.Text.Json.JsonSerializer.SerializeToElement(response, ProtocolJson.Default.ApprovalResponse)) { OnlyAt = pending.Point },
            [audit.Approval(AuditEventTypes.ApprovalReceived, pending.Step.Id, pending.Request, response, $"{(response.Approved ? "approved" : "rejected")} by {response.Approver}")],
            ct).ConfigureAwait(false);
        return signalled.Map(_ => response);
    }

    /// <summary>Somebody who could not prove who they are: refused, and on record (APR-03).</summary>
    public async Task<Problem> RefuseStrangerAsync(Problem problem, string actor, CancellationToken ct) =>
        await TellAsync(null, AuditEventTypes.ProblemReported, problem, actor, ct).ConfigureAwait(false) ?? problem;

    public async Task<Outcome<FlightState>> ReadAsync(WorkflowId id, CancellationToken ct)
    {
        var read = await ledger.Store.ReadAsync(Tenant, id, ct).ConfigureAwait(false);
        return read.Then(snapshot => FlightFold.Replay(id, snapshot.Entries));
    }

    public Task<Outcome<IReadOnlyList<StreamHeader>>> ListAsync(StreamFilter filter, CancellationToken ct) => ledger.Store.ListAsync(Tenant, filter with { Kind = StreamKind }, ct);

    /// <summary>Every open request, newest flight first.</summary>
    public async Task<Outcome<IReadOnlyList<PendingApproval>>> ApprovalsAsync(CancellationToken ct)
    {
        var listed = await ListAsync(new(OpenOnly: true, CountMax: 1000), ct).ConfigureAwait(false);
        if (!listed.Try(out var headers, out var problem)) return problem;
        var pending = new List<PendingApproval>();
        foreach (var header in headers)
        {
            var read = await ledger.Store.ReadAsync(Tenant, header.Workflow, ct).ConfigureAwait(false);
            if (!read.Try(out var snapshot, out _) || !FlightFold.Replay(header.Workflow, snapshot.Entries).Try(out var state, out _)) continue; // a corrupt stream harms no other (ORC-05); it shows in `status`
            foreach (var step in state.Steps.Values.Where(s => s is { State: LifecycleState.AwaitingApproval, Request: not null }))
            {
                IReadOnlyList<ApprovalResponse> responses = [.. step.Responses, .. ApprovalStage.Answers(snapshot.Inbox, step.Request!.ApprovalId).Select(a => a.Response)];
                pending.Add(new(state, step, step.Request, ApprovalDesk.Tally(step.Request, responses, step.Token!.Token, identities, ledger.Clock.GetUtcNow()), responses) { Point = snapshot.Point });
            }
        }
        return Outcome.Of<IReadOnlyList<PendingApproval>>(pending);
    }

    /// <summary>An approval by its id, or the only open one of a workflow by the workflow's id.</summary>
    public async Task<Outcome<PendingApproval>> FindApprovalAsync(string approvalOrWorkflow, CancellationToken ct)
    {
        var all = await ApprovalsAsync(ct).ConfigureAwait(false);
        if (!all.Try(out var open, out var problem)) return problem;
        var hits = open.Where(p => p.Request.ApprovalId == approvalOrWorkflow || p.Flight.Id.ToString() == approvalOrWorkflow).ToList();
        return hits.Count switch
        {
            1 => hits[0],
            0 => new Problem(ProblemCode.ApprovalNotFound, $"no open approval '{approvalOrWorkflow}'"),
            _ => new Problem(ProblemCode.InvalidArgument, $"workflow {approvalOrWorkflow} has {hits.Count} open approvals: {string.Join(", ", hits.Select(h => h.Request.ApprovalId))}") { Remedy = "Name one of them." },
        };
    }

    private async Task<Outcome<FlightReport>> FlyAsync(Journal journal, AdvanceOptions options, IProgress<FlightNews> news, CancellationToken ct)
    {
        var definition = journal.State.Definition;
        // The store may have moved, or been named differently, since the flight began.
        var problem = StoreBoundary.Fault(ledger.Directory, definition);
        if (problem is not null || !Runner(definition, journal.State.Unsandboxed).Try(out var runner, out problem) )
            return await TellAsync(journal.State.Id, AuditEventTypes.ProblemReported, problem, "orchestrator", ct).ConfigureAwait(false) ?? problem;
        if (!(await places.LoadAsync(definition, readOnly: false, ct).ConfigureAwait(false)).Try(out var policies, out problem))
            return await TellAsync(journal.State.Id, AuditEventTypes.ProblemReported, problem, "orchestrator", ct).ConfigureAwait(false) ?? problem;
        var audit = new FlightAudit(ledger, journal.State.Id);
        if (runner.Because is { } because && (await ledger.Store.AppendAuditAsync(Tenant, [audit.Reduced(because)], ct).ConfigureAwait(false)).Problem is { } unwritten) return unwritten;
        var secrets = new FlightSecrets(ledger, definition);
        using var gate = new WorkspaceGate();
        await using var afterwards = new Afterwards();
        var crew = new FlightRunner(journal, audit, step => new(ledger, journal, step, policies, identities, runner, audit, secrets, gate, afterwards, news));
        var until = ledger.Clock.GetUtcNow() + options.WaitForPeople;
        while (true)
        {
            problem = await crew.FlyAsync(options.Goal, ct).ConfigureAwait(false);
            var now = ledger.Clock.GetUtcNow();
            if (problem?.Code is not (ProblemCode.ApprovalRequired or ProblemCode.WorkspaceLocked) || until <= now || ct.IsCancellationRequested) break;
            try
            {
                await ledger.Store.WaitAsync(Tenant, journal.State.Id, Waiting.Pause(journal.State, now, until), ct).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                break; // the wait was given up; the flight goes on waiting in the store
            }
        }
        return new FlightReport(journal.State, problem);
    }

    private async Task<Problem?> CheckAsync(WorkflowDefinition definition, bool unsandboxed, CancellationToken ct) =>
        StoreBoundary.Fault(ledger.Directory, definition) ?? new SecretConsents(ledger).Missing(definition) ?? (await places.LoadAsync(definition, readOnly: false, ct).ConfigureAwait(false)).Problem ?? Runner(definition, unsandboxed).Problem;

    private Outcome<IEngineRunner> Runner(WorkflowDefinition definition, bool unsandboxed) =>
        runners is null ? EngineRunners.Create(unsandboxed, definition.ReducedIsolation) : runners(unsandboxed);

    /// <summary>Corrupt state halts that workflow alone, and says so in the log (ORC-05).</summary>
    private async Task<Problem> HaltedAsync(WorkflowId id, Problem problem, CancellationToken ct) => problem.Code is ProblemCode.StoreCorrupt or ProblemCode.IllegalTransition
        ? await TellAsync(id, AuditEventTypes.StateHalted, problem, "orchestrator", ct).ConfigureAwait(false) ?? problem
        : problem;

    private async Task<Problem> RefuseAsync(PendingApproval? pending, Problem problem, Caller caller, CancellationToken ct)
    {
        if (pending is null) return await TellAsync(null, AuditEventTypes.ApprovalRefused, problem, caller.Name, ct).ConfigureAwait(false) ?? problem;
        var told = await ledger.Store.AppendAuditAsync(Tenant,
            [new FlightAudit(ledger, pending.Flight.Id).Approval(AuditEventTypes.ApprovalRefused, pending.Step.Id, pending.Request, null, problem.ToString(), problem, caller.Name)], ct).ConfigureAwait(false);
        return told.Problem ?? (problem.Where is null ? problem.At($"approval {pending.Request.ApprovalId}") : problem);
    }

    private async Task<Problem?> TellAsync(WorkflowId? id, string type, Problem problem, string actor, CancellationToken ct)
    {
        var told = await ledger.Store.AppendAuditAsync(Tenant, [new FlightAudit(ledger, id).Problem(type, null, LifecycleState.Init, problem, actor)], ct).ConfigureAwait(false);
        return told.Problem;
    }
}
