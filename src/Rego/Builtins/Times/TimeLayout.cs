// Go's time layouts: a layout is the reference time "Mon Jan 2 15:04:05 MST 2006" written the wanted way.
// Source: Go's package time (Layout constants, Format and Parse).
namespace CabinCrew.Rego.Builtins.Times;

internal enum LayoutPart
{
    Literal,
    Month,
    MonthShort,
    MonthNumber,
    MonthNumberPadded,
    WeekDay,
    WeekDayShort,
    Day,
    DaySpaced,
    DayPadded,
    DayOfYear,
    DayOfYearSpaced,
    Hour24,
    Hour12,
    Hour12Padded,
    Minute,
    MinutePadded,
    Second,
    SecondPadded,
    Year,
    YearShort,
    HalfDay,
    HalfDayLower,
    ZoneName,
    Offset,
    Fraction,
    FractionTrimmed,
}

/// <summary>A part of a layout; <paramref name="Text"/> is how it was written.</summary>
internal readonly record struct LayoutToken(LayoutPart Part, string Text);

internal static class TimeLayout
{
    public const string Rfc3339 = "2006-01-02T15:04:05Z07:00";
    public const string Rfc3339Nano = "2006-01-02T15:04:05.999999999Z07:00";

    // The longer one first where one begins another.
    private static readonly (string Text, LayoutPart Part)[] parts =
    [
        ("January", LayoutPart.Month), ("Jan", LayoutPart.MonthShort), ("Monday", LayoutPart.WeekDay), ("Mon", LayoutPart.WeekDayShort), ("MST", LayoutPart.ZoneName),
        ("002", LayoutPart.DayOfYear), ("01", LayoutPart.MonthNumberPadded), ("02", LayoutPart.DayPadded), ("03", LayoutPart.Hour12Padded), ("04", LayoutPart.MinutePadded),
        ("05", LayoutPart.SecondPadded), ("06", LayoutPart.YearShort), ("15", LayoutPart.Hour24), ("1", LayoutPart.MonthNumber), ("2006", LayoutPart.Year), ("2", LayoutPart.Day),
        ("__2", LayoutPart.DayOfYearSpaced), ("_2", LayoutPart.DaySpaced), ("3", LayoutPart.Hour12), ("4", LayoutPart.Minute), ("5", LayoutPart.Second),
        ("PM", LayoutPart.HalfDay), ("pm", LayoutPart.HalfDayLower),
        ("-07:00:00", LayoutPart.Offset), ("-070000", LayoutPart.Offset), ("-07:00", LayoutPart.Offset), ("-0700", LayoutPart.Offset), ("-07", LayoutPart.Offset),
        ("Z07:00:00", LayoutPart.Offset), ("Z070000", LayoutPart.Offset), ("Z07:00", LayoutPart.Offset), ("Z0700", LayoutPart.Offset), ("Z07", LayoutPart.Offset),
    ];

    /// <summary>The names that OPA takes for Go's constants.</summary>
    public static string Named(string layout) => layout switch
    {
        "ANSIC" => "Mon Jan _2 15:04:05 2006",
        "UnixDate" => "Mon Jan _2 15:04:05 MST 2006",
        "RubyDate" => "Mon Jan 02 15:04:05 -0700 2006",
        "RFC822" => "02 Jan 06 15:04 MST",
        "RFC822Z" => "02 Jan 06 15:04 -0700",
        "RFC850" => "Monday, 02-Jan-06 15:04:05 MST",
        "RFC1123" => "Mon, 02 Jan 2006 15:04:05 MST",
        "RFC1123Z" => "Mon, 02 Jan 2006 15:04:05 -0700",
        "RFC3339" => Rfc3339,
        "RFC3339Nano" => Rfc3339Nano,
        _ => layout,
    };

    public static List<LayoutToken> Tokens(string layout)
    {
        var tokens = new List<LayoutToken>();
        var literal = 0;
        for (var at = 0; at < layout.Length;)
        {
            if (Next(layout, at) is not { } token)
            {
                at++;
                continue;
            }

            if (at > literal) tokens.Add(new LayoutToken(LayoutPart.Literal, layout[literal..at]));
            tokens.Add(token);
            literal = at += token.Text.Length;
        }

        if (literal < layout.Length) tokens.Add(new LayoutToken(LayoutPart.Literal, layout[literal..]));
        return tokens;
    }

    private static LayoutToken? Next(string layout, int at)
    {
        if (layout[at] is '.' or ',') return Fraction(layout, at);
        foreach (var (text, part) in parts)
        {
            if (!layout.AsSpan(at).StartsWith(text, StringComparison.Ordinal)) continue;
            // "January" is a month, "Janet" is not; "_2006" is an underscore and a year.
            if (part is LayoutPart.MonthShort && at + 3 < layout.Length && char.IsAsciiLetterLower(layout[at + 3])) continue;
            if (part is LayoutPart.DaySpaced && layout.AsSpan(at + 1).StartsWith("2006", StringComparison.Ordinal)) return null;
            return new LayoutToken(part, text);
        }

        return null;
    }

    // A point or comma and zeros (all digits shown) or nines (trailing zeros cut), not followed by another digit.
    private static LayoutToken? Fraction(string layout, int at)
    {
        var end = at + 1;
        if (end >= layout.Length || layout[end] is not ('0' or '9')) return null;
        while (end < layout.Length && layout[end] == layout[at + 1]) end++;
        if (end < layout.Length && char.IsAsciiDigit(layout[end])) return null;
        return new LayoutToken(layout[at + 1] == '0' ? LayoutPart.Fraction : LayoutPart.FractionTrimmed, layout[at..end]);
    }
}
