// National ids of southern and eastern Europe, Turkey, Israel and Africa.
using static CabinCrew.Governance.Detection.Personal.CheckDigits;

namespace CabinCrew.Governance.Detection.Personal;

internal static class SouthernIds
{
    private const string DniLetters = "TRWAGMYFPDXBNJZSQVHLCKE";

    // What a letter or a digit counts at an odd place of a codice fiscale, by its order in the alphabet or its value.
    private static readonly int[] Odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

    private static readonly string[] YugoslavWords = ["jmbg", "emso", "embg", "unique master citizen", "maticni broj", "mbr"];

    public static readonly PersonalRule[] Rules =
    [
        new("es-dni", "a Spanish DNI", n => DniLetters[(int)(Number(n[..8]) % 23)] == n[8] && IsVaried(n[..8]))
        {
            Forms = ["dddddddd-L", "dd.ddd.ddd-L"], NearForms = ["ddddddddL", "dddddddd L"], Words = ["dni", "nif", "documento nacional", "documento de identidad", "identidad"],
        },
        new("es-nie", "a Spanish NIE", n => n[0] is 'X' or 'Y' or 'Z' && DniLetters[(int)((Number(n[1..8]) + (n[0] - 'X') * 10_000_000) % 23)] == n[8] && IsVaried(n[1..8]))
        {
            Forms = ["L-ddddddd-L", "LdddddddL"], NearForms = ["Lddddddd-L"], Words = ["nie", "extranjero", "dni", "nif"],
        },
        new("it-codice-fiscale", "an Italian codice fiscale", IsFiscal)
        {
            Forms = ["LLLLLLddLddLdddL", "LLL LLL ddLdd LdddL"],
        },
        new("pt-nif", "a Portuguese NIF", n => n[0] is '1' or '2' or '3' or '5' or '6' or '8' or '9' && (11 - Sum(n, 9, 8, 7, 6, 5, 4, 3, 2) % 11) is var check && (check >= 10 ? 0 : check) == Digit(n[8]) && IsVaried(n))
        {
            NearForms = ["ddddddddd", "ddd ddd ddd"], Words = ["nif", "contribuinte", "numero fiscal", "fiscal number"],
        },
        new("gr-amka", "a Greek AMKA", n => IsDayFirst(n[..6]) && Luhn(n) && IsVaried(n))
        {
            NearForms = ["ddddddddddd"], Words = ["amka"],
        },
        new("ro-cnp", "a Romanian CNP", n => n[0] is >= '1' and <= '8' && IsShortDay(n[1..7]) && Number(n.Slice(7, 2)) is >= 1 and <= 52 && Sum(n, 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9) % 11 % 10 is var check && (Sum(n, 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9) % 11 == 10 ? 1 : check) == Digit(n[12]))
        {
            NearForms = ["ddddddddddddd"], Words = ["cnp", "cod numeric personal"],
        },
        new("bg-egn", "a Bulgarian EGN", n => IsBulgarianDay(n) && Sum(n, 2, 4, 8, 5, 10, 9, 7, 3, 6) % 11 % 10 == Digit(n[9]) && IsVaried(n))
        {
            NearForms = ["dddddddddd"], Words = ["egn", "uniform civil number", "bulgarian"],
        },
        new("hr-oib", "a Croatian OIB", n => Mod11And10(n) && IsVaried(n))
        {
            NearForms = ["ddddddddddd"], Words = ["oib", "osobni identifikacijski"],
        },
        new("jmbg", "a JMBG or EMSO of the countries of former Yugoslavia", n => IsDay((int)Number(n.Slice(2, 2)), (int)Number(n[..2])) && n[4] is '9' or '0' && IsMaster(n))
        {
            NearForms = ["ddddddddddddd"], Words = YugoslavWords,
        },
        new("tr-kimlik", "a Turkish identity number", n => n[0] != '0' && ((Sum(n, 1, 0, 1, 0, 1, 0, 1, 0, 1) * 7 - Sum(n, 0, 1, 0, 1, 0, 1, 0, 1)) % 10 + 10) % 10 == Digit(n[9]) && Sum(n, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1) % 10 == Digit(n[10]))
        {
            NearForms = ["ddddddddddd"], Words = ["kimlik", "tckn", "tc no", "tcno", "t.c.", "vatandas"],
        },
        new("il-id", "an Israeli identity number", n => Luhn(n) && IsVaried(n))
        {
            NearForms = ["ddddddddd", "dddddddd-d"], Words = ["teudat zehut", "teudat_zehut", "israeli id", "israeli_id", "mispar zehut"],
        },
        new("za-id", "a South African identity number", n => IsShortDay(n[..6]) && n[10] is '0' or '1' or '2' && Luhn(n))
        {
            NearForms = ["ddddddddddddd", "dddddd dddd ddd", "dddddd dddd dd d"], Words = ["south african id", "sa id", "sa_id", "said number", "said", "rsa id", "id number", "id_number", "idnumber", "identity number", "identity_number"],
        },
        new("ru-snils", "a Russian SNILS", n => Sum(n, 9, 8, 7, 6, 5, 4, 3, 2, 1) is var sum && (sum % 101 == 100 ? 0 : sum % 101) == Number(n[9..]) && IsVaried(n[..9]))
        {
            Forms = ["ddd-ddd-ddd dd", "ddd-ddd-ddd-dd"], NearForms = ["ddddddddddd"], Words = ["snils"],
        },
        new("ru-inn", "a Russian taxpayer's number", n => Sum(n, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8) % 11 % 10 == Digit(n[10]) && Sum(n, 3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8) % 11 % 10 == Digit(n[11]) && IsVaried(n))
        {
            NearForms = ["dddddddddddd"], Words = ["inn"],
        },
        new("ua-tax-number", "a Ukrainian taxpayer's number", n => (Sum(n, -1, 5, 7, 9, 4, 6, 10, 5, 7) % 11 + 11) % 11 % 10 == Digit(n[9]) && IsVaried(n))
        {
            NearForms = ["dddddddddd"], Words = ["rnokpp", "ipn", "drfo", "ukrainian"],
        },
    ];

    private static bool IsFiscal(ReadOnlySpan<char> n)
    {
        if (!"ABCDEHLMPRST".Contains(n[8]) || Number(n.Slice(9, 2)) % 40 is < 1 or > 31 || Number(n.Slice(9, 2)) > 71) return false;
        var sum = 0;
        for (var i = 0; i < 15; i++)
        {
            var value = char.IsAsciiDigit(n[i]) ? Digit(n[i]) : n[i] - 'A';
            sum += i % 2 == 0 ? Odd[value] : value;
        }
        // Mario Rossi, whom every form shows.
        return sum % 26 == n[15] - 'A' && !n.StartsWith("RSSMRA");
    }

    // The twentieth century as it is, the nineteenth twenty more, the twenty-first forty.
    private static bool IsBulgarianDay(ReadOnlySpan<char> n)
    {
        var month = (int)Number(n.Slice(2, 2));
        return IsDay(month > 40 ? month - 40 : month > 20 ? month - 20 : month, (int)Number(n.Slice(4, 2)));
    }

    private static bool IsMaster(ReadOnlySpan<char> n)
    {
        var check = 11 - Sum(n, 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2) % 11;
        return (check > 9 ? 0 : check) == Digit(n[12]);
    }
}
