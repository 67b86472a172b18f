// Reads a moment after a Go layout. A fraction of the second is taken wherever seconds are, as Go does.
using System.Globalization;

namespace CabinCrew.Rego.Builtins.Times;

internal ref struct TimeReader
{
    private readonly string whole;
    private readonly string layout;
    private ReadOnlySpan<char> rest;
    private long year;
    private int month;
    private int day;
    private int dayOfYear;
    private int hour;
    private int minute;
    private int second;
    private int nanoseconds;
    private bool? afternoon;
    private int? offset;
    private string zone = "UTC";
    private string problem = "";

    private TimeReader(string whole, string layout)
    {
        this.whole = whole;
        this.layout = layout;
        rest = whole;
    }

    /// <summary>Null, and Go's message, where the text does not follow the layout.</summary>
    public static CivilTime? Read(string text, string layout, out string problem)
    {
        var reader = new TimeReader(text, layout);
        var tokens = TimeLayout.Tokens(layout);
        for (var i = 0; i < tokens.Count; i++)
        {
            var before = reader.rest;
            if (reader.Take(tokens[i], i + 1 < tokens.Count && tokens[i + 1].Part is LayoutPart.Fraction or LayoutPart.FractionTrimmed)) continue;
            problem = reader.problem.Length > 0 ? reader.problem : $"parsing time {GoText.Quote(text)} as {GoText.Quote(layout)}: cannot parse {GoText.Quote(before.ToString())} as {GoText.Quote(tokens[i].Text)}";
            return null;
        }

        if (reader.rest.Length > 0) reader.problem = $"parsing time {GoText.Quote(text)}: extra text: {GoText.Quote(reader.rest.ToString())}";
        var time = reader.problem.Length > 0 ? null : reader.Build();
        problem = reader.problem;
        return time;
    }

    private CivilTime? Build()
    {
        if (afternoon == true && hour < 12) hour += 12;
        if (afternoon == false && hour == 12) hour = 0;
        if (dayOfYear > 0)
        {
            if (dayOfYear > (CivilTime.DaysInMonth(year, 2) == 29 ? 366 : 365)) return OutOfRange("day-of-year");
        }
        else
        {
            if (month == 0) month = 1;
            if (day == 0) day = 1;
            if (day > CivilTime.DaysInMonth(year, month)) return OutOfRange("day");
        }

        var days = dayOfYear > 0 ? CivilTime.ToDays(year, 1, dayOfYear) : CivilTime.ToDays(year, month, day);
        var seconds = (days * CivilTime.SecondsPerDay) + (hour * 3_600) + (minute * 60) + second;
        return new CivilTime(seconds - (offset ?? 0), nanoseconds, offset ?? 0, zone);
    }

    private CivilTime? OutOfRange(string what)
    {
        problem = $"parsing time {GoText.Quote(whole)}: {what} out of range";
        return null;
    }

    private bool Take(LayoutToken token, bool fractionFollows)
    {
        switch (token.Part)
        {
            case LayoutPart.Literal: return TakeLiteral(token.Text);
            case LayoutPart.Year: return rest.Length >= 4 && TakeNumber(4, 4, out var fullYear) && (year = fullYear) >= 0;
            case LayoutPart.YearShort: return TakeNumber(2, 2, out var shortYear) && (year = shortYear + (shortYear >= 69 ? 1_900 : 2_000)) > 0;
            case LayoutPart.Month: return TakeName(TimeWriter.Months, 0, out month);
            case LayoutPart.MonthShort: return TakeName(TimeWriter.Months, 3, out month);
            case LayoutPart.MonthNumber: return TakeNumber(1, 2, out month) && InRange(month is >= 1 and <= 12, "month");
            case LayoutPart.MonthNumberPadded: return TakeNumber(2, 2, out month) && InRange(month is >= 1 and <= 12, "month");
            case LayoutPart.WeekDay: return TakeName(Enum.GetNames<DayOfWeek>(), 0, out _);
            case LayoutPart.WeekDayShort: return TakeName(Enum.GetNames<DayOfWeek>(), 3, out _);
            case LayoutPart.Day or LayoutPart.DaySpaced or LayoutPart.DayPadded:
                if (token.Part == LayoutPart.DaySpaced && rest.StartsWith(" ")) rest = rest[1..];
                return TakeNumber(token.Part == LayoutPart.DayPadded ? 2 : 1, 2, out day) && InRange(day >= 1, "day");
            case LayoutPart.DayOfYear or LayoutPart.DayOfYearSpaced:
                while (token.Part == LayoutPart.DayOfYearSpaced && rest.StartsWith(" ")) rest = rest[1..];
                return TakeNumber(token.Part == LayoutPart.DayOfYear ? 3 : 1, 3, out dayOfYear) && InRange(dayOfYear >= 1, "day-of-year");
            case LayoutPart.Hour24: return TakeNumber(1, 2, out hour) && InRange(hour < 24, "hour");
            case LayoutPart.Hour12: return TakeNumber(1, 2, out hour) && InRange(hour <= 12, "hour");
            case LayoutPart.Hour12Padded: return TakeNumber(2, 2, out hour) && InRange(hour <= 12, "hour");
            case LayoutPart.Minute: return TakeNumber(1, 2, out minute) && InRange(minute < 60, "minute");
            case LayoutPart.MinutePadded: return TakeNumber(2, 2, out minute) && InRange(minute < 60, "minute");
            case LayoutPart.Second: return TakeNumber(1, 2, out second) && InRange(second < 60, "second") && TakeImplicitFraction(fractionFollows);
            case LayoutPart.SecondPadded: return TakeNumber(2, 2, out second) && InRange(second < 60, "second") && TakeImplicitFraction(fractionFollows);
            case LayoutPart.HalfDay or LayoutPart.HalfDayLower: return TakeHalfDay(token.Part == LayoutPart.HalfDay);
            case LayoutPart.ZoneName: return TakeZoneName();
            case LayoutPart.Offset: return TakeOffset(token.Text);
            case LayoutPart.Fraction: return rest.Length >= token.Text.Length && TakeFraction(token.Text.Length - 1);
            default: return rest.Length < 2 || rest[0] is not ('.' or ',') || !char.IsAsciiDigit(rest[1]) || TakeFraction(DigitsAt(1));
        }
    }

    private bool InRange(bool fits, string what)
    {
        if (!fits) problem = $"parsing time {GoText.Quote(whole)}: {what} out of range";
        return fits;
    }

    // A space in the layout stands for any number of spaces.
    private bool TakeLiteral(string literal)
    {
        for (var i = 0; i < literal.Length; i++)
        {
            if (literal[i] == ' ')
            {
                if (rest.Length > 0 && rest[0] != ' ') return false;
                rest = rest.TrimStart(' ');
                while (i + 1 < literal.Length && literal[i + 1] == ' ') i++;
            }
            else
            {
                if (rest.Length == 0 || rest[0] != literal[i]) return false;
                rest = rest[1..];
            }
        }

        return true;
    }

    private bool TakeNumber(int least, int most, out int number)
    {
        number = 0;
        var digits = Math.Min(DigitsAt(0), most);
        if (digits < least) return false;
        number = int.Parse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
        rest = rest[digits..];
        return true;
    }

    private readonly int DigitsAt(int start)
    {
        var end = start;
        while (end < rest.Length && char.IsAsciiDigit(rest[end])) end++;
        return end - start;
    }

    private bool TakeName(string[] names, int length, out int number)
    {
        for (number = 1; number <= names.Length; number++)
        {
            var name = length == 0 ? names[number - 1] : names[number - 1][..length];
            if (!rest.StartsWith(name, StringComparison.OrdinalIgnoreCase)) continue;
            rest = rest[name.Length..];
            return true;
        }

        number = 0;
        return false;
    }

    private bool TakeHalfDay(bool upper)
    {
        if (rest.Length < 2) return false;
        var half = rest[..2].ToString();
        if (half != (upper ? "PM" : "pm") && half != (upper ? "AM" : "am")) return false;
        afternoon = half[0] is 'P' or 'p';
        rest = rest[2..];
        return true;
    }

    private bool TakeImplicitFraction(bool fractionFollows) =>
        fractionFollows || rest.Length < 2 || rest[0] is not ('.' or ',') || !char.IsAsciiDigit(rest[1]) || TakeFraction(DigitsAt(1));

    private bool TakeFraction(int digits)
    {
        if (rest.Length < digits + 1 || rest[0] is not ('.' or ',') || DigitsAt(1) < digits) return false;
        var nine = rest.Slice(1, Math.Min(digits, 9)).ToString().PadRight(9, '0');
        nanoseconds = int.Parse(nine, NumberStyles.None, CultureInfo.InvariantCulture);
        rest = rest[(digits + 1)..];
        return true;
    }

    private bool TakeOffset(string shape)
    {
        if (shape[0] == 'Z' && rest.StartsWith("Z"))
        {
            rest = rest[1..];
            offset = 0;
            return true;
        }

        if (rest.Length < shape.Length || rest[0] is not ('+' or '-')) return false;
        var parts = new int[3];
        var at = 1;
        for (var (i, s) = (0, 1); s < shape.Length; i++, s += 2, at += 2)
        {
            if (shape[s] == ':')
            {
                if (rest[at] != ':') return false;
                s++;
                at++;
            }

            if (!int.TryParse(rest.Slice(at, 2), NumberStyles.None, CultureInfo.InvariantCulture, out parts[i])) return false;
        }

        if (!InRange(parts[0] <= 24, "time zone offset hour") || !InRange(parts[1] < 60, "time zone offset minute") || !InRange(parts[2] < 60, "time zone offset second")) return false;
        offset = ((parts[0] * 3_600) + (parts[1] * 60) + parts[2]) * (rest[0] == '-' ? -1 : 1);
        rest = rest[at..];
        return true;
    }

    // Three or four capitals; only UTC and "GMT+n" say anything about the offset.
    private bool TakeZoneName()
    {
        var length = 0;
        while (length < rest.Length && length < 5 && char.IsAsciiLetterUpper(rest[length])) length++;
        if (length is < 3 or > 5) return false;
        zone = rest[..length].ToString();
        rest = rest[length..];
        if (zone == "GMT" && rest.Length > 1 && rest[0] is '+' or '-')
        {
            var digits = Math.Min(DigitsAt(1), 2);
            if (digits > 0 && int.Parse(rest.Slice(1, digits), NumberStyles.None, CultureInfo.InvariantCulture) is var hours and <= 24)
            {
                offset = hours * 3_600 * (rest[0] == '-' ? -1 : 1);
                rest = rest[(digits + 1)..];
            }
        }

        offset ??= 0;
        return true;
    }
}
