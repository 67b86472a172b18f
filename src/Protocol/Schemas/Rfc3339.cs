// RFC 3339 date-time, always with an offset: a time without one would mean something else on another machine.
using System.Globalization;

namespace CabinCrew.Protocol.Schemas;

internal static class Rfc3339
{
    /// <summary>yyyy-MM-ddTHH:mm:ss, up to seven decimals (what a tick can hold), and Z or an offset. No leap second: .NET has none.</summary>
    public static bool Is(string text)
    {
        if (text.Length is < 20 or > 33 || !Shaped(text)) return false;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out _);
    }

    private static bool Shaped(string text)
    {
        for (var i = 0; i < 19; i++)
        {
            var good = i switch { 4 or 7 => text[i] == '-', 10 => text[i] == 'T', 13 or 16 => text[i] == ':', _ => char.IsAsciiDigit(text[i]) };
            if (!good) return false;
        }
        var rest = text.AsSpan(19);
        if (rest[0] == '.')
        {
            var end = rest[1..].IndexOfAnyExceptInRange('0', '9') + 1;
            if (end is < 2 or > 8) return false;
            rest = rest[end..];
        }
        return rest is "Z" || (rest.Length == 6 && rest[0] is '+' or '-' && rest[3] == ':'
            && char.IsAsciiDigit(rest[1]) && char.IsAsciiDigit(rest[2]) && char.IsAsciiDigit(rest[4]) && char.IsAsciiDigit(rest[5]));
    }
}
