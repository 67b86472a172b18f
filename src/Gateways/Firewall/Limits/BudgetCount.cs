// What of a budget is used in the period that runs. Under one lock: the sum never exceeds the budget, whoever asks at once.
namespace CabinCrew.Gateways.Firewall.Limits;

internal sealed class BudgetCount
{
    private readonly Lock gate = new();
    private long period = long.MinValue, calls, bytes;

    public bool TrySpend(BudgetLimit budget, DateTimeOffset now, long addCalls, long addBytes)
    {
        lock (gate)
        {
            // A clock that is set back does not open the period anew.
            if (PeriodOf(budget, now) is var current && current > period) (period, calls, bytes) = (current, 0, 0);
            if (calls + addCalls > (budget.Calls ?? long.MaxValue) || bytes > (budget.Bytes ?? long.MaxValue) - addBytes) return false;
            calls += addCalls;
            bytes += addBytes;
            return true;
        }
    }

    public static long PeriodOf(BudgetLimit budget, DateTimeOffset now) => (now - DateTimeOffset.UnixEpoch).Ticks / budget.Period.Ticks;
}
