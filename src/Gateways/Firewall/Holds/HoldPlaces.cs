// How many messages, and how many bytes of them, wait at once. Exact under concurrency: a place is taken before anything is asked of anybody.
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall.Holds;

internal sealed class HoldPlaces(int perCallerMax, int totalMax, long bytesMax)
{
    private readonly Dictionary<string, int> taken = new(StringComparer.Ordinal);
    private int total;
    private long bytes;

    /// <param name="size">Bytes of the message, which is kept as long as it waits.</param>
    public Outcome<IDisposable> Take(string caller, long size)
    {
        lock (taken)
        {
            var own = taken.GetValueOrDefault(caller);
            if (own >= perCallerMax)
                return new Problem(ProblemCode.CallerConcurrencyExceeded, $"{own} messages of this caller wait for approval already; no more may") { Remedy = "Have those answered first (`cabincrew approvals`)." };
            if (total >= totalMax)
                return new Problem(ProblemCode.CallerConcurrencyExceeded, $"{total} messages wait for approval at this gateway already; no more may") { Remedy = "Have those answered first (`cabincrew approvals`)." };
            if (size > bytesMax - bytes)
                return new Problem(ProblemCode.CallerConcurrencyExceeded, $"messages of {bytes} bytes wait for approval at this gateway already; this one has {size}, and {bytesMax} may") { Remedy = "Have those answered first (`cabincrew approvals`), or allow more (`approvals.waiting_size_max`)." };
            taken[caller] = own + 1;
            total++;
            bytes += size;
        }
        return Outcome.Of<IDisposable>(new Place(this, caller, size));
    }

    private void GiveBack(string caller, long size)
    {
        lock (taken)
        {
            if (--taken[caller] == 0) taken.Remove(caller);
            total--;
            bytes -= size;
        }
    }

    private sealed class Place(HoldPlaces places, string caller, long size) : IDisposable
    {
        private int given;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref given, 1) == 0) places.GiveBack(caller, size);
        }
    }
}
