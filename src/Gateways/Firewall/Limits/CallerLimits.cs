// The limits of each caller: rate, open requests, budget (MCP-08). What is taken is taken under one lock before anything goes on, so that no number of threads gets one call more.
using System.Collections.Concurrent;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall.Limits;

/// <summary>An open request's place. Given back once, when its answer came or it will get none.</summary>
public sealed class CallPlace
{
    private CallerAccount? account;

    internal CallPlace(CallerAccount account) => this.account = account;

    public void GiveBack() => Interlocked.Exchange(ref account, null)?.Leave();
}

/// <param name="settingsOf">The limits in force for a caller.</param>
/// <param name="kept">Where budgets that outlive this process are counted; null: there are none.</param>
public sealed class CallerLimits(Func<MessageCaller, LimitSettings> settingsOf, KeptBudgets? kept, TimeProvider clock)
{
    /// <summary>Callers known at once. Beyond it those who use nothing are forgotten; with none of these, nobody new is let in.</summary>
    public const int CallersMax = 10_000;

    private readonly ConcurrentDictionary<string, CallerAccount> accounts = new(StringComparer.Ordinal);
    private readonly long began = clock.GetTimestamp();

    /// <summary>Whether one more message may come in at all. Asked before anything is done for it.</summary>
    public Problem? Admit(MessageCaller caller)
    {
        if (!AccountOf(caller).Try(out var account, out var problem)) return problem;
        return account.Rate is { } rate && !rate.TryTake(Ticks, out var wait)
            ? new Problem(ProblemCode.CallerRateExceeded, $"'{Plain.Text(caller.Name, 100)}' sends more than its limit allows") { Remedy = $"Try again in {Math.Max(1, Math.Ceiling(wait.TotalMilliseconds)):0} ms." }
            : null;
    }

    /// <summary>Takes a place for one request, and its bytes from the budget.</summary>
    public ValueTask<Outcome<CallPlace>> EnterAsync(MessageCaller caller, long bytes, CancellationToken ct) => EnterAsync(caller, bytes, 0, ct);

    /// <param name="cost">What it may cost at most, in millionths of a dollar: reserved, until it is settled.</param>
    public async ValueTask<Outcome<CallPlace>> EnterAsync(MessageCaller caller, long bytes, long cost, CancellationToken ct)
    {
        if (!AccountOf(caller).Try(out var account, out var problem)) return problem;
        if (!account.TryEnter(caller.Name).Try(out var place, out problem)) return problem;
        if (account.Settings.Budget is not { } budget) return place;
        if (!(await SpendAsync(account, budget, caller, new(1, bytes, cost), ct).ConfigureAwait(false) is { } refused)) return place;
        place.GiveBack();
        return refused;
    }

    /// <summary>An answer's bytes, before it goes on.</summary>
    public async ValueTask<Problem?> ChargeAsync(MessageCaller caller, long bytes, CancellationToken ct)
    {
        if (!AccountOf(caller).Try(out var account, out var problem)) return problem;
        return account.Settings.Budget is { Bytes: not null } budget ? await SpendAsync(account, budget, caller, new(0, bytes), ct).ConfigureAwait(false) : null;
    }

    /// <summary>What a request had reserved becomes what it cost.</summary>
    public async ValueTask SettleAsync(MessageCaller caller, long reserved, long actual)
    {
        if (reserved == actual || !AccountOf(caller).Try(out var account, out _) || account.Settings.Budget is not { Cost: not null } budget) return;
        if (!budget.Kept) account.Spent.Settle(budget, clock.GetUtcNow(), reserved, actual);
        else if (kept is not null) await kept.SettleAsync(caller.Key, budget, reserved, actual).ConfigureAwait(false);
    }

    private async ValueTask<Problem?> SpendAsync(CallerAccount account, BudgetLimit budget, MessageCaller caller, BudgetUse use, CancellationToken ct)
    {
        if (!budget.Kept) return account.Spent.TrySpend(budget, clock.GetUtcNow(), use) ? null : Spent(budget, caller);
        if (kept is null) return Problem.Bug("a budget is to be kept, and there is no place to keep it");
        return (await kept.TrySpendAsync(caller.Key, budget, use, ct).ConfigureAwait(false)).Try(out var taken, out var problem) ? taken ? null : Spent(budget, caller) : problem;
    }

    private static Problem Spent(BudgetLimit budget, MessageCaller caller) =>
        new(ProblemCode.CallerBudgetExceeded, $"'{Plain.Text(caller.Name, 100)}' has used up its budget of {string.Join(" and ", Words(budget))} in {budget.Period}");

    private static IEnumerable<string> Words(BudgetLimit budget)
    {
        if (budget.Calls is { } calls) yield return $"{calls} calls";
        if (budget.Bytes is { } bytes) yield return $"{bytes} bytes";
        if (budget.Cost is { } cost) yield return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{cost / 1e6:0.######} USD");
    }

    private long Ticks => clock.GetElapsedTime(began).Ticks;

    private Outcome<CallerAccount> AccountOf(MessageCaller caller)
    {
        if (accounts.TryGetValue(caller.Key, out var known)) return known;
        if (accounts.Count >= CallersMax)
        {
            foreach (var (name, account) in accounts)
                if (account.IsIdle(Ticks)) accounts.TryRemove(name, out _);
            if (accounts.Count >= CallersMax) return new Problem(ProblemCode.CallerConcurrencyExceeded, $"{CallersMax} callers are at this gateway already");
        }
        var checkedSettings = settingsOf(caller).Checked();
        return checkedSettings.Try(out var settings, out var problem) ? accounts.GetOrAdd(caller.Key, static (_, s) => new CallerAccount(s), settings) : problem;
    }
}

internal sealed class CallerAccount(LimitSettings settings)
{
    private readonly Lock gate = new();
    private int open;

    public LimitSettings Settings => settings;

    public RateBucket? Rate { get; } = settings.Rate is { } rate ? new(rate) : null;

    public BudgetCount Spent { get; } = new();

    public Outcome<CallPlace> TryEnter(string caller)
    {
        lock (gate)
        {
            if (open >= settings.ConcurrencyMax) return new Problem(ProblemCode.CallerConcurrencyExceeded, $"'{Plain.Text(caller, 100)}' has {open} requests open, as many as it may");
            open++;
        }
        return new CallPlace(this);
    }

    public void Leave()
    {
        lock (gate) open--;
    }

    // A budget in use must not be forgotten before its period is over: it would begin anew.
    public bool IsIdle(long now)
    {
        lock (gate) return open == 0 && settings.Budget is not { Kept: false } && (Rate?.IsFull(now) ?? true);
    }
}
