// Ids of persons in Asia and Oceania.
using static CabinCrew.Governance.Detection.Personal.CheckDigits;

namespace CabinCrew.Governance.Detection.Personal;

internal static class AsianIds
{
    private const string ChineseChecks = "10X98765432";
    private const string TaiwaneseLetters = "ABCDEFGHJKLMNPQRSTUVXYWZIO";

    public static readonly PersonalRule[] Rules =
    [
        new("in-aadhaar", "an Indian Aadhaar number", n => n[0] >= '2' && Verhoeff(n) && IsVaried(n))
        {
            NearForms = ["dddd dddd dddd", "dddd-dddd-dddd", "dddddddddddd"], Words = ["aadhaar", "aadhar", "adhaar", "uidai", "uid"],
        },
        new("in-pan", "an Indian PAN", n => "ABCFGHJLPT".Contains(n[3]) && IsVaried(n[5..9]))
        {
            NearForms = ["LLLLLddddL"], Words = ["pan", "permanent account", "pan_number", "pancard"],
        },
        new("cn-resident-id", "a Chinese resident id", n => n[0] is >= '1' and <= '8' && IsLongDay(n.Slice(6, 8)) && ChineseChecks[Sum(n, 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2) % 11] == n[17])
        {
            Forms = ["dddddddddddddddddd", "dddddddddddddddddL"],
        },
        new("tw-id", "a Taiwanese id", n => n[1] is '1' or '2' or '8' or '9' && (TaiwaneseLetters.IndexOf(n[0], StringComparison.Ordinal) + 10) is var first && (first / 10 + first % 10 * 9 + Sum(n[1..], 8, 7, 6, 5, 4, 3, 2, 1, 1)) % 10 == 0 && IsVaried(n[1..]))
        {
            NearForms = ["Lddddddddd"], Words = ["taiwan", "national id", "national_id", "nationalid", "id card", "id_card", "idcard", "arc"],
        },
        new("hk-id", "a Hong Kong id", n => (9 * 36 + (n[0] - 'A' + 10) * 8 + Sum(n[1..], 7, 6, 5, 4, 3, 2) + (n[7] == 'A' ? 10 : char.IsAsciiDigit(n[7]) ? Digit(n[7]) : 99)) % 11 == 0 && IsVaried(n[1..7]))
        {
            NearForms = ["Ldddddd(d)", "Ldddddd(L)", "Lddddddd"], Words = ["hkid", "hong kong", "hong_kong", "id card", "identity card"],
        },
        new("sg-nric", "a Singaporean NRIC or FIN", n => IsNric(n) && IsVaried(n[1..8]))
        {
            NearForms = ["LdddddddL"], Words = ["nric", "fin", "singapore", "uin"],
        },
        new("my-mykad", "a Malaysian MyKad number", n => IsShortDay(n[..6]) && Number(n.Slice(6, 2)) is (>= 1 and <= 16) or (>= 21 and <= 59) or (>= 60 and <= 99) && IsVaried(n))
        {
            NearForms = ["dddddd-dd-dddd"], Words = ["mykad", "nric", "kad pengenalan", "ic number", "ic no", "malaysian"],
        },
        new("th-id", "a Thai national id", n => n[0] is >= '1' and <= '8' && (11 - Sum(n, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2) % 11) % 10 == Digit(n[12]) && IsVaried(n))
        {
            Forms = ["d-dddd-ddddd-dd-d"], NearForms = ["ddddddddddddd"], Words = ["thai", "national id", "national_id", "citizen id", "citizen_id"],
        },
        new("id-nik", "an Indonesian NIK", n => n[0] is >= '1' and <= '9' && IsDayFirst(n[6..12], 40) && n[12..] is not "0000")
        {
            NearForms = ["dddddddddddddddd"], Words = ["nik", "ktp", "kependudukan"],
        },
        new("kr-rrn", "a South Korean resident registration number", n => IsShortDay(n[..6]) && n[6] is >= '1' and <= '8' && (11 - Sum(n, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5) % 11) % 10 == Digit(n[12]))
        {
            Forms = ["dddddd-ddddddd"], NearForms = ["ddddddddddddd"], Words = ["rrn", "resident registration", "jumin"],
        },
        new("jp-my-number", "a Japanese My Number", n => Sum(n, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2) % 11 is var rest && (rest <= 1 ? 0 : 11 - rest) == Digit(n[11]) && IsVaried(n))
        {
            NearForms = ["dddddddddddd", "dddd dddd dddd", "dddd-dddd-dddd"], Words = ["my number", "mynumber", "my_number", "kojin bango", "individual number"],
        },
        new("au-tfn", "an Australian tax file number", n => Sum(n, 1, 4, 3, 7, 5, 8, 6, 9, 10) % 11 == 0 && IsVaried(n))
        {
            NearForms = ["ddd ddd ddd", "ddddddddd", "ddd-ddd-ddd"], Words = ["tfn", "tax file", "tax_file", "taxfile"],
        },
        new("au-medicare", "an Australian Medicare number", n => n[0] is >= '2' and <= '6' && Sum(n, 1, 3, 7, 9, 1, 3, 7, 9) % 10 == Digit(n[8]) && n[9] != '0' && IsVaried(n))
        {
            NearForms = ["dddd ddddd d", "dddddddddd"], Words = ["medicare"],
        },
        new("nz-ird", "a New Zealand IRD number", n => Number(n) is > 10_000_000 and < 200_000_000 && IsIrd(n) && IsVaried(n))
        {
            NearForms = ["ddd-ddd-ddd", "dd-ddd-ddd", "ddddddddd", "dddddddd"], Words = ["ird", "inland revenue"],
        },
        new("ae-emirates-id", "an Emirates id", n => n.StartsWith("784") && Number(n.Slice(3, 4)) is >= 1900 and <= 2035 && Luhn(n))
        {
            Forms = ["ddd-dddd-ddddddd-d"], NearForms = ["ddddddddddddddd"], Words = ["emirates", "eid"],
        },
        new("sa-id", "a Saudi national id or iqama", n => n[0] is '1' or '2' && Luhn(n) && IsVaried(n))
        {
            NearForms = ["dddddddddd"], Words = ["iqama", "saudi", "national id", "national_id", "nationalid"],
        },
        new("pk-cnic", "a Pakistani CNIC", n => n[0] is >= '1' and <= '7' && IsVaried(n))
        {
            NearForms = ["ddddd-ddddddd-d"], Words = ["cnic", "nadra"],
        },
        new("kz-iin", "a Kazakh IIN", n => IsShortDay(n[..6]) && n[6] is >= '0' and <= '6' && IsIin(n))
        {
            NearForms = ["dddddddddddd"], Words = ["iin"],
        },
    ];

