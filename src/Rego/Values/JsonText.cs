// JSON string escapes, with Go's answer to half surrogates: U+FFFD, not an error.
using System.Globalization;
using System.Text;

namespace CabinCrew.Rego.Values;

internal static class JsonText
{
    /// <summary>The text between the quotes, whose escapes a JSON reader has already found well-formed.</summary>
    public static string Unescape(ReadOnlySpan<byte> escaped)
    {
        var source = Encoding.UTF8.GetString(escaped);
        var text = new StringBuilder(source.Length);
        for (var i = 0; i < source.Length; i++)
        {
            if (source[i] != '\\')
            {
                text.Append(source[i]);
                continue;
            }

            i++;
            if (source[i] == 'u') i = AppendUnit(text, source, i);
            else text.Append(source[i] switch { 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', var same => same });
        }

        return text.ToString();
    }

    private static int AppendUnit(StringBuilder text, string source, int at)
    {
        var unit = UnitAt(source, at + 1);
        at += 4;
        if (!char.IsSurrogate(unit))
        {
            text.Append(unit);
        }
        else if (char.IsHighSurrogate(unit) && at + 6 < source.Length && source[at + 1] == '\\' && source[at + 2] == 'u'
            && char.IsLowSurrogate(UnitAt(source, at + 3)))
        {
            text.Append(unit).Append(UnitAt(source, at + 3));
            at += 6;
        }
        else
        {
            text.Append('\uFFFD');
        }

        return at;
    }

    private static char UnitAt(string source, int at) => (char)ushort.Parse(source.AsSpan(at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
