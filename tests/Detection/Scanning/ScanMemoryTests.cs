// The same content is looked through once, whatever differs is looked through anew, and what is kept is bounded.
using System.Text;
using CabinCrew.Governance.Detection.Allowances;
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Protocol;
using static CabinCrew.Detection.Tests.Scanning.Kit;

namespace CabinCrew.Detection.Tests.Scanning;

public sealed class ScanMemoryTests
{
    private static readonly ScanContent Content = new("a.txt", Encoding.UTF8.GetBytes($"one\n{Token}\n"));

    public static TheoryData<ScanContent> Others =>
    [
        Content with { Name = "b.txt" }, Content with { Bytes = Encoding.UTF8.GetBytes($"two\n{Token}\n") }, Content with { Lines = new HashSet<int> { 1 } }, Content with { Lines = new HashSet<int> { 2 } },
        Content with { Numbers = [7, 9, 10] }, Content with { ShownAs = "artifact a" }, Content with { IsCut = true }, Content with { Commit = "abc" },
    ];

    [Fact]
    public void The_same_content_has_the_same_result_and_is_looked_through_once()
    {
        var memory = new ScanMemory();
        var first = memory.Scan(Scanner.Standard, Content, default);
        Assert.Equal(["secrets/stripe-key 2:1"], first.Findings.Short());
        Assert.Same(first, memory.Scan(Scanner.Standard, Content with { Bytes = Content.Bytes.ToArray() }, default));
        var lenient = Scanner.Of(Settings(("secrets", Decision.Warn)), ProblemCode.InvalidArgument).Value;
        Assert.Equal(Decision.Warn, Assert.Single(memory.Scan(lenient, Content, default).Findings).Decision);
    }

    [Theory, MemberData(nameof(Others))]
    public void Whatever_differs_is_looked_through_anew(ScanContent other)
    {
        var memory = new ScanMemory();
        memory.Scan(Scanner.Standard, Content, default);
        var (remembered, anew) = (memory.Scan(Scanner.Standard, other, default), Scanner.Standard.Scan(other, default));
        Assert.Equal(anew.Findings, remembered.Findings);
    }

    [Fact]
    public void What_a_person_allows_is_asked_anew_each_time()
    {
        var memory = new ScanMemory();
        var allowing = Scanner.Standard.With(new(new([new Allowance("stripe-key", "a.txt", null, "a test", new DateOnly(2030, 1, 1), 1)]), "/", DateTimeOffset.UnixEpoch));
        Assert.NotSame(memory.Scan(allowing, Content, default), memory.Scan(allowing, Content, default));
    }

    [Fact]
    public void What_is_kept_is_bounded_in_results_and_in_findings()
    {
        var memory = new ScanMemory(resultsMax: 2);
        var first = memory.Scan(Scanner.Standard, Content, default);
        for (var i = 0; i < 4; i++) memory.Scan(Scanner.Standard, Content with { Name = $"{i}.txt" }, default);
        Assert.NotSame(first, memory.Scan(Scanner.Standard, Content, default));
        var few = new ScanMemory(findingsMax: 1);
        first = few.Scan(Scanner.Standard, Content, default);
        Assert.Same(first, few.Scan(Scanner.Standard, Content, default));
        for (var i = 0; i < 2; i++) few.Scan(Scanner.Standard, Content with { Name = $"{i}.txt" }, default);
        Assert.NotSame(first, few.Scan(Scanner.Standard, Content, default));
    }

    [Fact]
    public void A_look_that_was_broken_off_is_not_remembered()
    {
        var memory = new ScanMemory();
        Assert.Throws<OperationCanceledException>(() => memory.Scan(Scanner.Standard, Content, new CancellationToken(canceled: true)));
        Assert.NotEmpty(memory.Scan(Scanner.Standard, Content, default).Findings);
    }
}
