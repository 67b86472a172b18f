// Budgets that outlive the process and are shared by every gateway on one store (MCP-08): a stream for each caller, in which shares of the budget are drawn before they are used.
// Invariant: what all processes may have used is never more than what is drawn in the store, and that is never more than the budget. A crash loses what was drawn and not used: for that period.
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Gateways.Firewall.Limits;

internal sealed record Drawn(long Period, long Calls, long Bytes, long Cost = 0);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(Drawn))]
internal sealed partial class BudgetJson : JsonSerializerContext;

public sealed class KeptBudgets(LedgerRoom ledger, TenantId tenant, Node node)
{
    private const string StreamKind = "budget";

    /// <summary>A share is this part of the budget: so much a crash may lose, so often the store is asked.</summary>
    private const int SharesMin = 50;

    private readonly SharedStream stream = new(ledger, tenant, node);
    private readonly Dictionary<string, Share> shares = new(StringComparer.Ordinal);

    public async Task<Outcome<bool>> TrySpendAsync(string caller, BudgetLimit budget, BudgetUse use, CancellationToken ct)
    {
        var (share, counted) = (ShareOf(caller), budget.Counted(use));
        await share.Door.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            var period = BudgetCount.PeriodOf(budget, ledger.Clock.GetUtcNow());
            if (period > share.Period) (share.Period, share.Left) = (period, default);
            if (!counted.IsWithin(share.Left))
            {
                if (!(await DrawAsync(caller, budget, share, counted, ct).ConfigureAwait(false)).Try(out var enough, out var problem)) return problem;
                if (!enough) return false;
            }
            share.Left -= counted;
            return true;
        }
        finally
        {
            share.Door.Release();
        }
    }

    /// <summary>What was reserved becomes what it was. More than that is taken from what is drawn next: it is spent.</summary>
    public async Task SettleAsync(string caller, BudgetLimit budget, long reserved, long actual)
    {
        var share = ShareOf(caller);
        await share.Door.WaitAsync().ConfigureAwait(false);
        // Of a period that is over nothing is given back.
        if (BudgetCount.PeriodOf(budget, ledger.Clock.GetUtcNow()) == share.Period || actual > reserved) share.Left = share.Left with { Cost = share.Left.Cost + reserved - actual };
        share.Door.Release();
    }

    private Share ShareOf(string caller)
    {
        lock (shares)
        {
            if (!shares.TryGetValue(caller, out var share)) shares.Add(caller, share = new());
            return share;
        }
    }

    private async Task<Outcome<bool>> DrawAsync(string caller, BudgetLimit budget, Share share, BudgetUse need, CancellationToken ct)
    {
        var id = WorkflowId.Parse($"{StreamKind}-{Digest.Of(Encoding.UTF8.GetBytes(caller)).Hex[..32]}");
        var drawn = await stream.ChangeAsync(id, caller.ReplaceLineEndings(" "), snapshot => Sum(id, snapshot, share.Period).Map(sum =>
        {
            var left = share.Left;
            var more = new Drawn(share.Period, Part(budget.Calls, sum.Calls, left.Calls, need.Calls), Part(budget.Bytes, sum.Bytes, left.Bytes, need.Bytes), Part(budget.Cost, sum.Cost, left.Cost, need.Cost));
            return need.IsWithin(left + Use(more))
                ? new StreamChange<(bool Enough, Drawn More)>((true, more), [new(WalEntryTypes.BudgetUsed, JsonSerializer.SerializeToElement(more, BudgetJson.Default.Drawn))], [])
                : new((false, more), [], []);
        }), ct).ConfigureAwait(false);
        if (!drawn.Try(out var got, out var problem)) return problem;
        if (!got.Enough) return false;
        share.Left += Use(got.More);
        return true;
    }

    private static BudgetUse Use(Drawn drawn) => new(drawn.Calls, drawn.Bytes, drawn.Cost);

    private static long Part(long? budget, long drawn, long have, long need) =>
        budget is not { } whole || have >= need ? 0 : Math.Min(whole - drawn, Math.Max(need - have, Math.Max(1, whole / SharesMin)));

    private static Outcome<Drawn> Sum(WorkflowId id, StreamSnapshot snapshot, long period)
    {
        BudgetUse sum = default;
        try
        {
            foreach (var entry in snapshot.Entries)
                if (entry.Data.Deserialize(BudgetJson.Default.Drawn) is { } drawn && drawn.Period == period) sum += Use(drawn);
            return new Drawn(period, sum.Calls, sum.Bytes, sum.Cost);
        }
        catch (JsonException e)
        {
            return new Problem(ProblemCode.StoreCorrupt, $"the budget {id} cannot be read: {e.Message}");
        }
    }

    /// <summary>Drawn and not used yet, in one period.</summary>
    private sealed class Share
    {
        public SemaphoreSlim Door { get; } = new(1, 1);
        public long Period { get; set; } = long.MinValue;
        public BudgetUse Left { get; set; }
    }
}
