// National ids of northern, western and central Europe, each with the digits that check it.
using static CabinCrew.Governance.Detection.Personal.CheckDigits;

namespace CabinCrew.Governance.Detection.Personal;

internal static class NorthernIds
{
    public static readonly PersonalRule[] Rules =
    [
        new("uk-nino", "a British national insurance number", n => !"DFIQUV".Contains(n[0]) && !"DFIQUVO".Contains(n[1]) && n[..2] is not ("BG" or "GB" or "KN" or "NK" or "NT" or "TN" or "ZZ") && n[8] <= 'D' && IsVaried(n[2..8]))
        {
            Forms = ["LL dd dd dd L"], NearForms = ["LLddddddL", "LL ddddddL", "LL dddddd L", "LL-dd-dd-dd-L"], Words = ["nino", "national insurance", "national-insurance", "national_insurance", "nationalinsurance", "ni number", "ni no", "insurance number"],
        },
        new("uk-nhs", "a British NHS number", n => Sum(n, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1) % 11 == 0 && IsVaried(n))
        {
            NearForms = ["dddddddddd", "ddd ddd dddd", "ddd-ddd-dddd"], Words = ["nhs"],
        },
        new("ie-pps", "an Irish PPS number", n => (Sum(n[..7], 8, 7, 6, 5, 4, 3, 2) + (n.Length > 8 && n[8] != 'W' ? (n[8] - 'A' + 1) * 9 : 0)) % 23 == (n[7] == 'W' ? 0 : n[7] - 'A' + 1) && IsVaried(n[..7]))
        {
            NearForms = ["dddddddL", "dddddddLL"], Words = ["pps", "ppsn", "personal public service"],
        },
        new("de-tax-id", "a German tax id", n => n[0] != '0' && IsTaxed(n[..10]) && Mod11And10(n))
        {
            NearForms = ["ddddddddddd", "dd ddd ddd ddd"], Words = ["steuer-id", "steuerid", "steuer id", "steuer_id", "steueridentifikationsnummer", "steuerliche identifikationsnummer", "identifikationsnummer", "steuernummer", "idnr", "tax id", "tax_id", "taxid", "tin"],
        },
        new("nl-bsn", "a Dutch BSN", n => Sum(n, 9, 8, 7, 6, 5, 4, 3, 2, -1) % 11 == 0 && IsVaried(n))
        {
            NearForms = ["ddddddddd", "dddd.dd.ddd"], Words = ["bsn", "burgerservicenummer", "sofinummer", "sofi-nummer", "citizen service number"],
        },
        new("be-national-id", "a Belgian national register number", n => IsShortDay(n[..6]) && IsVaried(n) && Number(n[9..]) is var check && (97 - Number(n[..9]) % 97 == check || 97 - (2_000_000_000 + Number(n[..9])) % 97 == check))
        {
            Forms = ["dd.dd.dd-ddd.dd"], NearForms = ["ddddddddddd", "dddddd-ddd-dd", "dddddd ddd dd"], Words = ["rijksregister", "registre national", "national register", "insz", "niss", "nrn", "rrn", "national number", "nationaal nummer"],
        },
        new("fr-nir", "a French social security number", IsNir)
        {
            Forms = ["d dd dd dd ddd ddd dd"], NearForms = ["ddddddddddddddd", "dddddLddddddddd", "d dd dd dL ddd ddd dd"], Words = ["nir", "insee", "securite sociale", "curit", "social security", "numero de s", "num_secu", "numss", "nss", "sociale"],
        },
        new("ch-ahv", "a Swiss AHV number", n => n.StartsWith("756") && Sum(n, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1) % 10 == 0 && IsVaried(n[3..]))
        {
            Forms = ["ddd.dddd.dddd.dd"], NearForms = ["ddddddddddddd"], Words = ["ahv", "avs", "navs", "oasi"],
        },
        new("at-social-security", "an Austrian social security number", n => n[0] != '0' && IsDayFirst(n[4..]) && Sum(n, 3, 7, 9, 0, 5, 8, 4, 2, 1, 6) % 11 == Digit(n[3]))
        {
            NearForms = ["dddddddddd", "dddd dddddd"], Words = ["sozialversicherung", "svnr", "sv-nr", "sv nummer", "svnummer", "versicherungsnummer"],
        },
        new("se-personnummer", "a Swedish personnummer", n => IsShortDay(CivilDay(n[^10..^4])) && Luhn(n[^10..]) && (n.Length == 10 || Number(n[..2]) is 19 or 20) && IsVaried(n[^10..]))
        {
            NearForms = ["dddddd-dddd", "dddddd+dddd", "dddddddd-dddd", "dddddddddd", "dddddddddddd"], Words = ["personnummer", "personnr", "person nummer", "samordningsnummer", "ssn", "swedish", "personal_number", "personal number", "personalnumber", "pnr"],
        },
        new("no-fodselsnummer", "a Norwegian national id", n => IsDayFirst(n[..6], 40) && Sum(n, 3, 7, 6, 1, 8, 9, 4, 5, 2, 1) % 11 == 0 && Sum(n, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1) % 11 == 0 && IsVaried(n))
        {
            NearForms = ["ddddddddddd", "dddddd ddddd", "dddddd-ddddd"], Words = ["dselsnummer", "fodselsnr", "dselsnr", "personnummer", "fnr", "d-nummer", "dnr", "norwegian"],
        },
        new("dk-cpr", "a Danish CPR number", n => IsDayFirst(n[..6]) && IsVaried(n))
        {
            NearForms = ["dddddd-dddd", "dddddddddd"], Words = ["cpr", "cpr-nummer", "cprnr", "personnummer"],
        },
        new("fi-hetu", "a Finnish personal identity code", n => IsDayFirst(n[..6]) && Number(n.Slice(n.Length - 4, 3)) >= 2 && "0123456789ABCDEFHJKLMNPRSTUVWXY"[(int)(Number([.. n[..6], .. n.Slice(n.Length - 4, 3)]) % 31)] == n[^1])
        {
            Forms = ["ddddddLdddL", "ddddddLdddd", "dddddd-dddL"], NearForms = ["dddddd-dddd", "dddddd+dddL", "dddddd+dddd"], Words = ["hetu", "henkil", "personbeteckning", "personal identity code", "finnish"],
        },
        new("is-kennitala", "an Icelandic kennitala", n => IsDayFirst(n[..6], 40) && Sum(n, 3, 2, 7, 6, 5, 4, 3, 2, 1) % 11 == 0 && n[9] is '0' or '8' or '9')
        {
            NearForms = ["dddddd-dddd", "dddddddddd"], Words = ["kennitala", "kt."],
        },
        new("ee-lt-personal-code", "an Estonian or Lithuanian personal code", n => n[0] is >= '1' and <= '8' && IsShortDay(n[1..7]) && IsBaltic(n) && IsVaried(n))
        {
            NearForms = ["ddddddddddd"], Words = ["isikukood", "asmens kodas", "asmens_kodas", "personal code", "personal_code", "personalcode"],
        },
        new("lv-personal-code", "a Latvian personal code", n => IsDayFirst(n[..6]) && n[6] is >= '0' and <= '2' && (1101 - Sum(n, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)) % 11 == Digit(n[10]))
        {
            NearForms = ["dddddd-ddddd", "ddddddddddd"], Words = ["personas kods", "personas_kods", "personaskods", "personal code", "latvian"],
        },
        new("pl-pesel", "a Polish PESEL", n => IsShortDay(n[..6], 20) && Sum(n, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1) % 10 == 0 && IsVaried(n))
        {
            NearForms = ["ddddddddddd"], Words = ["pesel"],
        },
        new("cz-sk-birth-number", "a Czech or Slovak birth number", n => IsCzechDay(n) && Number(n) % 11 == 0 && IsVaried(n))
        {
            NearForms = ["dddddd/dddd", "dddddddddd"], Words = ["rodne", "rodn", "birth number", "birth_number", "birthnumber", "rodnecislo"],
        },
        new("hu-taj", "a Hungarian TAJ number", n => Sum(n, 3, 7, 3, 7, 3, 7, 3, 7) % 10 == Digit(n[8]) && IsVaried(n))
        {
            NearForms = ["ddd ddd ddd", "ddd-ddd-ddd", "ddddddddd"], Words = ["taj", "tajszam", "taj-sz"],
        },
    ];

