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

internal sealed record Drawn(long Period, long Calls, long Bytes);

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

    public async Task<Outcome<bool>> TrySpendAsync(string caller, BudgetLimit budget, long calls, long bytes, CancellationToken ct)
    {
        Share share;
        lock (shares)
            if (!shares.TryGetValue(caller, out share!)) shares.Add(caller, share = new());
        await share.Door.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            var period = BudgetCount.PeriodOf(budget, ledger.Clock.GetUtcNow());
            if (period > share.Period) (share.Period, share.Calls, share.Bytes) = (period, 0, 0);
            if ((budget.Calls is not null && share.Calls < calls) || (budget.Bytes is not null && share.Bytes < bytes))
            {
                if (!(await DrawAsync(caller, budget, share, calls, bytes, ct).ConfigureAwait(false)).Try(out var enough, out var problem)) return problem;
                if (!enough) return false;
            }
            if (budget.Calls is not null) share.Calls -= calls;
            if (budget.Bytes is not null) share.Bytes -= bytes;
            return true;
        }
        finally
        {
            share.Door.Release();
        }
    }

    private async Task<Outcome<bool>> DrawAsync(string caller, BudgetLimit budget, Share share, long calls, long bytes, CancellationToken ct)
    {
        var id = WorkflowId.Parse($"{StreamKind}-{Digest.Of(Encoding.UTF8.GetBytes(caller)).Hex[..32]}");
        var drawn = await stream.ChangeAsync(id, caller.ReplaceLineEndings(" "), snapshot => Sum(id, snapshot, share.Period).Map(sum =>
        {
            var more = new Drawn(share.Period, Part(budget.Calls, sum.Calls, share.Calls, calls), Part(budget.Bytes, sum.Bytes, share.Bytes, bytes));
            var isEnough = (budget.Calls is null || share.Calls + more.Calls >= calls) && (budget.Bytes is null || share.Bytes + more.Bytes >= bytes);
            return isEnough
                ? new StreamChange<(bool Enough, Drawn More)>((true, more), [new(WalEntryTypes.BudgetUsed, JsonSerializer.SerializeToElement(more, BudgetJson.Default.Drawn))], [])
                : new((false, more), [], []);
        }), ct).ConfigureAwait(false);
        if (!drawn.Try(out var got, out var problem)) return problem;
        if (!got.Enough) return false;
        share.Calls += got.More.Calls;
        share.Bytes += got.More.Bytes;
        return true;
    }

    private static long Part(long? budget, long drawn, long have, long need) =>
        budget is not { } whole || have >= need ? 0 : Math.Min(whole - drawn, Math.Max(need - have, Math.Max(1, whole / SharesMin)));

    private static Outcome<Drawn> Sum(WorkflowId id, StreamSnapshot snapshot, long period)
    {
        long calls = 0, bytes = 0;
        try
        {
            foreach (var entry in snapshot.Entries)
                if (entry.Data.Deserialize(BudgetJson.Default.Drawn) is { } drawn && drawn.Period == period) (calls, bytes) = (calls + drawn.Calls, bytes + drawn.Bytes);
            return new Drawn(period, calls, bytes);
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
        public long Calls { get; set; }
        public long Bytes { get; set; }
    }
}
