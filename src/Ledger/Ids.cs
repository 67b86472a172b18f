// Ids are inputs: random in production, counted in tests and replays.
using System.Security.Cryptography;

namespace CabinCrew.Ledger;

public interface IIdSource
{
    /// <summary>A new id, <c>prefix-xxxxxxxxxx</c>: lower-case letters and digits, unguessable in production.</summary>
    string Next(string prefix);
}

public sealed class RandomIds : IIdSource
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    public string Next(string prefix) => $"{prefix}-{RandomNumberGenerator.GetString(Alphabet, 12)}";
}

/// <summary>For tests and demonstrations that must repeat exactly.</summary>
public sealed class CountedIds : IIdSource
{
    private long last;

    public string Next(string prefix) => $"{prefix}-{Interlocked.Increment(ref last):D6}";
}