    private static bool IsNric(ReadOnlySpan<char> n)
    {
        var sum = Sum(n[1..], 2, 7, 6, 5, 4, 3, 2);
        return n[0] switch
        {
            'S' => "JZIHGFEDCBA"[sum % 11] == n[8],
            'T' => "JZIHGFEDCBA"[(sum + 4) % 11] == n[8],
            'F' => "XWUTRQPNMLK"[sum % 11] == n[8],
            'G' => "XWUTRQPNMLK"[(sum + 4) % 11] == n[8],
            'M' => "KLJNPQRTUWX"[10 - (sum + 3) % 11] == n[8],
            _ => false,
        };
    }

    private static bool IsIrd(ReadOnlySpan<char> n)
    {
        Span<char> nine = ['0', '0', '0', '0', '0', '0', '0', '0', '0'];
        n.CopyTo(nine[(9 - n.Length)..]);
        var check = Least(Sum(nine, 3, 2, 7, 6, 5, 4, 3, 2));
        if (check == 10) check = Least(Sum(nine, 7, 4, 3, 2, 5, 2, 7, 6));
        return check == Digit(nine[8]);
    }

    private static int Least(int sum) => sum % 11 == 0 ? 0 : 11 - sum % 11;

    private static bool IsIin(ReadOnlySpan<char> n)
    {
        var check = Sum(n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11) % 11;
        if (check == 10) check = Sum(n, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2) % 11;
        return check == Digit(n[11]);
    }
}
