// One verb of a Go format over one value.
using System.Globalization;
using System.Numerics;
using System.Text;
using CabinCrew.Rego.Builtins.Numbers;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Strings;

internal record struct FormatFlags(bool Sharp, bool Zero, bool Plus, bool Minus, bool Space, int? Width, int? Precision);

internal static class FormatVerb
{
    /// <summary>The Go type that OPA hands to fmt for this value.</summary>
    public static string TypeOf(Value value) => value switch
    {
        NumberValue { IsWrittenWhole: true } number => number.TryInt64(out _) ? "int" : "*big.Int",
        NumberValue number when double.IsFinite(number.ToDouble()) => "float64",
        _ => "string",
    };

    public static void Append(StringBuilder text, Rune verb, FormatFlags flags, Value value)
    {
        if (verb.Value == 'T')
        {
            Pad(text, TypeOf(value), flags);
            return;
        }

        var done = value switch
        {
            NumberValue number when number.IsWrittenWhole && number.TryInteger(out var whole) => Whole(text, (char)verb.Value, flags, whole, number.TryInt64(out _)),
            NumberValue number when double.IsFinite(number.ToDouble()) => Fraction(text, (char)verb.Value, flags, number.ToDouble()),
            _ => Word(text, (char)verb.Value, flags, Formatting.Plain(value)),
        };
        if (done) return;
        text.Append("%!").Append(verb).Append('(').Append(TypeOf(value)).Append('=');
        Append(text, new Rune('v'), default, value);
        text.Append(')');
    }

    private static bool Word(StringBuilder text, char verb, FormatFlags flags, string word)
    {
        var cut = flags.Precision is { } runes ? word[..GoText.OffsetOf(word, runes)] : word;
        switch (verb)
        {
            case 'v' when flags.Sharp:
                Pad(text, GoText.Quote(cut), flags);
                return true;
            case 'v' or 's':
                Pad(text, cut, flags);
                return true;
            case 'q':
                var raw = flags.Sharp && !cut.AsSpan().ContainsAny('`', '\u007f') && !cut.Any(c => c < ' ' && c != '\t');
                Pad(text, raw ? $"`{cut}`" : GoText.Quote(cut), flags);
                return true;
            case 'x' or 'X':
                Pad(text, Hex(Encoding.UTF8.GetBytes(word).AsSpan(0, Math.Min(flags.Precision ?? int.MaxValue, Encoding.UTF8.GetByteCount(word))), verb, flags), flags);
                return true;
            default:
                return false;
        }
    }

    private static string Hex(ReadOnlySpan<byte> bytes, char verb, FormatFlags flags)
    {
        var digits = verb == 'x' ? Convert.ToHexStringLower(bytes) : Convert.ToHexString(bytes);
        var prefix = flags.Sharp && bytes.Length > 0 ? "0" + verb : "";
        if (!flags.Space) return prefix + digits;
        return string.Join(' ', Enumerable.Range(0, digits.Length / 2).Select(i => string.Concat(prefix, digits.AsSpan(i * 2, 2))));
    }

    private static bool Whole(StringBuilder text, char verb, FormatFlags flags, BigInteger number, bool small)
    {
        switch (verb)
        {
            case 'v' or 'd':
                Digits(text, flags, number, 10, "");
                return true;
            case 's' when !small:
                Digits(text, flags, number, 10, "");
                return true;
            case 'b':
                Digits(text, flags, number, 2, flags.Sharp ? "0b" : "");
                return true;
            case 'o':
                Digits(text, flags, number, 8, flags.Sharp ? "0" : "");
                return true;
            case 'O':
                Digits(text, flags, number, 8, "0o");
                return true;
            case 'x' or 'X':
                Digits(text, flags, number, 16, flags.Sharp ? "0" + verb : "", verb == 'X');
                return true;
            case 'c' when small:
                Pad(text, ToRune(number).ToString(), flags);
                return true;
            case 'q' when small:
                Pad(text, GoText.Quote(ToRune(number).ToString()).Replace("\\\"", "\"", StringComparison.Ordinal) is var quoted ? $"'{quoted[1..^1]}'" : "", flags);
                return true;
            case 'U' when small:
                Pad(text, "U+" + ((ulong)(long)number).ToString("X4", CultureInfo.InvariantCulture), flags);
                return true;
            default:
                return false;
        }
    }

    private static Rune ToRune(BigInteger number) =>
        number >= 0 && number <= 0x10FFFF && Rune.IsValid((int)number) ? new Rune((int)number) : Rune.ReplacementChar;

