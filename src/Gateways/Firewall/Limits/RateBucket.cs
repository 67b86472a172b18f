// A token bucket in whole ticks (generic cell rate algorithm): in any span of time at most burst + span x rate calls get in, exactly, whoever asks at once.
namespace CabinCrew.Gateways.Firewall.Limits;

internal sealed class RateBucket(RateLimit limit)
{
    private readonly long interval = limit.Per.Ticks / limit.Calls;
    private readonly Lock gate = new();
    private long full = long.MinValue;

    /// <param name="now">Ticks of a clock that never goes back.</param>
    /// <param name="wait">How long until it would let one in.</param>
    public bool TryTake(long now, out TimeSpan wait)
    {
        lock (gate)
        {
            var start = Math.Max(full, now);
            var ahead = start - now + interval - interval * limit.Burst;
            wait = TimeSpan.FromTicks(Math.Max(ahead, 0));
            if (ahead > 0) return false;
            full = start + interval;
            return true;
        }
    }

    public bool IsFull(long now)
    {
        lock (gate) return full <= now;
    }
}
