// International bank account numbers (ISO 13616): two letters, two check digits (mod 97), and as many characters as the country has; in one word or in fours.
using System.Collections.Frozen;

namespace CabinCrew.Governance.Detection.Personal;

internal static class Ibans
{
    public const int CharsMax = 34;

    public static readonly DetectorRule Rule = new("iban", "this looks like an account's IBAN");

    private const string Countries =
        "AD24,AE23,AL28,AT20,AZ28,BA20,BE16,BG22,BH22,BI27,BR29,BY28,CH21,CR22,CY28,CZ24,DE22,DJ27,DK18,DO28,EE20,EG29,ES24,FI18,FK18,FO18,FR27,GB22,GE22,GI23,GL18,GR27,GT28,HN28,HR21,HU28,IE22,IL23,IQ23,IS26,IT27," +
        "JO30,KW30,KZ20,LB28,LC32,LI21,LT20,LU20,LV21,LY25,MC27,MD24,ME22,MK19,MN20,MR27,MT31,MU30,NI28,NL18,NO15,OM23,PK24,PL28,PS29,PT25,QA29,RO24,RS22,RU33,SA24,SC31,SD18,SE24,SI19,SK24,SM27,SO23,ST25,SV28,TL23,TN24,TR26," +
        "UA29,VA22,VG24,XK20,YE30";

    private static readonly FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> Lengths =
        Countries.Split(',').ToFrozenDictionary(c => c[..2], c => int.Parse(c.AsSpan(2), System.Globalization.CultureInfo.InvariantCulture)).GetAlternateLookup<ReadOnlySpan<char>>();

    // Printed in the registry, in encyclopedias and in the documentation of payment services: no person's.
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Samples = FrozenSet.ToFrozenSet([
        "AD1200012030200359100100", "AT611904300234573201", "BE68539007547034", "BE71096123456769", "BE62510007547061", "CH9300762011623852957", "CH5604835012345678009", "CY17002001280000001200527600", "CZ6508000000192000145399", "DE89370400440532013000",
        "DE75512108001245126199", "DE91100000000123456789", "DK5000400440116243", "EE382200221020145685", "ES9121000418450200051332", "ES7921000813610123456789", "FI2112345600000785", "FI1410093000123458", "FR1420041010050500013M02606", "FR7630006000011234567890189",
        "GB29NWBK60161331926819", "GB82WEST12345698765432", "GB33BUKB20201555555555", "GB94BARC10201530093459", "GR1601101250000000012300695", "HR1210010051863000160", "HU42117730161111101800000000", "IE29AIBK93115212345678", "IE64IRCE92050112345678", "IS140159260076545510730339",
        "IT60X0542811101000000123456", "LI21088100002324013AA", "LT121000011101001000", "LU280019400644750000", "LV80BANK0000435195001", "MC5811222000010123456789030", "MT84MALT011000012345MTLCAST001S", "NL91ABNA0417164300", "NL02ABNA0123456789", "NO9386011117947", "PL61109010140000071219812874",
        "PT50000201231234567890154", "RO49AAAA1B31007593840000", "SE4550000000058398257466", "SE3550000000054910000003", "SI56263300012039086", "SI56191000000123438", "SK3112000000198742637541", "TR330006100519786457841326"]).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>How many characters it takes; 0: none begins here.</summary>
    /// <param name="end">Of the word that begins here.</param>
    public static int At(ReadOnlySpan<char> text, int start, int end)
    {
        if (end - start < 4 || !char.IsAsciiLetterUpper(text[start]) || !char.IsAsciiDigit(text[start + 2]) || !char.IsAsciiDigit(text[start + 3]) || !Lengths.TryGetValue(text.Slice(start, 2), out var length)) return 0;
        if (end - start == length) return IsValid(text[start..end]) ? length : 0;
        return end - start == 4 ? InFours(text, start, length) : 0;
    }

    private static int InFours(ReadOnlySpan<char> text, int start, int length)
    {
        Span<char> plain = stackalloc char[CharsMax];
        var (at, count) = (start, 0);
        while (count < length && at < text.Length)
        {
            if (count > 0 && count % 4 == 0 && text[at++] is not (' ' or '-')) return 0;
            if (at >= text.Length || !char.IsAsciiLetterOrDigit(text[at])) return 0;
            plain[count++] = text[at++];
        }
        return count == length && IsValid(plain[..length]) ? at - start : 0;
    }

    private static bool IsValid(ReadOnlySpan<char> plain)
    {
        foreach (var c in plain)
            if (!char.IsAsciiDigit(c) && !char.IsAsciiLetterUpper(c)) return false;
        return CheckDigits.Mod97(plain[..4], CheckDigits.Mod97(plain[4..])) == 1 && plain[4..].ContainsAnyExcept('0') && !Samples.Contains(plain);
    }
}
