// Writes a moment after a Go layout.
using System.Globalization;
using System.Text;

namespace CabinCrew.Rego.Builtins.Times;

internal static class TimeWriter
{
    public static readonly string[] Months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

    public static string Write(CivilTime time, string layout)
    {
        var text = new StringBuilder();
        foreach (var token in TimeLayout.Tokens(layout)) Append(text, time, token);
        return text.ToString();
    }

    private static void Append(StringBuilder text, CivilTime time, LayoutToken token)
    {
        var (year, month, day) = time.Date;
        var hour12 = time.Hour % 12 == 0 ? 12 : time.Hour % 12;
        _ = token.Part switch
        {
            LayoutPart.Literal => text.Append(token.Text),
            LayoutPart.Year => text.Append(Padded(year, 4)),
            LayoutPart.YearShort => text.Append(Padded(Math.Abs(year) % 100, 2)),
            LayoutPart.Month => text.Append(Months[month - 1]),
            LayoutPart.MonthShort => text.Append(Months[month - 1], 0, 3),
            LayoutPart.MonthNumber => text.Append(month),
            LayoutPart.MonthNumberPadded => text.Append(Padded(month, 2)),
            LayoutPart.WeekDay => text.Append(time.DayOfWeek.ToString()),
            LayoutPart.WeekDayShort => text.Append(time.DayOfWeek.ToString(), 0, 3),
            LayoutPart.Day => text.Append(day),
            LayoutPart.DaySpaced => text.Append(CultureInfo.InvariantCulture, $"{day,2}"),
            LayoutPart.DayPadded => text.Append(Padded(day, 2)),
            LayoutPart.DayOfYear => text.Append(Padded(time.DayOfYear, 3)),
            LayoutPart.DayOfYearSpaced => text.Append(CultureInfo.InvariantCulture, $"{time.DayOfYear,3}"),
            LayoutPart.Hour24 => text.Append(Padded(time.Hour, 2)),
            LayoutPart.Hour12 => text.Append(hour12),
            LayoutPart.Hour12Padded => text.Append(Padded(hour12, 2)),
            LayoutPart.Minute => text.Append(time.Minute),
            LayoutPart.MinutePadded => text.Append(Padded(time.Minute, 2)),
            LayoutPart.Second => text.Append(time.Second),
            LayoutPart.SecondPadded => text.Append(Padded(time.Second, 2)),
            LayoutPart.HalfDay => text.Append(time.Hour >= 12 ? "PM" : "AM"),
            LayoutPart.HalfDayLower => text.Append(time.Hour >= 12 ? "pm" : "am"),
            LayoutPart.ZoneName => text.Append(time.ZoneName.Length > 0 ? time.ZoneName : Offset(time.OffsetSeconds, "-07")),
            LayoutPart.Offset => text.Append(Offset(time.OffsetSeconds, token.Text)),
            _ => text.Append(Fraction(time.Nanoseconds, token)),
        };
    }

    private static string Padded(long number, int width) =>
        number < 0 ? "-" + Padded(-number, width) : number.ToString(CultureInfo.InvariantCulture).PadLeft(width, '0');

    private static string Offset(int seconds, string shape)
    {
        if (shape[0] == 'Z' && seconds == 0) return "Z";
        var colon = shape.Contains(':', StringComparison.Ordinal) ? ":" : "";
        var magnitude = Math.Abs(seconds);
        var text = (seconds < 0 ? "-" : "+") + Padded(magnitude / 3_600, 2);
        if (shape.Length > 3) text += colon + Padded(magnitude / 60 % 60, 2);
        if (shape.Length > 6) text += colon + Padded(magnitude % 60, 2);
        return text;
    }

    private static string Fraction(int nanoseconds, LayoutToken token)
    {
        var digits = Padded(nanoseconds, 9)[..Math.Min(token.Text.Length - 1, 9)].PadRight(token.Text.Length - 1, '0');
        if (token.Part == LayoutPart.FractionTrimmed) digits = digits.TrimEnd('0');
        return digits.Length == 0 ? "" : token.Text[0] + digits;
    }
}
