// One seed drives several nodes on one store: claims, commits, stale claims, lost leases, abandoned nodes, clock jumps.
// A model remembers every acknowledged commit: none may be lost, none may come from a stale owner, and the audit chain stays whole.
using CabinCrew.Ledger;
using CabinCrew.Ledger.Audit;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Contracts;
using Xunit;

namespace CabinCrew.Tests.Simulation;

[Clause("ORC-04")]
[Clause("ORC-05")]
[Clause("ORC-06")]
public sealed class StoreSimulationTests : IAsyncDisposable
{
    private const int Nodes = 3, Flights = 5, Steps = 400;

    private readonly string directory = Path.Combine(Path.GetTempPath(), "cabincrew-sim-" + Guid.NewGuid().ToString("N"));
    private readonly SetClock clock = new();
    private readonly Node[] nodes = new Node[Nodes];
    private readonly Flight[] flights = [.. Enumerable.Range(0, Flights).Select(i => new Flight(WorkflowId.Parse($"wf-{i}"), i % 2))];
    private readonly int[] fences = new int[2];
    private long audited;

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes)
            if (node is not null) await node.Room.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(20260131)]
    public async Task Nothing_acknowledged_is_lost_and_nothing_stale_gets_in(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < Nodes; i++) nodes[i] = await BornAsync();
        foreach (var flight in flights) await StartAsync(flight);
        try
        {
            for (var step = 0; step < Steps; step++)
            {
                var node = random.Next(Nodes);
                switch (random.Next(12))
                {
                    case 0: clock.Advance(TimeSpan.FromSeconds(random.Next(1, 9))); break;
                    case 1: await RenewAsync(nodes[node]); break;
                    case 2: Assert.True((await nodes[node].Room.Store.ReapAsync(nodes[node].Session, nodes[node].Claims.Select(c => c.Workflow).ToHashSet(), default)) is { Ok: true } or { Problem.Code: ProblemCode.StoreFenced }); break;
                    case 3 when random.Next(4) == 0: nodes[node] = await RebornAsync(nodes[node]); break;
                    case 4 or 5 or 6: await ClaimAsync(nodes[node], flights[random.Next(Flights)]); break;
                    default: await CommitAsync(nodes[node], random); break;
                }
            }
            await EndAsync();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
        }
    }

    private static async Task ClaimAsync(Node node, Flight flight)
    {
        var claimed = await node.Room.Store.ClaimAsync(node.Session, TenantId.Local, flight.Id, default);
        if (!claimed.Try(out var claim, out var problem))
        {
            Assert.Contains(problem.Code, (ProblemCode[])[ProblemCode.WorkflowBusy, ProblemCode.StoreFenced]);
            return;
        }
        Assert.True(claim.Epoch > flight.Epoch, "an epoch was given out twice");
        Assert.Equal(flight.Entries.Count, claim.NextSequence);
        Assert.Equal(flight.Intent, claim.DanglingIntent);
        flight.Epoch = claim.Epoch;
        node.Claims.Add(claim);
    }

    // Stale claims are kept and tried again on purpose.
    private async Task CommitAsync(Node node, Random random)
    {
        if (node.Claims.Count == 0) return;
        var claim = node.Claims[random.Next(node.Claims.Count)];
        var flight = flights.Single(f => f.Id == claim.Workflow);
        var text = $"{claim.Epoch}-{flight.Entries.Count}-{random.Next()}";
        var wantsLock = random.Next(3) == 0;
        var releases = flight.Locked && random.Next(2) == 0;
        var commit = new Commit
        {
            ExpectedSequence = random.Next(10) == 0 ? flight.Entries.Count + 1 : flight.Entries.Count,
            Entries = [new EntryDraft("note", System.Text.Json.JsonSerializer.SerializeToElement(text))],
            Audit = [Event(text)],
            Lock = releases ? LockMove.Release : wantsLock ? LockMove.Acquire : LockMove.None,
            Intent = releases ? IntentMove.Clear : wantsLock ? IntentMove.Set : IntentMove.None,
            ReleaseClaim = random.Next(5) == 0,
        };
        var committed = await node.Room.Store.CommitAsync(node.Session, claim, commit, default);
        if (!committed.Try(out var done, out var problem))
        {
            Assert.Contains(problem.Code, (ProblemCode[])[ProblemCode.StoreFenced, ProblemCode.WorkspaceLocked]);
            if (problem.Code == ProblemCode.WorkspaceLocked) Assert.Contains(flights, f => f.Locked && f.Workspace == flight.Workspace && f != flight);
            return;
        }
        Assert.Equal(flight.Epoch, claim.Epoch);
        Assert.Equal(flight.Entries.Count, commit.ExpectedSequence);
        flight.Entries.Add(text);
        audited++;
        if (commit.Lock == LockMove.Acquire)
        {
            Assert.DoesNotContain(flights, f => f.Locked && f.Workspace == flight.Workspace && f != flight);
            Assert.True(done.LockFence > fences[flight.Workspace], "a fence did not grow");
            fences[flight.Workspace] = (int)done.LockFence!.Value;
            flight.Locked = flight.Intent = true;
        }
        if (releases) flight.Locked = flight.Intent = false;
        if (commit.ReleaseClaim) flight.Epoch = claim.Epoch;
    }

    private static async Task RenewAsync(Node node)
    {
        if ((await node.Room.Store.RenewAsync(node.Session, default)).Ok) return;
        // A node that lost its lease joins again and starts with nothing; its old claims stay around to be refused.
        node.Session = (await node.Room.Store.JoinAsync("node", default)).Value;
    }

    private async Task EndAsync()
    {
        foreach (var flight in flights)
        {
            var read = (await nodes[0].Room.Store.ReadAsync(TenantId.Local, flight.Id, default)).Value;
            Assert.Equal(flight.Entries, read.Entries.Select(e => e.Data.GetString()!));
            Assert.Equal(flight.Intent, read.Intent);
        }
        var report = (await AuditVerifier.VerifyStoreAsync(nodes[1].Room.Store, TenantId.Local, nodes[1].Room.Signer.PublicKeyPem, null, default)).Value;
        Assert.Equal(audited, report.Events);
        Assert.Contains(flights, f => f.Entries.Count > 5);
    }

    private async Task StartAsync(Flight flight)
    {
        Assert.True((await nodes[0].Room.Store.StartAsync(new StreamStart
        {
            Tenant = TenantId.Local, Workflow = flight.Id, WorkspaceKey = $"/ws/{flight.Workspace}", Audit = [Event("start")],
            Header = new StreamHeaderState("f", "r", LifecycleState.Init, "", false), Entries = [new EntryDraft("note", System.Text.Json.JsonSerializer.SerializeToElement("start"))],
        }, default)).Ok);
        flight.Entries.Add("start");
        audited++;
    }

    private async Task<Node> BornAsync()
    {
        var room = (await Stores.OpenAsync(directory, clock, new CountedIds(), default)).Value;
        return new Node(room) { Session = (await room.Store.JoinAsync("node", default)).Value };
    }

    // Without leaving: its claims stay until its lease ends. The newborn still holds the old claims, as a paused owner would.
    private async Task<Node> RebornAsync(Node old)
    {
        await old.Room.DisposeAsync();
        var node = await BornAsync();
        node.Claims.AddRange(old.Claims);
        return node;
    }

    private AuditEvent Event(string text) => new() { EventId = $"event-{text}", Timestamp = clock.GetUtcNow(), EventType = "state_changed" };

    private sealed class Node(LedgerRoom room)
    {
        public LedgerRoom Room => room;
        public required NodeSession Session { get; set; }
        public List<Claim> Claims { get; } = [];
    }

    private sealed class Flight(WorkflowId id, int workspace)
    {
        public WorkflowId Id => id;
        public int Workspace => workspace;
        public List<string> Entries { get; } = [];
        public long Epoch { get; set; }
        public bool Locked { get; set; }
        public bool Intent { get; set; }
    }
}
