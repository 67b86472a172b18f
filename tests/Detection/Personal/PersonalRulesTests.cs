// Every rule by numbers that somebody else's code calls valid, in every form that the rule has, and by what they become with a wrong digit, without the word, and as a part of something longer.
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Detection.Personal;
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Protocol;

namespace CabinCrew.Detection.Tests.Personal;

public sealed class PersonalRulesTests
{
    // Countries that number people without a check digit, or check only in part; what else is shown by words and ranges alone.
    private static readonly HashSet<string> Unchecked = ["uk-nino", "us-ssn", "us-itin", "us-medicare", "in-pan", "my-mykad", "id-nik", "pk-cnic", "dk-cpr", "birth-date", "passport", "uk-driving-licence"];

    public static TheoryData<string> Ids => [.. PersonalRules.Table.Where(r => PersonalSight.Numbers.Contains(r.Id)).Select(r => r.Id)];

    private static PersonalRule Rule(string id) => Array.Find(PersonalRules.Table, r => r.Id == id)!;

    private static IEnumerable<string> Written(PersonalRule rule, IEnumerable<string> forms) =>
        from number in PersonalSight.Numbers[rule.Id] from form in forms let text = PersonalSight.Written(form, number) where text is not null select text;

    [Theory, MemberData(nameof(Ids))]
    public void A_number_is_found_in_every_form(string id)
    {
        var rule = Rule(id);
        var shown = 0;
        foreach (var text in Written(rule, rule.Forms))
            foreach (var around in new[] { "{0}", "see {0}.", "\"{0}\"", "a={0};b", "name,{0},x", "<td>{0}</td>", "\\n{0}\\n", "%22{0}%22", "({0})", "it is {0}, or so" })
            {
                Assert.Contains((id, text), PersonalSight.In(around.Replace("{0}", text, StringComparison.Ordinal)));
                shown++;
            }
        foreach (var text in Written(rule, rule.NearForms))
            foreach (var word in rule.Words)
                foreach (var around in new[] { "{1}: {0}", "{{\"{1}\": \"{0}\"}}", "my {1} is {0}.", "<{1}>{0}</{1}>" })
                {
                    var whole = around.Replace("{1}", word, StringComparison.Ordinal).Replace("{0}", text, StringComparison.Ordinal);
                    // Two countries may write alike: then another that the word stands for may be named.
                    Assert.True(PersonalSight.In(whole).Any(f => f.Text == text), $"{id}: {whole}");
                    shown++;
                }
        Assert.True(shown > 0, $"{id}: no form fits its numbers");
        if (rule.Words.Length > 0) Assert.Contains(id, Written(rule, [.. rule.Forms, .. rule.NearForms]).SelectMany(text => rule.Words.Select(word => PersonalSight.Rules($"{word} {text}"))));
    }

    [Theory, MemberData(nameof(Ids))]
    public void A_wrong_digit_a_missing_word_or_more_of_the_same_is_none(string id)
    {
        var rule = Rule(id);
        foreach (var text in Written(rule, [.. rule.Forms, .. rule.NearForms]))
        {
            var isNear = !Written(rule, rule.Forms).Contains(text);
            if (isNear) Assert.DoesNotContain(PersonalSight.In($"see {text}."), f => f.Rule == id);
            var word = isNear ? rule.Words[0] + " " : "";
            foreach (var longer in new[] { $"{word}7{text}", $"{word}{text}7", $"{word}q_{text}", $"{word}{text}_q", $"{word}0.{text}", $"{word}8-{text}", $"{word}{text}-8", $"{word}{text}.8", $"{word}a/{text}", $"{word}{text}/a", $"{word}a-{text}" })
                Assert.DoesNotContain(PersonalSight.In(longer), f => f.Rule == id && f.Text == text);
            if (Unchecked.Contains(id)) continue;
            // Some weigh a place by what their modulus divides: altogether, most wrong digits are told.
            var (wrong, right) = (0, 0);
            for (var at = 0; at < text.Length; at++)
                for (var digit = '0'; digit <= '9' && char.IsAsciiDigit(text[at]); digit++, wrong++)
                    if (digit != text[at] && PersonalSight.In($"{word}{text[..at]}{digit}{text[(at + 1)..]}").Any(f => f.Rule == id)) right++;
            Assert.True(right * 4 <= wrong, $"{id}: {right} of {wrong} numbers beside {text}");
        }
    }

