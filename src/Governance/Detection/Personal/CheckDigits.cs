// The arithmetic that tells a number from one that merely has its length. Everything takes digits (or capitals and digits, where it says so) without separators. Pure.
namespace CabinCrew.Governance.Detection.Personal;

internal static class CheckDigits
{
    private static readonly byte[] Turn = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 0, 6, 7, 8, 9, 5, 2, 3, 4, 0, 1, 7, 8, 9, 5, 6, 3, 4, 0, 1, 2, 8, 9, 5, 6, 7, 4, 0, 1, 2, 3, 9, 5, 6, 7, 8, 5, 9, 8, 7, 6, 0, 4, 3, 2, 1, 6, 5, 9, 8, 7, 1, 0, 4, 3, 2, 7, 6, 5, 9, 8, 2, 1, 0, 4, 3, 8, 7, 6, 5, 9, 3, 2, 1, 0, 4, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0];

    private static readonly byte[] Shuffle = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

    public static int Digit(char c) => c - '0';

    /// <summary>The number that some digits write.</summary>
    public static long Number(ReadOnlySpan<char> digits)
    {
        long number = 0;
        foreach (var c in digits) number = number * 10 + Digit(c);
        return number;
    }

    /// <summary>ISO/IEC 7812: every second digit from the right counts double.</summary>
    public static bool Luhn(ReadOnlySpan<char> digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = Digit(digits[^(i + 1)]);
            sum += i % 2 == 0 ? digit : digit < 5 ? digit * 2 : digit * 2 - 9;
        }
        return sum % 10 == 0;
    }

    /// <summary>Each digit times its weight; as many digits as there are weights.</summary>
    public static int Sum(ReadOnlySpan<char> digits, params ReadOnlySpan<int> weights)
    {
        var sum = 0;
        for (var i = 0; i < weights.Length; i++) sum += Digit(digits[i]) * weights[i];
        return sum;
    }

    /// <summary>ISO/IEC 7064, MOD 97-10, of capitals and digits: the remainder, one where the check digits are right and stand last.</summary>
    public static int Mod97(ReadOnlySpan<char> text, int begun = 0)
    {
        var rest = begun;
        foreach (var c in text) rest = char.IsAsciiDigit(c) ? (rest * 10 + Digit(c)) % 97 : (rest * 100 + c - 'A' + 10) % 97;
        return rest;
    }

    /// <summary>ISO/IEC 7064, MOD 11,10.</summary>
    public static bool Mod11And10(ReadOnlySpan<char> digits)
    {
        var product = 10;
        foreach (var c in digits[..^1])
        {
            var sum = (Digit(c) + product) % 10;
            product = (sum == 0 ? 10 : sum) * 2 % 11;
        }
        return (11 - product) % 10 == Digit(digits[^1]);
    }

    /// <summary>The group of ten elements that Verhoeff took, with his permutation.</summary>
    public static bool Verhoeff(ReadOnlySpan<char> digits)
    {
        var check = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = Digit(digits[^(i + 1)]);
            for (var turns = i % 8; turns > 0; turns--) digit = Shuffle[digit];
            check = Turn[check * 10 + digit];
        }
        return check == 0;
    }

    /// <summary>Whether there is such a day in any year.</summary>
    public static bool IsDay(int month, int day) => month is >= 1 and <= 12 && day >= 1 && day <= (month == 2 ? 29 : month is 4 or 6 or 9 or 11 ? 30 : 31);

    /// <summary>YYMMDD, or what an id adds to the month for a century or a sex taken away.</summary>
    /// <param name="step">What may have been added to the month, any number of times: 20, 40, 50; 0: nothing.</param>
    public static bool IsShortDay(ReadOnlySpan<char> sixDigits, int step = 0)
    {
        var month = (int)Number(sixDigits.Slice(2, 2));
        return IsDay(step == 0 ? month : month % step, (int)Number(sixDigits.Slice(4, 2)));
    }

    /// <summary>YYYYMMDD, of somebody who may be alive.</summary>
    public static bool IsLongDay(ReadOnlySpan<char> eightDigits) => Number(eightDigits[..4]) is >= 1900 and <= 2035 && IsShortDay(eightDigits[2..]);

    /// <summary>DDMMYY; some countries add to the day.</summary>
    public static bool IsDayFirst(ReadOnlySpan<char> sixDigits, int added = 0)
    {
        var day = (int)Number(sixDigits[..2]);
        return IsDay((int)Number(sixDigits.Slice(2, 2)), day > added && added > 0 ? day - added : day);
    }

    /// <summary>Digits as somebody was given them, and not 000000000, 123456789 or the like.</summary>
    public static bool IsVaried(ReadOnlySpan<char> digits)
    {
        int seen = 0, steps = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            seen |= 1 << (digits[i] & 31);
            if (i > 0 && (digits[i] - digits[i - 1] + 10) % 10 is 1 or 9) steps++;
        }
        return System.Numerics.BitOperations.PopCount((uint)seen) >= Math.Min(3, digits.Length / 3) && steps < digits.Length - 2;
    }
}
