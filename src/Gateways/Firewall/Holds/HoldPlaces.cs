// How many messages wait at once, for each caller and in all. Exact under concurrency: a place is taken before anything is asked of anybody.
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall.Holds;

internal sealed class HoldPlaces(int perCallerMax, int totalMax)
{
    private readonly Dictionary<string, int> taken = new(StringComparer.Ordinal);
    private int total;

    public Outcome<IDisposable> Take(string caller)
    {
        lock (taken)
        {
            var own = taken.GetValueOrDefault(caller);
            if (own >= perCallerMax)
                return new Problem(ProblemCode.CallerConcurrencyExceeded, $"{own} messages of this caller wait for approval already; no more may") { Remedy = "Have those answered first (`cabincrew approvals`)." };
            if (total >= totalMax)
                return new Problem(ProblemCode.CallerConcurrencyExceeded, $"{total} messages wait for approval at this gateway already; no more may") { Remedy = "Have those answered first (`cabincrew approvals`)." };
            taken[caller] = own + 1;
            total++;
        }
        return Outcome.Of<IDisposable>(new Place(this, caller));
    }

    private void GiveBack(string caller)
    {
        lock (taken)
        {
            if (--taken[caller] == 0) taken.Remove(caller);
            total--;
        }
    }

    private sealed class Place(HoldPlaces places, string caller) : IDisposable
    {
        private int given;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref given, 1) == 0) places.GiveBack(caller);
        }
    }
}
