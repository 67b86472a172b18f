// What one caller may use of a gateway (MCP-08). Everything left out is not limited here.
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall.Limits;

public sealed record LimitSettings
{
    public RateLimit? Rate { get; init; }
    /// <summary>Requests that wait for their answer at once, those held for people among them.</summary>
    public int? ConcurrencyMax { get; init; }
    public BudgetLimit? Budget { get; init; }

    /// <summary>The same, or what is impossible about it.</summary>
    public Outcome<LimitSettings> Checked() => this switch
    {
        { Rate: { } rate } when rate.Calls < 1 || rate.Burst < 1 || rate.Per <= TimeSpan.Zero || rate.Per / rate.Calls < TimeSpan.FromTicks(1) => Impossible("a rate needs at least one call, a burst of at least one, and a time"),
        { ConcurrencyMax: < 1 } => Impossible("with a concurrency below one nothing could be called"),
        { Budget: { } budget } when budget.Period < TimeSpan.FromSeconds(1) || budget.Calls < 1 || budget.Bytes < 1 || budget.Cost < 1 || (budget.Calls ?? budget.Bytes ?? budget.Cost) is null => Impossible("a budget needs calls, bytes or a cost of at least one, and a period of at least a second"),
        _ => this,
    };

    private static Problem Impossible(string why) => new(ProblemCode.GatewayFileInvalid, $"the limits cannot be kept: {why}");
}

/// <summary>A bucket of <paramref name="Burst"/> calls that fills up by <paramref name="Calls"/> in every <paramref name="Per"/>.</summary>
public sealed record RateLimit(int Calls, TimeSpan Per, int Burst);

/// <param name="Calls">Requests in one period; null: any number.</param>
/// <param name="Bytes">Of requests and their answers together; null: any number.</param>
/// <param name="Period">Counted from midnight UTC of the epoch on, so that every gateway counts alike.</param>
/// <param name="Kept">What was used is kept in the store, shared by all gateways, and not forgotten at a restart.</param>
public sealed record BudgetLimit(long? Calls, long? Bytes, TimeSpan Period, bool Kept = false)
{
    /// <summary>In millionths of a dollar; null: any.</summary>
    public long? Cost { get; init; }

    internal BudgetUse Most => new(Calls ?? long.MaxValue, Bytes ?? long.MaxValue, Cost ?? long.MaxValue);

    /// <summary>What of a use counts at all here.</summary>
    internal BudgetUse Counted(BudgetUse use) => new(Calls is null ? 0 : use.Calls, Bytes is null ? 0 : use.Bytes, Cost is null ? 0 : use.Cost);
}

/// <summary>What a request or its answer takes of a budget.</summary>
/// <param name="Cost">In millionths of a dollar.</param>
public readonly record struct BudgetUse(long Calls, long Bytes, long Cost = 0)
{
    public static BudgetUse operator +(BudgetUse a, BudgetUse b) => new(a.Calls + b.Calls, a.Bytes + b.Bytes, a.Cost + b.Cost);

    public static BudgetUse operator -(BudgetUse a, BudgetUse b) => new(a.Calls - b.Calls, a.Bytes - b.Bytes, a.Cost - b.Cost);

    /// <summary>No part of it is more than the other's.</summary>
    public bool IsWithin(BudgetUse most) => Calls <= most.Calls && Bytes <= most.Bytes && Cost <= most.Cost;
}
