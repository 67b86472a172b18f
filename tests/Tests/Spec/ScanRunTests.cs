// Things that are looked through side by side are told in their own order, each of them, whatever becomes of one.
using System.Text;
using CabinCrew.Cli.Commands.Scan;
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class ScanRunTests
{
    private static readonly string Token = "sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc";

    private static ScanItem Item(int i) => i % 10 == 3
        ? new($"{i}", () => new Problem(ProblemCode.IoFailed, "gone"))
        : new($"{i}", () => new ScanContent($"{i}", Encoding.UTF8.GetBytes($"{new string('x', i % 7 * 20_000)}\n{Token}\n")));

    [Fact]
    public void Results_come_in_the_order_of_the_items()
    {
        var done = ScanRun.Each(Scanner.Standard, Enumerable.Range(0, 150).Select(Item), CancellationToken.None, CancellationToken.None).ToList();
        Assert.Equal(Enumerable.Range(0, 150).Select(i => i % 10 == 3 ? $"{i} unread" : $"{i} stripe-key"), done.Select(d => Assert.Single(d.Result.Findings)).Select(f => $"{f.Path} {f.Rule}"));
    }

    [Fact]
    public void What_no_time_is_left_for_is_told_one_by_one()
    {
        var done = ScanRun.Each(Scanner.Standard, Enumerable.Range(0, 50).Select(Item), new CancellationToken(canceled: true), CancellationToken.None).ToList();
        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"{i} unread"), done.Select(d => Assert.Single(d.Result.Findings)).Select(f => $"{f.Path} {f.Rule}"));
    }

    [Fact]
    public void Whoever_calls_it_off_gets_no_result() =>
        Assert.ThrowsAny<OperationCanceledException>(() => ScanRun.Each(Scanner.Standard, Enumerable.Range(0, 50).Select(Item), CancellationToken.None, new CancellationToken(canceled: true)).ToList());
}
