// Numbers of payment cards: the issuers' ranges and lengths, and the digit of Luhn. Those that payment services publish for tests are no person's, and are not told.
using System.Collections.Frozen;
using static CabinCrew.Governance.Detection.Personal.CheckDigits;

namespace CabinCrew.Governance.Detection.Personal;

internal static class Cards
{
    public static readonly PersonalRule[] Rules =
    [
        new("payment-card", "the number of a payment card", IsCard)
        {
            Forms = ["dddddddddddddddd", "dddd dddd dddd dddd", "dddd-dddd-dddd-dddd", "ddddddddddddddd", "dddd dddddd ddddd", "dddd-dddddd-ddddd", "dddd dddddd dddd", "dddd-dddddd-dddd"],
            NearForms = ["dddddddddddddd", "ddddddddddddddddddd", "dddd dddd dddd dddd ddd"],
            Words = ["card", "visa", "mastercard", "amex", "american express", "diners", "discover", "unionpay", "maestro", "kreditkarte", "tarjeta", "carte", "carta", "cartao", "pan"],
        },
    ];

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Tests = FrozenSet.ToFrozenSet([
        "4242424242424242", "4000056655665556", "5555555555554444", "2223003122003222", "5200828282828210", "5105105105105100", "378282246310005", "371449635398431", "6011111111111117", "6011000990139424", "6011981111111113", "3056930009020004", "36227206271667",
        "6555900000604105", "3566002020360505", "6200000000000005", "6200000000000047", "6205500000000000004", "4000000000000002", "4000000000000077", "4000000000003220", "4000002500003155", "4000002760003184", "4000003800000446", "4000008260000000", "4000000000009995", "4000000000009987",
        "4000000000009979", "4000000000000069", "4000000000000127", "4000000000000119", "4000000000000341", "4000000000000259", "4111111111111111", "4012888888881881", "4222222222222220", "4012000033330026", "4012000077777777", "4005519200000004", "4009348888881881", "4012000033330026", "4500600000000061",
        "4444333322221111", "4917610000000000", "4911830000000", "4462030000000000", "5454545454545454", "5500000000000004", "5424000000000015", "5431111111111111", "2222400070000005", "2222420000001113", "2223000048400011", "5577000055770004", "5136333333333335", "5585558555855583", "5555341244441115",
        "370000000000002", "343434343434343", "341111111111111", "370000000100018", "36006666333344", "30569309025904", "38520000023237", "36148900647913", "6011601160116611", "6445644564456445", "6011000000000004", "6759649826438453", "3530111333300000", "3569990010095841", "3088000000000017", "4988438843884305",
        "4166676667666746", "4646464646464644", "4000620000000007", "4000060000000006", "4293189100000008", "4988080000000000", "4001919257537193", "4007702835532454", "4716190207394368", "5425233430109903", "2222990905257051", "374245455400126", "378734493671000", "5019717010103742", "6250946000000016",
    ]).GetAlternateLookup<ReadOnlySpan<char>>();

    private static bool IsCard(ReadOnlySpan<char> n) => IsIssued(n) && Luhn(n) && IsVaried(n) && !Tests.Contains(n) && !IsRound(n);

    // Digits that nobody draws: powers of two near a double's mantissa, rows of zeros as in samples.
    private static bool IsRound(ReadOnlySpan<char> n) => n.EndsWith("00000000") || n.IndexOf("000000000") >= 0 || System.Numerics.BitOperations.IsPow2(Number(n[..Math.Min(n.Length, 18)])) || LongestRun(n) >= 6;

    private static int LongestRun(ReadOnlySpan<char> n)
    {
        int longest = 1, run = 1;
        for (var i = 1; i < n.Length; i++) longest = Math.Max(longest, run = n[i] == n[i - 1] ? run + 1 : 1);
        return longest;
    }

    private static bool IsIssued(ReadOnlySpan<char> n)
    {
        var four = Number(n[..4]);
        return n.Length switch
        {
            14 => four / 100 is 36 or 38 || four / 10 is >= 300 and <= 305,
            15 => four / 100 is 34 or 37,
            16 => four / 1000 == 4 || four / 100 is >= 51 and <= 55 or 35 or 65 || four is (>= 2221 and <= 2720) or 6011 || four / 10 is >= 644 and <= 649 || four / 100 == 62 || four is 5018 or 5020 or 5038 or 5893 or 6304 or 6759 or 6761 or 6762 or 6763,
            19 => four / 1000 == 4 || four / 100 is 62 or 65 || four == 6011,
            _ => false,
        };
    }
}