    [Fact]
    public void Every_rule_has_numbers_is_named_once_and_stands_in_the_reference()
    {
        var page = CabinCrew.Tests.Tidy.Repository.Text("docs/reference/detection.md");
        Assert.Equal(PersonalSight.Detector.Rules.Count, PersonalSight.Detector.Rules.Select(r => r.Id).Distinct().Count());
        Assert.All(PersonalSight.Detector.Rules, r => Assert.Contains($"`{r.Id}`", page, StringComparison.Ordinal));
        string[] elsewhere = ["payment-card", "birth-date", "passport", "uk-driving-licence"];
        Assert.Equal(PersonalRules.Table.Select(r => r.Id).Except(elsewhere).Order(StringComparer.Ordinal), PersonalSight.Numbers.Select(n => n.Key).Order(StringComparer.Ordinal));
        Assert.All(PersonalRules.Table, r => Assert.All(r.Words, w => Assert.True(System.Text.Ascii.IsValid(w) && !w.Any(char.IsAsciiLetterUpper), w)));
        Assert.All(PersonalRules.Table, r => Assert.True(r.Forms.Length + r.NearForms.Length > 0 && r.NearForms.Length > 0 == r.Words.Length > 0, r.Id));
    }

    [Theory]
    [InlineData("date of birth: 1984-07-21", "birth-date", "1984-07-21")]
    [InlineData("{\"dateOfBirth\":\"1984-07-21T00:00:00Z\"}", "birth-date", "1984-07-21T00:")]
    [InlineData("geboren 21.07.1984", "birth-date", "21.07.1984")]
    [InlineData("DOB 07/21/1984", "birth-date", "07/21/1984")]
    [InlineData("passport no. C01X00T47, passport: 925076473", "passport", "925076473")]
    [InlineData("Reisepass L8973654", "passport", "L8973654")]
    [InlineData("driving licence MORGA753116SM9IJ", "uk-driving-licence", "MORGA753116SM9IJ")]
    [InlineData("write to jane.roe@acme-shop.co.uk, please", "email", "jane.roe@acme-shop.co.uk")]
    [InlineData("<mailto:jane.roe@firma.de>", "email", "jane.roe@firma.de")]
    [InlineData("email='j.roe+shop@firma.de'", "email", "j.roe+shop@firma.de")]
    [InlineData("ask \\njroe@firma.de: now", "email", "jroe@firma.de")]
    [InlineData("call +49 30 901820, or not", "phone", "+49 30 901820")]
    [InlineData("+1 (212) 736-5000", "phone", "+1 (212) 736-5000")]
    [InlineData("\"+33142685300\"", "phone", "+33142685300")]
    [InlineData("phone: 212-736-5000", "phone", "212-736-5000")]
    [InlineData("Telefon: 030 901820-12", "phone", "030 901820-12")]
    public void What_a_word_or_a_sign_makes_a_persons_is_found(string text, string rule, string found) => Assert.Contains((rule, found), PersonalSight.In(text));

    public static TheoryData<string> Harmless => [.. HarmlessLines()];

    private static IEnumerable<string> HarmlessLines()
    {
        using var reader = new StreamReader(typeof(PersonalRulesTests).Assembly.GetManifestResourceStream("harmless.cases")!);
        return [.. reader.ReadToEnd().Split('\n').Where(l => l.Length > 0 && !l.StartsWith("# ", StringComparison.Ordinal))];
    }

    [Theory, MemberData(nameof(Harmless))]
    public void What_only_looks_like_it_is_found_by_none(string text) => Assert.Equal("", PersonalSight.Rules(text));

    [Fact]
    public void Files_are_warned_of_numbers_and_silent_about_addresses_until_somebody_asks()
    {
        const string text = "iban: DE02 1203 0000 0000 2020 51, mail jane.roe@firma.de, phone +49 30 901820, born 1984-07-21\n";
        Assert.Equal([("personal-data/iban", Decision.Warn)], Scanning.Kit.Scan("a.txt", text).Select(f => (f.Id, f.Decision)));
        Assert.Equal(["personal-data/birth-date", "personal-data/email", "personal-data/iban", "personal-data/phone"],
            Scanning.Kit.Scan("a.txt", text, Scanning.Kit.Settings(("personal-data", Decision.Warn))).Select(f => f.Id).Order(StringComparer.Ordinal));
        Assert.Empty(Scanning.Kit.Scan("a.txt", text, Scanning.Kit.Settings(("personal-data", Decision.Allow))));
        Assert.Equal(Decision.Allow, Detectors.StandardOf(Detectors.Personal).FromServer);
        Assert.Contains(Detectors.Personal, ScanSettings.Detectors);
    }
}
