// A flight whose step declares a network: what goes on record, what the token binds, what policies see, and how a plan is made again from its record.
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workflows.Stages;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Attacks;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Spec;

public sealed class NetworkFlightTests : IAsyncDisposable
{
    private readonly FlightLab lab = new();
    private readonly FarServer far;
    private int answers;

    public NetworkFlightTests() => far = new(r => FarServer.Text($"{r.Method} {r.Target} {Interlocked.Increment(ref answers)}"));

    public async ValueTask DisposeAsync()
    {
        far.Dispose();
        await lab.DisposeAsync();
    }

    private string Declared => $"  network: {{ private: [ 127.0.0.1:{far.Port} ] }}\n";

    private string Base => $"http://127.0.0.1:{far.Port}";

    private async Task<WorkflowDefinition> PrepareAsync(string plan, string takeOff = "true", string step = "", string rules = "default: allow")
    {
        await lab.OpenAsync();
        lab.Engine(plan, takeOff);
        lab.Files.File("rules.yaml", $"version: 1\n{rules}\n{(rules.Contains("rules:", StringComparison.Ordinal) ? "" : "rules: [ { id: keys, when: { paths: '*.key' }, decision: deny, reason: no keys } ]\n")}");
        var read = lab.Workflow(step.Length > 0 ? step : Declared, "rules: ../rules.yaml");
        Assert.True(read.Ok, read.Problem?.ToString());
        return read.Value;
    }

    private static string Report(string said) => $$$"""artifact report "{\"type\":\"report\",\"action\":\"tell\",\"role\":\"evidence\",\"metadata\":{\"said\":\"{{{said}}}\"}}" evidence""";

    private async Task<IReadOnlyList<string>> AuditAsync(string type) =>
        [.. (await lab.Room.Store.ReadAuditAsync(TenantId.Local, 1, 1000, default)).Value.Rows.Select(r => r.Json).Where(j => j.Contains($"\"event_type\":\"{type}\"", StringComparison.Ordinal))];

    [Fact, Clause("ENG-06"), Clause("TOK-02"), Clause("AUD-01")]
    public async Task What_a_flight_said_to_the_network_is_bound_and_told()
    {
        var definition = await PrepareAsync(
            $"v=$(curl -sS {Base}/version); curl -sS -X POST -d x {Base}/write >&2; {Report("$v")}", $"curl -sS -X PUT -d new {Base}/publish >/dev/null");
        var flown = await lab.FlyAsync(definition);
        Assert.Null(flown.Problem);
        var step = flown.State.Steps.Values.Single();
        Assert.Equal([$"127.0.0.1:{far.Port}"], step.Plan!.Network!.Declared);
        Assert.Equal((2, 1), (step.Plan.Network.Exchanges, step.Plan.Network.Refused));
        Assert.Equal((1, 0, 3L), (step.TakeOff!.Network!.Exchanges, step.TakeOff.Network.Refused, step.TakeOff.Network.SentBytes));
        Assert.Equal(["GET", "PUT"], far.Requests.Select(r => r.Method));
        Assert.True(step.Intent is false && flown.State.DefinitionOf(step.Id).HasOutsideEffects);

        var bytes = (await FrozenPlans.LoadAsync(lab.Room, TenantId.Local, flown.State, step.Id, default)).Value;
        Assert.Equal([$"GET {Base}/version 200", $"POST {Base}/write 403"], bytes.Network!.Exchanges.Select(e => $"{e.Method} {e.Url} {e.Status}"));
        Assert.Equal($"PUT {Base}/publish 200", bytes.TakeOffNetwork!.Exchanges.Select(e => $"{e.Method} {e.Url} {e.Status}").Single());
        // The token binds the record.
        Assert.Equal(step.Plan.Network.Log, step.Token!.Extensions!.NetworkHash);
        Assert.Equal(step.Plan.Network.Log.ToString(), PlanTokens.CanonicalForm(step.Plan.TokenInputs(flown.State.Id, step.Id))["network_hash"]!.ToString());
        Assert.NotEqual(step.Token.Token, PlanTokens.Compute(step.Plan.TokenInputs(flown.State.Id, step.Id) with { NetworkHash = Digest.Of("other"u8) }));
        Assert.Null(bytes.VerifyToken());

        var told = await AuditAsync(AuditEventTypes.NetworkRecorded);
        Assert.Equal(2, told.Count);
        Assert.Contains($"\"record\":\"{step.Plan.Network.Log}\"", told[0]);
        Assert.Contains("\"refusals\":[\"network_method_refused: 1\"]", told[0]);
        Assert.Contains("\"mode\":\"take-off\"", told[1]);
    }

    [Fact, Clause("TOK-04"), Clause("ART-05")]
    public async Task A_record_that_was_changed_afterwards_stops_the_flight()
    {
        var definition = await PrepareAsync($"v=$(curl -sS {Base}/version); {Report("$v")}");
        var planned = await lab.FlyAsync(definition, FlightGoal.Plan);
        Assert.Null(planned.Problem);
        var log = planned.State.Steps.Values.Single().Plan!.Network!.Log;
        new KeptBlob(lab.Store, log).Alter("{}"u8);
        Assert.Equal(ProblemCode.BlobCorrupt, (await lab.GoOnAsync(planned.State.Id)).Problem!.Code);
    }