    private static void Digits(StringBuilder text, FormatFlags flags, BigInteger number, int numberBase, string prefix, bool upper = false)
    {
        var digits = Conversions.InBase(BigInteger.Abs(number), numberBase);
        if (upper) digits = digits.ToUpperInvariant();
        if (flags.Precision is { } least)
        {
            digits = least == 0 && number.IsZero ? "" : digits.PadLeft(least, '0');
            flags.Zero = false;
        }

        Signed(text, flags, number.Sign < 0, prefix + digits);
    }

    private static bool Fraction(StringBuilder text, char verb, FormatFlags flags, double number)
    {
        if (verb is not ('v' or 'e' or 'E' or 'f' or 'F' or 'g' or 'G')) return false;
        var magnitude = Math.Abs(number);
        var shown = verb switch
        {
            'f' or 'F' => magnitude.ToString("F" + (flags.Precision ?? 6), CultureInfo.InvariantCulture),
            'e' or 'E' => Exponent(magnitude.ToString("E" + (flags.Precision ?? 6), CultureInfo.InvariantCulture), upper: verb == 'E'),
            _ => General(magnitude, flags, verb),
        };
        Signed(text, flags, double.IsNegative(number), shown);
        return true;
    }

    // %g: as few digits as tell the number apart; an exponent where it is below -4 or at least the precision (21 for the shortest).
    private static string General(double number, FormatFlags flags, char verb)
    {
        var shortest = flags.Precision is null;
        var scientific = number.ToString(shortest ? "E16" : "E" + Math.Max(flags.Precision!.Value - 1, 0), CultureInfo.InvariantCulture);
        if (shortest) scientific = ShortestScientific(number);
        var split = scientific.IndexOf('E', StringComparison.Ordinal);
        var exponent = int.Parse(scientific.AsSpan(split + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var digits = scientific[..split].Replace(".", "", StringComparison.Ordinal);
        if (!flags.Sharp) digits = digits.TrimEnd('0') is { Length: > 0 } trimmed ? trimmed : "0";
        var limit = shortest ? 21 : Math.Max(flags.Precision!.Value, 1);
        if (!shortest && limit > digits.Length && digits.Length >= exponent + 1) limit = Math.Max(limit, digits.Length);
        if (exponent < -4 || exponent >= limit)
        {
            return Exponent((digits.Length == 1 ? digits : digits[..1] + "." + digits[1..]) + "E" + (exponent < 0 ? "-" : "+") + Math.Abs(exponent), verb == 'G');
        }

        if (exponent < 0) return "0." + new string('0', -exponent - 1) + digits;
        return digits.Length <= exponent + 1 ? digits.PadRight(exponent + 1, '0') : digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    private static string ShortestScientific(double number)
    {
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        var split = text.IndexOf('E', StringComparison.Ordinal);
        var exponent = split < 0 ? 0 : int.Parse(text.AsSpan(split + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = split < 0 ? text : text[..split];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        if (point < 0) point = mantissa.Length;
        var digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        var zeros = digits.Length - digits.TrimStart('0').Length;
        if (zeros == digits.Length) return "0E0";
        return digits[zeros..].Insert(1, ".") + "E" + (exponent + point - zeros - 1).ToString(CultureInfo.InvariantCulture);
    }

    // .NET writes E+006, Go e+06.
    private static string Exponent(string text, bool upper)
    {
        var split = text.IndexOf('E', StringComparison.Ordinal);
        var digits = text[(split + 2)..].TrimStart('0').PadLeft(2, '0');
        return text[..split].TrimEnd('.') + (upper ? 'E' : 'e') + text[split + 1] + digits;
    }

    private static void Signed(StringBuilder text, FormatFlags flags, bool negative, string digits)
    {
        var sign = negative ? "-" : flags.Plus ? "+" : flags.Space ? " " : "";
        if (flags is { Zero: true, Minus: false, Width: { } width })
        {
            // Zeros go between the sign and the digits.
            digits = digits.PadLeft(Math.Max(width - sign.Length, 0), '0');
        }

        flags.Zero = false;
        Pad(text, sign + digits, flags);
    }

    private static void Pad(StringBuilder text, string shown, FormatFlags flags)
    {
        var missing = Math.Max((flags.Width ?? 0) - GoText.CountRunes(shown), 0);
        if (!flags.Minus) text.Append(flags.Zero ? '0' : ' ', missing);
        text.Append(shown);
        if (flags.Minus) text.Append(' ', missing);
    }
}
