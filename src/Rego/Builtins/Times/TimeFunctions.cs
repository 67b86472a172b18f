// time.*: all from the evaluation's fixed clock. "Local" is UTC: an answer must not depend on the machine.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Times;

internal static class TimeFunctions
{
    private const string OutsideRange = "time outside of valid range";
    private const string WhenText = "either number (ns) or [number (ns), string (tz)]";
    private const string When = "any<number, array<number, string>>";

    public static Builtin[] Table =>
    [
        new("time.now_ns", " -> now: number", static (context, _) => NumberValue.Of(context.NowNanoseconds), BuiltinTraits.Nondeterministic),
        new("time.parse_ns", "layout: string, value: string -> ns: number", static (context, args) =>
            context.Text(args, 0, out var layout) && context.Text(args, 1, out var text) ? Parse(context, text, TimeLayout.Named(layout)) : null),
        new("time.parse_rfc3339_ns", "value: string -> ns: number", static (context, args) => context.Text(args, 0, out var text) ? Parse(context, text, TimeLayout.Rfc3339) : null),
        new("time.parse_duration_ns", "duration: string -> ns: number", ParseDuration),
        new("time.format", "x: any<number, array<number, string>, array<number, string, string>> -> formatted timestamp: string", Format),
        new("time.date", $"x: {When} -> date: array<number, number, number>", static (context, args) =>
            Read(context, args, 0, out var time, out _) && time.Date is var (year, month, day) ? Numbers(year, month, day) : null),
        new("time.clock", $"x: {When} -> output: array<number, number, number>", static (context, args) =>
            Read(context, args, 0, out var time, out _) ? Numbers(time.Hour, time.Minute, time.Second) : null),
        new("time.weekday", $"x: {When} -> day: string", static (context, args) => Read(context, args, 0, out var time, out _) ? new StringValue(time.DayOfWeek.ToString()) : null),
        new("time.add_date", "ns: number, years: number, months: number, days: number -> output: number", AddDate),
        new("time.diff", $"ns1: {When}, ns2: {When} -> output: array<number, number, number, number, number, number>", Diff),
    ];

    private static ArrayValue Numbers(params ReadOnlySpan<long> numbers)
    {
        var values = new Value[numbers.Length];
        for (var i = 0; i < values.Length; i++) values[i] = NumberValue.Of(numbers[i]);
        return ArrayValue.Own(values);
    }

    private static Value? Parse(BuiltinContext context, string text, string layout)
    {
        if (TimeReader.Read(text, layout, out var problem) is not { } time) return context.Fail(problem);
        return time.ToUnixNanoseconds() is { } nanoseconds ? NumberValue.Of(nanoseconds) : context.Fail(OutsideRange);
    }

    private static Value? ParseDuration(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var text)) return null;
        return GoDuration.Parse(text, out var problem) is { } nanoseconds ? NumberValue.Of(nanoseconds) : context.Fail(problem);
    }

    private static Value? Format(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!Read(context, args, 0, out var time, out var layout)) return null;
        context.Charge(layout.Length);
        return new StringValue(TimeWriter.Write(time, layout.Length == 0 ? TimeLayout.Rfc3339Nano : TimeLayout.Named(layout)));
    }

    // Nanoseconds, or them with a zone, or them with a zone and a layout.
    private static bool Read(BuiltinContext context, ReadOnlySpan<Value> args, int index, out CivilTime time, out string layout)
    {
        time = default;
        layout = "";
        var parts = args[index] is ArrayValue array ? array.Items : args.Slice(index, 1);
        if (args[index].Kind is not (ValueKind.Array or ValueKind.Number) || parts.IsEmpty)
        {
            context.FailOperand(0, args[index], WhenText);
            return false;
        }

        if (!context.Number(parts, 0, out var number)) return false;
        var zoneName = (parts.Length > 1 ? parts[1] : StringValue.Empty) as StringValue;
        var layoutText = (parts.Length > 2 ? parts[2] : StringValue.Empty) as StringValue;
        if (zoneName is null || layoutText is null)
        {
            context.FailOperand(0, zoneName is null ? parts[1] : parts[2], "string");
            return false;
        }

        if (!number.TryInt64(out var nanoseconds))
        {
            context.Fail("timestamp too big");
            return false;
        }

        if (Zone(zoneName.Text) is not { } zone)
        {
            context.Fail($"unknown time zone {zoneName.Text}");
            return false;
        }

        layout = layoutText.Text;
        time = CivilTime.FromUnix(nanoseconds, zone);
        return true;
    }

    private static Func<long, (int OffsetSeconds, string Name)>? Zone(string name)
    {
        if (name is "" or "UTC" or "Local") return static _ => (0, "UTC");
        // Only plain zone names: no path may reach the zone files.
        if (name.StartsWith('/') || name.Contains("..", StringComparison.Ordinal) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '-' or '+')) return null;
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone)) return null;
        return seconds =>
        {
            var moment = DateTimeOffset.FromUnixTimeSeconds(seconds).UtcDateTime;
            return ((int)zone.GetUtcOffset(moment).TotalSeconds, zone.IsDaylightSavingTime(moment) ? zone.DaylightName : zone.StandardName);
        };
    }

    private static Value? AddDate(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!Read(context, args, 0, out var time, out _)) return null;
        if (!context.Int32(args, 1, out var years) || !context.Int32(args, 2, out var months) || !context.Int32(args, 3, out var days)) return null;
        var (year, month, day) = time.Date;
        var seconds = ((CivilTime.ToDays(year + years, (long)month + months, 1) + day - 1 + days) * CivilTime.SecondsPerDay) + time.SecondOfDay - time.OffsetSeconds;
        return (time with { Seconds = seconds }).ToUnixNanoseconds() is { } nanoseconds ? NumberValue.Of(nanoseconds) : context.Fail(OutsideRange);
    }

    // Years, months, days, hours, minutes and seconds from the earlier to the later, in the first one's zone.
    private static Value? Diff(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!Read(context, args, 0, out var from, out _) || !Read(context, args, 1, out var to, out _)) return null;
        var zoneName = args[0] is ArrayValue { Count: > 1 } array ? ((StringValue)array[1]).Text : "";
        var (offset, name) = Zone(zoneName)!(to.Seconds);
        to = to with { OffsetSeconds = offset, ZoneName = name };
        if ((from.Seconds, from.Nanoseconds).CompareTo((to.Seconds, to.Nanoseconds)) > 0) (from, to) = (to, from);
        var (fromYear, fromMonth, fromDay) = from.Date;
        var (toYear, toMonth, toDay) = to.Date;
        long years = toYear - fromYear, months = toMonth - fromMonth, days = toDay - fromDay;
        var seconds = to.SecondOfDay - from.SecondOfDay;
        if (seconds < 0) (seconds, days) = (seconds + (int)CivilTime.SecondsPerDay, days - 1);
        if (days < 0) (days, months) = (days + CivilTime.DaysInMonth(fromYear, fromMonth), months - 1);
        if (months < 0) (months, years) = (months + 12, years - 1);
        return Numbers(years, months, days, seconds / 3_600, seconds / 60 % 60, seconds % 60);
    }
}
