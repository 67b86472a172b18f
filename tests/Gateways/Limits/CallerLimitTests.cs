// What a caller may use holds exactly, however many threads ask at once and wherever the clock stands (MCP-08).
using CabinCrew.Gateways.Firewall.Limits;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Gateways.Tests.Gate;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Tests;

namespace CabinCrew.Gateways.Tests.Limits;

[Clause("MCP-08")]
public sealed class CallerLimitTests
{
    private const int Threads = 64;

    private static int Storm(Func<bool> attempt, int each)
    {
        var (taken, barrier) = (0, new Barrier(Threads));
        var threads = Enumerable.Range(0, Threads).Select(_ => new Thread(() =>
        {
            barrier.SignalAndWait();
            for (var i = 0; i < each; i++)
                if (attempt()) Interlocked.Increment(ref taken);
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        return taken;
    }

    [Fact]
    public void A_rate_lets_in_its_burst_and_what_fills_up_since_and_not_one_more()
    {
        var clock = new SetClock();
        var limits = new CallerLimits(_ => new() { Rate = new(10, TimeSpan.FromSeconds(1), 5) }, null, clock);
        Assert.Equal(5, Storm(() => limits.Admit(GateHouse.Agent) is null, 100));
        clock.Advance(TimeSpan.FromMilliseconds(99));
        Assert.Equal(ProblemCode.CallerRateExceeded, limits.Admit(GateHouse.Agent)!.Code);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, Storm(() => limits.Admit(GateHouse.Agent) is null, 100));
        clock.Advance(TimeSpan.FromMilliseconds(350));
        Assert.Equal(3, Storm(() => limits.Admit(GateHouse.Agent) is null, 100));
        // A long rest fills the bucket and no more.
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(5, Storm(() => limits.Admit(GateHouse.Agent) is null, 100));
    }

    [Fact]
    public void A_clock_that_goes_on_while_many_ask_gives_no_more_than_burst_and_rate()
    {
        var clock = new SetClock();
        var limits = new CallerLimits(_ => new() { Rate = new(1000, TimeSpan.FromSeconds(1), 20) }, null, clock);
        var asked = 0;
        var taken = Storm(() =>
        {
            if (Interlocked.Increment(ref asked) % 10 == 0) clock.Advance(TimeSpan.FromTicks(5_000));
            return limits.Admit(GateHouse.Agent) is null;
        }, 500);
        var passed = TimeSpan.FromTicks(clock.GetTimestamp() - TimeSpan.TicksPerDay);
        Assert.InRange(taken, 1, 20 + (int)passed.TotalMilliseconds);
    }

    [Fact]
    public async Task Open_requests_never_exceed_their_number_and_places_come_back()
    {
        var limits = new CallerLimits(_ => new() { ConcurrencyMax = 7 }, null, new SetClock());
        var (open, most) = (0, 0);
        Storm(() =>
        {
            if (!limits.EnterAsync(GateHouse.Agent, 1, default).AsTask().Result.Try(out var place, out _)) return false;
            var now = Interlocked.Increment(ref open);
            for (var seen = most; now > seen && Interlocked.CompareExchange(ref most, now, seen) != seen; seen = most);
            Thread.SpinWait(50);
            Interlocked.Decrement(ref open);
            place.GiveBack();
            place.GiveBack(); // twice is once
            return true;
        }, 200);
        Assert.InRange(most, 1, 7);
        var places = new List<CallPlace>();
        for (var i = 0; i < 7; i++) places.Add((await limits.EnterAsync(GateHouse.Agent, 1, default)).Value);
        Assert.Equal(ProblemCode.CallerConcurrencyExceeded, (await limits.EnterAsync(GateHouse.Agent, 1, default)).Problem!.Code);
        // Another caller has its own.
        Assert.True((await limits.EnterAsync(GateHouse.Agent with { Name = "other" }, 1, default)).Ok);
    }

    [Fact]
    public async Task A_budget_is_spent_to_the_last_call_and_begins_anew_with_its_period()
    {
        var clock = new SetClock();
        var limits = new CallerLimits(_ => new() { Budget = new(1000, null, TimeSpan.FromHours(1)) }, null, clock);
        Assert.Equal(1000, Storm(() => limits.EnterAsync(GateHouse.Agent, 1, default).AsTask().Result.Ok, 100));
        Assert.Equal(ProblemCode.CallerBudgetExceeded, (await limits.EnterAsync(GateHouse.Agent, 1, default)).Problem!.Code);
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(1000, Storm(() => limits.EnterAsync(GateHouse.Agent, 1, default).AsTask().Result.Ok, 100));
    }

    [Fact]
    public async Task Bytes_of_answers_count_too_and_the_one_that_is_too_much_is_withheld()
    {
        await using var house = await GateHouse.OpenAsync(new() { Limits = new() { Budget = new(null, 400, TimeSpan.FromHours(1)) } });
        var call = Frames.Call("a");
        Assert.Null((await house.ToServerAsync(call)).Refused);
        Assert.Equal(ProblemCode.CallerBudgetExceeded, (await house.ToCallerAsync(Frames.Result($"\"{new string('x', 400)}\""), call)).Refused!.Code);
    }

    [Fact]
    public async Task A_kept_budget_holds_among_several_gateways_and_over_a_restart()
    {
        await using var house = await GateHouse.OpenAsync();
        var budget = new BudgetLimit(200, null, TimeSpan.FromHours(24), Kept: true);
        var nodes = Enumerable.Range(0, 4).Select(_ => new Node(house.Ledger.Store, house.Clock)).ToList();
        var gateways = nodes.ConvertAll(n => new KeptBudgets(house.Ledger, TenantId.Local, n));
        var taken = 0;
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            for (var n = 0; n < 10; n++)
                if ((await gateways[i % 4].TrySpendAsync("agent", budget, new(1, 0), default)) is { Ok: true, Value: true }) Interlocked.Increment(ref taken);
        })));
        Assert.Equal(160, taken);
        foreach (var node in nodes) await node.DisposeAsync();
        await using var next = await house.ReopenAsync();
        var more = 0;
        while ((await next.Kept.TrySpendAsync("agent", budget, new(1, 0), default)).Value) more++;
        // What the dead ones had drawn and not used is lost for this period; nothing is gained.
        Assert.InRange(taken + more, 160, 200);
        Assert.InRange(more, 200 - 160 - (4 * 4), 40);
        next.Clock.Advance(TimeSpan.FromHours(24));
        Assert.True((await next.Kept.TrySpendAsync("agent", budget, new(1, 0), default)).Value);
    }

    [Fact]
    public async Task A_budget_that_cannot_be_kept_lets_nothing_through()
    {
        await using var house = await GateHouse.OpenAsync(new() { Limits = new() { Budget = new(100, null, TimeSpan.FromHours(1), Kept: true) } });
        house.Store.OnCommit = _ => CabinCrew.Tests.Hangar.Cut.Refused;
        Assert.NotNull((await house.ToServerAsync(Frames.Call("a"))).Refused);
    }

    [Fact]
    public async Task At_the_gate_a_place_is_given_back_by_the_answer_a_refusal_a_cancellation_no_answer_and_the_end()
    {
        await using var house = await GateHouse.OpenAsync(new() { Limits = new() { ConcurrencyMax = 1 } });
        var call = Frames.Call("a");
        await PassAsync();
        Assert.Equal(ProblemCode.CallerConcurrencyExceeded, (await house.ToServerAsync(Frames.Call("a", id: "2"))).Refused!.Code);
        await house.ToCallerAsync(Frames.Result("{}"), call);

        house.Judge.Judges = _ => SetJudge.Say(Decision.Deny);
        await house.ToServerAsync(Frames.Call("a"));
        house.Judge.Judges = _ => SetJudge.Say(Decision.Allow);

        await PassAsync();
        await house.ToServerAsync(Frames.Of("""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"""));
        await PassAsync();
        await house.Gate.UnansweredAsync(house.Session(), "files", MessageDirection.ToServer, call);
        using var withdrawn = new CancellationTokenSource();
        Assert.Null((await house.ToServerAsync(Frames.Call("a", id: "9"), ct: withdrawn.Token)).Refused);
        await withdrawn.CancelAsync();
        // The id is free again, too.
        Assert.Null((await house.ToServerAsync(Frames.Call("a", id: "9"))).Refused);
        await house.ToCallerAsync(Frames.Result("{}", "9"), Frames.Call("a", id: "9"));
        await PassAsync();
        await house.Gate.EndAsync(house.Session());
        await PassAsync();

        async Task PassAsync() => Assert.Null((await house.ToServerAsync(Frames.Call("a"))).Refused);
    }

    [Fact]
    public void Impossible_limits_let_nobody_in()
    {
        foreach (var settings in (LimitSettings[])[new() { ConcurrencyMax = 0 }, new() { Rate = new(0, TimeSpan.FromSeconds(1), 1) }, new() { Rate = new(1, TimeSpan.Zero, 1) }, new() { Budget = new(null, null, TimeSpan.FromHours(1)) }])
            Assert.Equal(ProblemCode.GatewayFileInvalid, new CallerLimits(_ => settings, null, new SetClock()).Admit(GateHouse.Agent)!.Code);
    }
}
