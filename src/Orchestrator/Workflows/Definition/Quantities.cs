// Durations and sizes as people write them: a whole number and a unit, nothing implied (90s, 24h, 512MiB).
using System.Globalization;

namespace CabinCrew.Orchestrator.Workflows;

public static class Quantities
{
    public const string DurationShape = "a whole number with a unit s, m, h or d (90s, 15m, 24h, 7d)";
    public const string SizeShape = "a whole number with a unit B, KiB, MiB or GiB (512MiB, 1GiB)";

    /// <summary>Some 28,000 years, and less than a TimeSpan can hold.</summary>
    public const long SecondsMax = 900_000_000_000;

    private static readonly (string Unit, long Seconds)[] DurationUnits = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)];
    private static readonly (string Unit, long Bytes)[] SizeUnits = [("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10), ("B", 1)];

    public static TimeSpan? Duration(string text) =>
        Scaled(text, DurationUnits) is { } seconds && seconds <= SecondsMax ? TimeSpan.FromSeconds(seconds) : null;

    public static long? Size(string text) => Scaled(text, SizeUnits);

    /// <summary>The shortest exact form, as a person would write it.</summary>
    public static string Write(TimeSpan duration)
    {
        var seconds = (long)duration.TotalSeconds;
        var (unit, scale) = DurationUnits.Last(u => seconds % u.Seconds == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{seconds / scale}{unit}");
    }

    public static string WriteSize(long bytes)
    {
        var (unit, scale) = SizeUnits.First(u => bytes % u.Bytes == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{bytes / scale}{unit}");
    }

    private static long? Scaled(string text, (string Unit, long Scale)[] units)
    {
        var digits = 0;
        while (digits < text.Length && char.IsAsciiDigit(text[digits])) digits++;
        // Nine digits times the largest unit stays far below the range of long.
        if (digits is 0 or > 9 || text[0] == '0') return null;
        foreach (var (unit, scale) in units)
            if (text.AsSpan(digits).SequenceEqual(unit))
                return long.Parse(text.AsSpan(0, digits), CultureInfo.InvariantCulture) * scale;
        return null;
    }
}
