// Cards and accounts made by arithmetic of this file's own, many of them, in every way that they are written; and the same with one digit changed or two exchanged.
using System.Globalization;
using System.Numerics;

namespace CabinCrew.Detection.Tests.Personal;

public sealed class GeneratedNumbersTests
{
    private const int Numbers = 200;

    // What a digit adds where it is doubled, read off a table and not computed.
    private static readonly int[] Doubled = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];

    private static readonly (string Begins, int Length)[] Issuers = [("4", 16), ("51", 16), ("55", 16), ("2230", 16), ("2719", 16), ("34", 15), ("37", 15), ("6011", 16), ("65", 16), ("3530", 16), ("62", 16)];

    private static readonly (string Country, string Bank)[] Accounts = [("DE", "dddddddddddddddddd"), ("GB", "LLLLdddddddddddddd"), ("FR", "ddddddddddddddddddddddd"), ("NL", "LLLLdddddddddd"), ("MT", "LLLLdddddLLLLLLdddddddddddd"), ("NO", "ddddddddddd"), ("PL", "dddddddddddddddddddddddd")];

    [Fact]
    public void Cards_are_found_and_cards_with_a_wrong_digit_are_not()
    {
        var random = new Random(20261201);
        foreach (var (begins, length) in Issuers)
            for (var i = 0; i < Numbers / Issuers.Length; i++)
            {
                var card = Card(begins, length, random);
                foreach (var text in Grouped(card))
                {
                    Assert.Equal([("payment-card", text)], PersonalSight.In($"paid with {text}, thanks"));
                    var at = random.Next(text.Length);
                    while (!char.IsAsciiDigit(text[at])) at = random.Next(text.Length);
                    var wrong = text[..at] + (char)('0' + (text[at] - '0' + random.Next(1, 10)) % 10) + text[(at + 1)..];
                    Assert.Empty(PersonalSight.In($"paid with {wrong}, thanks"));
                }
                Assert.DoesNotContain(PersonalSight.In($"paid with {card}{random.Next(10)}, thanks"), f => f.Text.Length == length);
            }
    }

    [Fact]
    public void Accounts_are_found_and_accounts_with_a_wrong_sign_are_not()
    {
        var random = new Random(20261202);
        foreach (var (country, bank) in Accounts)
            for (var i = 0; i < Numbers / Accounts.Length; i++)
            {
                var iban = Iban(country, string.Concat(bank.Select(c => c == 'd' ? (char)('0' + random.Next(10)) : (char)('A' + random.Next(26)))));
                var fours = string.Join(' ', iban.Chunk(4).Select(c => new string(c)));
                Assert.Equal([("iban", iban)], PersonalSight.In($"to {iban}."));
                Assert.Equal([("iban", fours)], PersonalSight.In($"to {fours}, today"));
                var at = random.Next(4, iban.Length - 1);
                if (iban[at] == iban[at + 1]) continue;
                Assert.DoesNotContain("iban", PersonalSight.Rules($"to {iban[..at]}{iban[at + 1]}{iban[at]}{iban[(at + 2)..]}."), StringComparison.Ordinal);
                Assert.DoesNotContain("iban", PersonalSight.Rules($"to {iban}0 and A{iban}"), StringComparison.Ordinal);
            }
    }

    private static string Card(string begins, int length, Random random)
    {
        while (true)
        {
            var digits = begins + string.Concat(Enumerable.Range(0, length - begins.Length - 1).Select(_ => random.Next(10)));
            for (var check = 0; check < 10; check++)
            {
                var whole = digits + check.ToString(CultureInfo.InvariantCulture);
                var sum = whole.Reverse().Select((c, place) => place % 2 == 1 ? Doubled[c - '0'] : c - '0').Sum();
                if (sum % 10 == 0 && whole.Distinct().Count() > 6 && !whole.Contains("000000", StringComparison.Ordinal)) return whole;
            }
        }
    }

    private static IEnumerable<string> Grouped(string card) => card.Length == 16
        ? [card, string.Join(' ', card.Chunk(4).Select(c => new string(c))), string.Join('-', card.Chunk(4).Select(c => new string(c)))]
        : [card, $"{card[..4]} {card[4..10]} {card[10..]}"];

    private static string Iban(string country, string bank)
    {
        var number = BigInteger.Parse(string.Concat((bank + country + "00").Select(c => char.IsAsciiDigit(c) ? c.ToString() : (c - 'A' + 10).ToString(CultureInfo.InvariantCulture))), CultureInfo.InvariantCulture);
        return $"{country}{(int)(98 - number % 97):00}{bank}";
    }
}
