// Durations and sizes as people write them, and how they are taken out of a mapping: a whole number and a unit, nothing implied (90s, 24h, 512MiB).
using System.Globalization;

namespace CabinCrew.Governance.Yaml;

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

    public static TimeSpan? TakeDuration(YamlMap map, string key, TimeSpan maximum)
    {
        if (map.Take(key) is not { } node) return null;
        if (node is YamlScalar { Type: YamlType.Text } scalar && Duration(scalar.Text) is { } duration)
        {
            if (duration <= maximum) return duration;
            map.Errors.Add(node, $"'{key}': expected at most {Write(maximum)}, found {scalar.Text}");
            return null;
        }
        map.Errors.Add(node, $"'{key}': expected {DurationShape}, found {Found(node)}");
        return null;
    }

    public static long? TakeSize(YamlMap map, string key, long minimum, long maximum)
    {
        if (map.Take(key) is not { } node) return null;
        if (node is YamlScalar { Type: YamlType.Text } scalar && Size(scalar.Text) is { } size)
        {
            if (size >= minimum && size <= maximum) return size;
            map.Errors.Add(node, $"'{key}': expected {WriteSize(minimum)} to {WriteSize(maximum)}, found {scalar.Text}");
            return null;
        }
        map.Errors.Add(node, $"'{key}': expected {SizeShape}, found {Found(node)}");
        return null;
    }

    /// <summary>What stands there, for a message.</summary>
    public static string Found(YamlNode node) => node is YamlScalar { Type: not YamlType.Nothing } scalar ? $"'{YamlMap.Clip(scalar.Text)}'" : node.Is;

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
