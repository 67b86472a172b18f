// A moment with nanoseconds in a zone, over the whole span that Go's layouts can name. Source: the proleptic Gregorian calendar.
namespace CabinCrew.Rego.Builtins.Times;

/// <summary>Seconds since 1970 in UTC, nanoseconds within the second, and how far local clocks are ahead.</summary>
internal readonly record struct CivilTime(long Seconds, int Nanoseconds, int OffsetSeconds, string ZoneName)
{
    public const long SecondsPerDay = 86_400;
    private const int NanosecondsPerSecond = 1_000_000_000;

    private long LocalSeconds => Seconds + OffsetSeconds;

    private long LocalDay => Math.DivRem(LocalSeconds, SecondsPerDay) is var (day, rest) && rest < 0 ? day - 1 : day;

    public int SecondOfDay => (int)(LocalSeconds - (LocalDay * SecondsPerDay));

    public int Hour => SecondOfDay / 3_600;

    public int Minute => SecondOfDay / 60 % 60;

    public int Second => SecondOfDay % 60;

    public DayOfWeek DayOfWeek => (DayOfWeek)(((LocalDay + 4) % 7 + 7) % 7);

    public (long Year, int Month, int Day) Date => FromDays(LocalDay);

    public int DayOfYear => (int)(LocalDay - ToDays(Date.Year, 1, 1)) + 1;

    public static CivilTime FromUnix(long nanoseconds, Func<long, (int OffsetSeconds, string Name)> zone)
    {
        var seconds = Math.DivRem(nanoseconds, NanosecondsPerSecond, out var rest);
        if (rest < 0) (seconds, rest) = (seconds - 1, rest + NanosecondsPerSecond);
        var (offset, name) = zone(seconds);
        return new CivilTime(seconds, (int)rest, offset, name);
    }

    /// <summary>Null where the moment does not fit 64 bits of nanoseconds.</summary>
    public long? ToUnixNanoseconds()
    {
        var nanoseconds = ((Int128)Seconds * NanosecondsPerSecond) + Nanoseconds;
        return nanoseconds >= long.MinValue && nanoseconds <= long.MaxValue ? (long)nanoseconds : null;
    }

    /// <summary>Days since 1970-01-01; months and days outside of their ranges roll over.</summary>
    public static long ToDays(long year, long month, long day)
    {
        year += FloorDiv(month - 1, 12);
        month = month - 1 - (FloorDiv(month - 1, 12) * 12) + 1;
        // Years are counted from March, so that the leap day is the last.
        if (month <= 2) year--;
        var era = FloorDiv(year, 400);
        var yearOfEra = year - (era * 400);
        var dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;
        return (era * 146_097) + (yearOfEra * 365) + (yearOfEra / 4) - (yearOfEra / 100) + dayOfYear - 719_468 + day - 1;
    }

    public static int DaysInMonth(long year, int month) => (int)(ToDays(year, month + 1, 1) - ToDays(year, month, 1));

    private static (long Year, int Month, int Day) FromDays(long days)
    {
        days += 719_468;
        var era = FloorDiv(days, 146_097);
        var dayOfEra = days - (era * 146_097);
        var yearOfEra = (dayOfEra - (dayOfEra / 1_460) + (dayOfEra / 36_524) - (dayOfEra / 146_096)) / 365;
        var dayOfYear = dayOfEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        var shifted = ((5 * dayOfYear) + 2) / 153;
        var month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
        return (yearOfEra + (era * 400) + (month <= 2 ? 1 : 0), month, (int)(dayOfYear - (((153 * shifted) + 2) / 5) + 1));
    }

    private static long FloorDiv(long dividend, long divisor) => dividend >= 0 ? dividend / divisor : -((-dividend + divisor - 1) / divisor);
}
