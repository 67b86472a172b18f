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
    private const int Length = 12;
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    /// <summary>Taken from the kernel's generator at once: each time that it is asked costs more than an id does.</summary>
    private const int TakenAtOnce = 64 * Length;

    [ThreadStatic] private static char[]? taken;
    [ThreadStatic] private static int left;

    /// <summary>Whether a name is of the form that <see cref="Next"/> gives.</summary>
    public static bool IsOne(string prefix, string name) =>
        name.Length == prefix.Length + 1 + Length && name.StartsWith($"{prefix}-", StringComparison.Ordinal) && name.Skip(prefix.Length + 1).All(c => Alphabet.Contains(c));

    public string Next(string prefix)
    {
        taken ??= new char[TakenAtOnce];
        if (left == 0)
        {
            RandomNumberGenerator.GetItems(Alphabet, taken);
            left = TakenAtOnce;
        }
        left -= Length;
        return string.Concat(prefix, "-", taken.AsSpan(left, Length));
    }
}

/// <summary>For tests and demonstrations that must repeat exactly.</summary>
public sealed class CountedIds : IIdSource
{
    private long last;

    public string Next(string prefix) => $"{prefix}-{Interlocked.Increment(ref last):D6}";
}
