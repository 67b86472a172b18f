// Sizes, durations, times and counts as people read them. Invariant: the same everywhere, no culture.
using System.Globalization;

namespace CabinCrew.Cli.Rendering;

internal static class Quantities
{
    private static readonly string[] Units = ["KiB", "MiB", "GiB", "TiB", "PiB"];

    public static string Bytes(long bytes)
    {
        if (bytes is > -1024 and < 1024) return string.Create(CultureInfo.InvariantCulture, $"{bytes} B");
        double value = bytes;
        var unit = -1;
        do
        {
            value /= 1024;
            unit++;
        }
        while (Math.Abs(value) >= 1023.95 && unit + 1 < Units.Length);
        return Math.Abs(value) >= 99.95
            ? string.Create(CultureInfo.InvariantCulture, $"{value:0} {Units[unit]}")
            : string.Create(CultureInfo.InvariantCulture, $"{value:0.0} {Units[unit]}");
    }

    public static string Duration(TimeSpan span)
    {
        if (span < TimeSpan.Zero) return "-" + Duration(span.Negate());
        if (span.TotalSeconds >= 59.95) span = TimeSpan.FromSeconds(Math.Round(span.TotalSeconds));
        var s = span.TotalSeconds;
        return s switch
        {
            < 0.0095 => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0.0} ms"),
            < 0.9995 => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0} ms"),
            < 60 => string.Create(CultureInfo.InvariantCulture, $"{s:0.0} s"),
            < 3600 => Two((int)span.TotalMinutes, "min", span.Seconds, "s"),
            < 86400 => Two((int)span.TotalHours, "h", span.Minutes, "min"),
            _ => Two((int)span.TotalDays, "d", span.Hours, "h"),
        };
    }

    /// <summary>"3 min ago", "in 2 h": to the largest unit.</summary>
    public static string Relative(DateTimeOffset then, DateTimeOffset now)
    {
        var span = now - then;
        var text = span.Duration() switch
        {
            { TotalSeconds: < 1 } => null,
            { TotalMinutes: < 1 } d => string.Create(CultureInfo.InvariantCulture, $"{(int)d.TotalSeconds} s"),
            { TotalHours: < 1 } d => string.Create(CultureInfo.InvariantCulture, $"{(int)d.TotalMinutes} min"),
            { TotalDays: < 1 } d => string.Create(CultureInfo.InvariantCulture, $"{(int)d.TotalHours} h"),
            var d => Count((int)d.TotalDays, "day"),
        };
        return text is null ? "now" : span > TimeSpan.Zero ? text + " ago" : "in " + text;
    }

    /// <summary>UTC, to the second: 2026-01-31 09:15:00Z.</summary>
    public static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>"1 file", "2 files"; a plural that is not one's own plus s is given.</summary>
    public static string Count(long count, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:#,0} {(count == 1 ? one : many ?? one + "s")}");

    private static string Two(int a, string unitA, int b, string unitB) =>
        b == 0 ? string.Create(CultureInfo.InvariantCulture, $"{a} {unitA}") : string.Create(CultureInfo.InvariantCulture, $"{a} {unitA} {b} {unitB}");
}
