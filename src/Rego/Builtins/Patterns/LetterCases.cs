// Which letters are one another's other case, collected once when a pattern first asks for it.
using System.Text;

namespace CabinCrew.Rego.Builtins.Patterns;

internal static class LetterCases
{
    // No letter with a case lies above.
    private const int Last = 0x1E943;

    private static (int Letter, int Other)[]? pairs;

    /// <summary>Every letter with each of its other cases, as Go's simple folding has them.</summary>
    public static (int Letter, int Other)[] Pairs => pairs ??= Collect();

    private static (int, int)[] Collect()
    {
        var found = new List<(int, int)> { ('k', 0x212A), ('K', 0x212A), ('s', 0x17F), ('S', 0x17F), (0x17F, 's'), (0x212A, 'K') };
        for (int c = 'A'; c <= Last; c++)
        {
            if (!Rune.TryCreate(c, out var rune)) continue;
            int upper = Rune.ToUpperInvariant(rune).Value, lower = Rune.ToLowerInvariant(rune).Value;
            if (upper != c) found.Add((c, upper));
            if (lower != c) found.Add((c, lower));
        }

        return [.. found];
    }
}
