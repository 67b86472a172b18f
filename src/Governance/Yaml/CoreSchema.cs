// What a plain scalar means: the YAML 1.2 core schema (https://yaml.org/spec/1.2.2/#103-core-schema), less what JSON or a second reader
// would take for something else. Those are errors, and quotes mend them.
using System.Globalization;

namespace CabinCrew.Governance.Yaml;

internal static class CoreSchema
{
    private const long SafeIntegerMax = (1L << 53) - 1;

    /// <summary>Type and value of a plain scalar, or what is wrong with it.</summary>
    public static (YamlType Type, object? Value, string? Error) Resolve(string text)
    {
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL": return (YamlType.Nothing, null, null);
            case "true" or "True" or "TRUE": return (YamlType.Truth, true, null);
            case "false" or "False" or "FALSE": return (YamlType.Truth, false, null);
        }

        // Nearly every scalar is a word: leave early.
        if (!char.IsAsciiDigit(text[0]) && text[0] is not ('-' or '+' or '.')) return (YamlType.Text, text, null);
        if (text.StartsWith("0x", StringComparison.Ordinal) && text.Length > 2 && text.AsSpan(2).IndexOfAnyExcept(Hex) < 0)
            return Whole(text, text.Length <= 16 ? long.Parse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : null);
        if (text.StartsWith("0o", StringComparison.Ordinal) && text.Length > 2 && text.AsSpan(2).IndexOfAnyExceptInRange('0', '7') < 0)
            return Whole(text, text.Length <= 20 ? Convert.ToInt64(text[2..], 8) : null);

        var unsigned = text[0] is '-' or '+' ? text.AsSpan(1) : text;
        if (unsigned is ".inf" or ".Inf" or ".INF" || text is ".nan" or ".NaN" or ".NAN") return Wrong($"{text} cannot be written as JSON");
        if (unsigned.Length > 0 && unsigned.IndexOfAnyExceptInRange('0', '9') < 0)
        {
            if (unsigned.Length > 1 && unsigned[0] == '0') return Wrong($"a number with a leading zero means different things to different readers");
            return Whole(text, unsigned.Length <= 18 ? long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : null);
        }

        if (!IsFloat(unsigned)) return (YamlType.Text, text, null);
        var number = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (!(Math.Abs(number) <= SafeIntegerMax)) return Wrong($"the number {YamlMap.Clip(text)} is too large: beyond 2^53-1");
        return number == 0 && HasNonZeroDigit(unsigned) ? Wrong($"the number {YamlMap.Clip(text)} is too small: it reads as zero") : (YamlType.Number, number, null);
    }

    private static bool HasNonZeroDigit(ReadOnlySpan<char> number)
    {
        var exponent = number.IndexOfAny('e', 'E');
        return (exponent < 0 ? number : number[..exponent]).ContainsAnyInRange('1', '9');
    }

    private static readonly System.Buffers.SearchValues<char> Hex = System.Buffers.SearchValues.Create("0123456789abcdefABCDEF");

    private static (YamlType, object?, string?) Whole(string text, long? value) =>
        value is { } n && Math.Abs(n) <= SafeIntegerMax ? (YamlType.Integer, n, null) : Wrong($"the whole number {YamlMap.Clip(text)} is beyond 2^53-1");

    private static (YamlType, object?, string?) Wrong(string what) => (YamlType.Text, null, $"{what}; put it in quotes if it is text");

    // (\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
    private static bool IsFloat(ReadOnlySpan<char> s)
    {
        var i = 0;
        var whole = Digits(s, ref i);
        if (i < s.Length && s[i] == '.')
        {
            i++;
            if (Digits(s, ref i) == 0 && whole == 0) return false;
        }
        else if (whole == 0)
        {
            return false;
        }

        if (i == s.Length) return true;
        if (s[i++] is not ('e' or 'E')) return false;
        if (i < s.Length && s[i] is '-' or '+') i++;
        return Digits(s, ref i) > 0 && i == s.Length;
    }

    private static int Digits(ReadOnlySpan<char> s, ref int i)
    {
        var from = i;
        while (i < s.Length && char.IsAsciiDigit(s[i])) i++;
        return i - from;
    }
}