    // Of the ten digits that the last one checks, one stands there twice or three times, and at most one other is missing beside it.
    private static bool IsTaxed(ReadOnlySpan<char> ten)
    {
        Span<int> times = stackalloc int[10];
        foreach (var c in ten) times[Digit(c)]++;
        var (most, repeated) = (0, 0);
        foreach (var count in times)
        {
            most = Math.Max(most, count);
            if (count > 1) repeated++;
        }
        return repeated == 1 && most is 2 or 3;
    }

    // Sex, year, month, department (2A and 2B are Corsica's), place, order; the last two are 97 less the rest.
    private static bool IsNir(ReadOnlySpan<char> n)
    {
        if (n.Length < 15 || n[0] is not ('1' or '2') || Number(n.Slice(3, 2)) is not ((>= 1 and <= 12) or (>= 20 and <= 42))) return false;
        Span<char> plain = stackalloc char[15];
        n.CopyTo(plain);
        long less = 0;
        if (!char.IsAsciiDigit(n[6]))
        {
            if (n[5] != '2' || n[6] is not ('A' or 'B')) return false;
            less = n[6] == 'A' ? 1_000_000 : 2_000_000;
            plain[6] = '0';
        }
        foreach (var c in plain)
            if (!char.IsAsciiDigit(c)) return false;
        return 97 - (Number(plain[..13]) - less) % 97 == Number(plain[13..]) && IsVaried(plain);
    }

    // Who has no number of their own yet has a day that is sixty more.
    private static char[] CivilDay(ReadOnlySpan<char> six) => [.. six[..4], (char)(six[4] >= '6' ? six[4] - 6 : six[4]), six[5]];

    private static bool IsBaltic(ReadOnlySpan<char> n)
    {
        var check = Sum(n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1) % 11;
        if (check == 10) check = Sum(n, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3) % 11 % 10;
        return check == Digit(n[10]);
    }

    // Women's months are fifty more; where a day has no more numbers, twenty are added.
    private static bool IsCzechDay(ReadOnlySpan<char> n)
    {
        var month = (int)Number(n.Slice(2, 2)) % 50;
        return IsDay(month > 20 ? month - 20 : month, (int)Number(n.Slice(4, 2)));
    }
}
