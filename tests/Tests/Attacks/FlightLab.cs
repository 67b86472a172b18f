// A whole house to attack: a workspace, a store of its own, two people, a workflow with one hostile engine written in shell.
using CabinCrew.Governance.Access;
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Tests.Spec;
using Xunit;

namespace CabinCrew.Tests.Attacks;

internal sealed class FlightLab : IAsyncDisposable
{
    public static readonly Caller Rita = new("rita", ["maintainer"], true, "os_user"), Max = new("max", ["maintainer"], true, "os_user");

    private readonly TempTree tree = new();
    private LedgerRoom? room;

    public TempTree Files => tree;

    public string Workspace => Directory.CreateDirectory(tree["ws"]).FullName;

    public string Store { get; set; }

    public FlightLab() => Store = tree["store"];

    public LedgerRoom Room => room!;

    public Flights Flights { get; private set; } = null!;

    public async Task<FlightLab> OpenAsync(Func<LedgerRoom, LedgerRoom>? change = null)
    {
        room = (await Stores.OpenAsync(Store, TimeProvider.System, new RandomIds(), default)).Value;
        room = change?.Invoke(room) ?? room;
        tree.File("identities.yaml", "version: 1\nidentities:\n- {name: rita, kind: human, roles: [maintainer], os_user: 1}\n- {name: max, kind: human, roles: [maintainer], os_user: 2}\n");
        Flights = new(room, IdentityBook.Load(tree["identities.yaml"], new("x", OwnUid(), null, null)).Value);
        return this;
    }

    /// <summary>An engine whose flight-plan and take-off are these shell texts; <c>artifact NAME JSON</c> writes one, <c>done_</c> ends with the receipt.</summary>
    public void Engine(string plan, string takeOff) => tree.File("ws/engine.sh", $$"""
        #!/bin/bash
        set -eu
        list=
        artifact() { mkdir "$CABINCREW_ARTIFACTS_DIR/$1"; printf %s "$2" > "$CABINCREW_ARTIFACTS_DIR/$1/artifact.json"; list="$list${list:+,}{\"name\":\"$1\",\"role\":\"$3\",\"path\":\"$1/artifact.json\",\"hash\":\"sha256:$(printf %s "$2" | sha256sum | cut -d' ' -f1)\"}"; }
        receipt() { printf '{"protocol_version":"draft-1","engine_id":"x","mode":"%s","receipt_id":"r","status":"%s","artifacts":[%s]%s}\n' "$CABINCREW_MODE" "$1" "$list" "${2:-}"; }
        input=$(cat)
        if [ "$CABINCREW_MODE" = take-off ]; then
        : ; {{takeOff}}
        else
        : ; {{plan}}
        fi
        receipt success
        """, executable: true);

    public Outcome<WorkflowDefinition> Workflow(string step = "", string policies = "builtin: defaults")
    {
        tree.File("ws/cabincrew.yaml", $"version: 1\nname: lab\npolicies:\n- {policies}\nsteps:\n- id: one\n  engine: ./engine.sh\n{step}");
        return WorkflowFile.Load(tree["ws/cabincrew.yaml"]);
    }

    public async Task<FlightReport> FlyAsync(WorkflowDefinition definition, FlightGoal goal = FlightGoal.Land)
    {
        var id = await Flights.StartAsync(definition, Rita, unsandboxed: false, default);
        Assert.True(id.Ok, id.Problem?.ToString());
        return await GoOnAsync(id.Value, goal);
    }

    public async Task<FlightReport> GoOnAsync(WorkflowId id, FlightGoal goal = FlightGoal.Land)
    {
        var flown = await Flights.AdvanceAsync(id, new(goal, TimeSpan.Zero), new Progress(Told), default);
        Assert.True(flown.Ok, flown.Problem?.ToString());
        return flown.Value;
    }

    /// <summary>All that was told to a terminal.</summary>
    public List<string> Told { get; } = [];

    public async ValueTask DisposeAsync()
    {
        if (room is not null) await room.DisposeAsync();
        tree.Dispose();
    }

    private static int OwnUid() => int.Parse(TempTree.Run("/", "id", "-u").Trim(), System.Globalization.CultureInfo.InvariantCulture);

    private sealed class Progress(List<string> told) : IProgress<FlightNews>
    {
        public void Report(FlightNews value)
        {
            lock (told) told.Add(value.Text);
        }
    }
}
