// What of a budget is used in the period that runs. Under one lock: the sum never exceeds the budget, whoever asks at once.
namespace CabinCrew.Gateways.Firewall.Limits;

internal sealed class BudgetCount
{
    private readonly Lock gate = new();
    private long period = long.MinValue;
    private BudgetUse used;

    public bool TrySpend(BudgetLimit budget, DateTimeOffset now, BudgetUse more)
    {
        lock (gate)
        {
            Begin(budget, now);
            var sum = used + budget.Counted(more);
            if (!sum.IsWithin(budget.Most)) return false;
            used = sum;
            return true;
        }
    }

    /// <summary>What was reserved becomes what it was. More than that is taken whether it is there or not: it is spent.</summary>
    public void Settle(BudgetLimit budget, DateTimeOffset now, long reserved, long actual)
    {
        lock (gate)
        {
            // Of a period that is over nothing is given back.
            if (!Begin(budget, now) || actual > reserved) used = used with { Cost = Math.Max(0, used.Cost + actual - reserved) };
        }
    }

    // A clock that is set back does not open the period anew.
    private bool Begin(BudgetLimit budget, DateTimeOffset now)
    {
        if (PeriodOf(budget, now) is var current && current <= period) return false;
        (period, used) = (current, default);
        return true;
    }

    public static long PeriodOf(BudgetLimit budget, DateTimeOffset now) => (now - DateTimeOffset.UnixEpoch).Ticks / budget.Period.Ticks;
}