    [Fact, Clause("ENG-07")]
    public async Task Proof_of_determinism_holds_the_network_still()
    {
        // The server never says the same thing twice; the engine is deterministic all the same.
        var definition = await PrepareAsync($"v=$(curl -sS {Base}/version); {Report("$v")}", step: "  determinism: verify\n" + Declared);
        Assert.Null((await lab.FlyAsync(definition)).Problem);
        Assert.Single(far.Requests);
    }

    [Fact, Clause("ENG-07")]
    public async Task An_engine_that_asks_something_else_each_time_is_not_deterministic()
    {
        var definition = await PrepareAsync($"v=$(curl -sS {Base}/$(date +%N) | tr -dc a-z_); {Report("$v")}", step: "  determinism: verify\n" + Declared);
        Assert.Equal(ProblemCode.PlanNotDeterministic, (await lab.FlyAsync(definition)).Problem!.Code);
        Assert.Single(far.Requests);
        Assert.Contains("network_not_recorded: 1", (await AuditAsync(AuditEventTypes.NetworkRecorded))[^1]);
    }

    [Fact, Clause("ENG-07")]
    public async Task A_plan_is_made_again_from_its_record()
    {
        var script = $"v=$(curl -sS {Base}/version); {Report("$v")}";
        var first = await lab.FlyAsync(await PrepareAsync(script), FlightGoal.Plan);
        var again = lab.Workflow($"  network: {{ private: [ 127.0.0.1:{far.Port} ], replay: {first.State.Id} }}\n", "rules: ../rules.yaml").Value;
        var second = await lab.FlyAsync(again, FlightGoal.Plan);
        Assert.Null(second.Problem);
        Assert.Single(far.Requests);
        var (one, two) = (first.State.Steps.Values.Single().Plan!, second.State.Steps.Values.Single().Plan!);
        Assert.Equal(one.Artifacts, two.Artifacts);
        Assert.Equal(one.Network!.Log, two.Network!.Log);

        var unknown = lab.Workflow($"  network: {{ private: [ 127.0.0.1:{far.Port} ], replay: wf-unknown }}\n", "rules: ../rules.yaml").Value;
        Assert.Equal(ProblemCode.NotFound, (await lab.FlyAsync(unknown, FlightGoal.Plan)).Problem!.Code);
    }

    [Fact, Clause("AUD-01"), Clause("ART-07")]
    public async Task Of_a_run_that_failed_the_record_stays()
    {
        var definition = await PrepareAsync($"curl -sS {Base}/before >&2; exit 7");
        Assert.Equal(ProblemCode.EngineExitReserved, (await lab.FlyAsync(definition)).Problem!.Code);
        Assert.Contains("\"exchanges\":1", Assert.Single(await AuditAsync(AuditEventTypes.NetworkRecorded)));
    }

    [Fact, Clause("PRE-05")]
    public async Task Policies_see_what_may_be_reached()
    {
        const string rules = "default: allow\nrules:\n- { id: inside, when: { network: '127.*' }, decision: deny, reason: not into our own network, examples: { match: [ { network: '127.0.0.1:80' } ], no_match: [ { network: example.org } ] } }\n";
        var denied = await lab.FlyAsync(await PrepareAsync(Report("x"), rules: rules));
        Assert.Equal(ProblemCode.PolicyDenied, denied.Problem!.Code);
        Assert.Contains("not into our own network", denied.Problem.Message);
        var other = lab.Workflow("  network: { hosts: [ example.org ] }\n", "rules: ../rules.yaml").Value;
        Assert.Null((await lab.FlyAsync(other)).Problem);
        var unrestricted = lab.Workflow("  network: unrestricted-take-off\n", "rules: ../rules.yaml").Value;
        Assert.Null((await lab.FlyAsync(unrestricted, FlightGoal.Plan)).Problem);
    }

    [Fact, Clause("ENG-06")]
    public async Task A_host_of_take_off_alone_gives_the_flight_plan_nothing_at_all()
    {
        var definition = await PrepareAsync(
            $"(exec 3<>/dev/tcp/127.0.0.1/3128) 2>/dev/null && exit 9; [ -z \"${{HTTPS_PROXY:-}}\" ] || exit 8; {Report("x")}",
            "[ -n \"$HTTPS_PROXY\" ] || exit 8", "  network: { hosts: [ { host: example.org, modes: [ take-off ] } ] }\n");
        var flown = await lab.FlyAsync(definition);
        Assert.Null(flown.Problem);
        Assert.Null(flown.State.Steps.Values.Single().Plan!.Network);
        Assert.Equal(0, flown.State.Steps.Values.Single().TakeOff!.Network!.Exchanges);
    }
}
