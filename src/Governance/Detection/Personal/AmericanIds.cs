// Ids of persons in the Americas.
using static CabinCrew.Governance.Detection.Personal.CheckDigits;

namespace CabinCrew.Governance.Detection.Personal;

internal static class AmericanIds
{
    private static readonly System.Buffers.SearchValues<char> Confusing = System.Buffers.SearchValues.Create("SLOIBZ");

    private static readonly string[] CurpStates = ["AS", "BC", "BS", "CC", "CS", "CH", "CL", "CM", "DF", "DG", "GT", "GR", "HG", "JC", "MC", "MN", "MS", "NT", "NL", "OC", "PL", "QT", "QR", "SP", "SL", "SR", "TC", "TS", "TL", "VZ", "YN", "ZS", "NE"];

    public static readonly PersonalRule[] Rules =
    [
        new("us-ssn", "an American social security number", n => IsSocial(n))
        {
            NearForms = ["ddd-dd-dddd", "ddd dd dddd", "ddddddddd"], Words = ["ssn", "social security", "social-security", "social_security", "socialsecurity", "ss#", "soc sec", "taxpayer", "tax id"],
        },
        new("us-itin", "an American taxpayer's number", n => n[0] == '9' && Number(n.Slice(3, 2)) is (>= 50 and <= 65) or (>= 70 and <= 88) or (>= 90 and <= 92) or (>= 94 and <= 99) && IsVaried(n))
        {
            NearForms = ["ddd-dd-dddd", "ddddddddd"], Words = ["itin", "taxpayer"],
        },
        new("us-medicare", "an American Medicare number", n => IsMedicare(n))
        {
            NearForms = ["dLLdLLdLLdd", "dLddLLdLLdd", "dLLdLddLLdd", "dLddLddLLdd", "dLLd-LLd-LLdd", "dLdd-LLd-LLdd", "dLLd-Ldd-LLdd", "dLdd-Ldd-LLdd"], Words = ["medicare", "mbi", "beneficiary"],
        },
        new("ca-sin", "a Canadian social insurance number", n => n[0] is not ('0' or '8') && Luhn(n) && IsVaried(n))
        {
            NearForms = ["ddd ddd ddd", "ddd-ddd-ddd", "ddddddddd"], Words = ["sin", "social insurance", "social_insurance", "socialinsurance", "assurance sociale"],
        },
        new("br-cpf", "a Brazilian CPF", n => IsCpf(n))
        {
            Forms = ["ddd.ddd.ddd-dd"], NearForms = ["ddddddddddd"], Words = ["cpf", "contribuinte"],
        },
        new("br-cnpj", "a Brazilian CNPJ", n => IsCnpj(n))
        {
            Forms = ["dd.ddd.ddd/dddd-dd"], NearForms = ["dddddddddddddd"], Words = ["cnpj"],
        },
        new("mx-curp", "a Mexican CURP", n => IsCurp(n))
        {
            Forms = ["LLLLddddddLLLLLLdd", "LLLLddddddLLLLLLLd"],
        },
        new("cl-rut", "a Chilean RUT", n => IsRut(n))
        {
            Forms = ["dd.ddd.ddd-d", "dd.ddd.ddd-L"], NearForms = ["dddddddd-d", "dddddddd-L", "ddddddd-d", "ddddddd-L", "d.ddd.ddd-d", "d.ddd.ddd-L"], Words = ["rut", "rol unico", "run"],
        },
        new("ar-cuil", "an Argentine CUIL or CUIT", n => Number(n[..2]) is 20 or 23 or 24 or 27 or 30 or 33 or 34 && "012345678990"[11 - Sum(n, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2) % 11] == n[10] && IsVaried(n))
        {
            Forms = ["dd-dddddddd-d"], NearForms = ["ddddddddddd"], Words = ["cuil", "cuit"],
        },
        new("ec-cedula", "an Ecuadorian cedula", n => Number(n[..2]) is (>= 1 and <= 24) or 30 && n[2] < '6' && Luhn(n) && IsVaried(n))
        {
            NearForms = ["dddddddddd", "ddddddddd-d"], Words = ["cedula", "dula", "ecuador"],
        },
        new("uy-cedula", "an Uruguayan cedula", n => (10 - Sum(n, 2, 9, 8, 7, 6, 3, 4) % 10) % 10 == Digit(n[7]) && IsVaried(n))
        {
            Forms = [], NearForms = ["d.ddd.ddd-d", "ddddddd-d", "dddddddd"], Words = ["cedula", "dula", "uruguay"],
        },
    ];

    // No area 000, 666 or 9xx, no group 00, no serial 0000; not the numbers of advertisements.
    private static bool IsSocial(ReadOnlySpan<char> n) => n[0] != '9' && n[..3] is not ("000" or "666") && n.Slice(3, 2) is not "00" && n[5..] is not "0000" && n is not ("078051120" or "219099999" or "123456789" or "111111111" or "987654321") && IsVaried(n);

    // Letters without S, L, O, I, B and Z.
    private static bool IsMedicare(ReadOnlySpan<char> n) => n[0] != '0' && !n.ContainsAny(Confusing) && n is not "1EG4TE5MK73" and not "1EG4TE5MK72";

    private static bool IsCpf(ReadOnlySpan<char> n) => IsVaried(n) && Eleventh(Sum(n, 10, 9, 8, 7, 6, 5, 4, 3, 2)) == Digit(n[9]) && Eleventh(Sum(n, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)) == Digit(n[10]);

    private static bool IsCnpj(ReadOnlySpan<char> n) =>
        IsVaried(n) && Eleventh(Sum(n, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) == Digit(n[12]) && Eleventh(Sum(n, 6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) == Digit(n[13]);

    private static int Eleventh(int sum) => sum % 11 < 2 ? 0 : 11 - sum % 11;

    private static bool IsCurp(ReadOnlySpan<char> n)
    {
        if (!IsShortDay(n.Slice(4, 6)) || n[10] is not ('H' or 'M' or 'X') || !CurpStates.Contains(n.Slice(11, 2).ToString())) return false;
        var sum = 0;
        for (var i = 0; i < 17; i++)
        {
            var c = n[i];
            // The letter with a tilde stands between N and O, and is written X.
            sum += (char.IsAsciiDigit(c) ? Digit(c) : c <= 'N' ? c - 'A' + 10 : c - 'A' + 11) * (18 - i);
        }
        return (10 - sum % 10) % 10 == Digit(n[17]);
    }

    private static bool IsRut(ReadOnlySpan<char> n)
    {
        var sum = 0;
        for (var i = 0; i < n.Length - 1; i++) sum += Digit(n[^(i + 2)]) * (i % 6 + 2);
        var check = 11 - sum % 11;
        return IsVaried(n[..^1]) && n[^1] == (check == 11 ? '0' : check == 10 ? 'K' : (char)('0' + check));
    }
}
