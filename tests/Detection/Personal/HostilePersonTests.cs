// Texts made to be slow, or to hide a number: near misses by the hundred thousand, one endless line, bytes that are no text, and every place of a block.
using System.Diagnostics;
using System.Text;
using CabinCrew.Governance.Detection;

namespace CabinCrew.Detection.Tests.Personal;

public sealed class HostilePersonTests
{
    private const string Card = "4539148803436467";

    public static TheoryData<string> Parts => ["4539148803436468 ", "4539 1488 0343 6468 ", "DE8937 ", "DE89 3704 0044 ", "ssn 12345678 ", "a@b", "a@", "@", "jane@firma.d ", "+1 ", "+49 ", "(((1) ", "1-", "1.", "1 ", "phone 1 ", "dddd", "A1", "12345678901 pesel ", "ssnssnssn123-45-678 ", "1:", "1/"];

    [Theory, MemberData(nameof(Parts))]
    public void Near_misses_hide_nothing_and_take_no_time(string part)
    {
        var text = string.Concat(Enumerable.Repeat(part, 400_000 / part.Length)) + "\n" + Card + "\n";
        var clock = Stopwatch.StartNew();
        Assert.Contains(("payment-card", Card), PersonalSight.In(text));
        // Some hundredths of a second; anything quadratic would be at it for minutes.
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 20);
    }

    [Fact]
    public void A_number_is_suspected_at_every_place_of_a_block()
    {
        for (var before = (1 << 15) - 600; before < (1 << 15) + 40; before += 7)
            Assert.True(PersonalSight.Detector.Suspects(Encoding.ASCII.GetBytes(new string(' ', before) + "pesel: 44051401359")), $"{before}");
    }

    [Fact]
    public void A_rule_is_told_so_often_and_the_others_are_not_lost()
    {
        List<TextMatch> found = [];
        PersonalSight.Detector.FindIn(string.Concat(Enumerable.Repeat("jane.roe@firma.de ", 5000)) + Card, found);
        Assert.Equal(TextDetection.FindingsMax, found.Count(f => f.Rule.Id == "email"));
        Assert.Contains(found, f => f.Rule.Id == "payment-card");
    }
}
