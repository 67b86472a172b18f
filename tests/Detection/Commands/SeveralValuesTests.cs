// A variable that may hold one of several texts there, and is run: each is judged, or the whole is not held to be harmless.
using CabinCrew.Governance.Detection.Commands;

namespace CabinCrew.Detection.Tests.Commands;

[Clause("PRE-04")]
public sealed class SeveralValuesTests
{
    [Theory]
    [InlineData("x='rm -rf /'; if true; then x='ls'; fi; eval \"$x\"")]
    [InlineData("x='ls'; if true; then x='rm -rf /'; fi; eval \"$x\"")]
    [InlineData("x='rm -rf /'; if true; then x='ls'; fi; sh -c \"$x\"")]
    [InlineData("x='ls'; if true; then x='rm -rf /'; fi; sh -c \"$x\"")]
    [InlineData("x='ls'; for i in 1 2; do x='rm -rf /'; done; sh -c \"$x\"")]
    [InlineData("x='ls'; if true; then x='rm -rf /'; fi; $x")]
    [InlineData("x='ls'; if true; then x='rm -rf /'; fi; echo \"$x\" | sh")]
    [InlineData("x='ls'; if true; then x='rm -rf /'; fi; echo \"$x\" > f; sh f")]
    [InlineData("d=./build; if true; then d=/; fi; rm -rf $d")]
    public void It_is_found_or_not_read(string script) => Assert.Contains(ShellReviewTests.Rules(script), r => r is "delete-root" or "unreadable");

    // What is bounded is how often one thing is told, not what is looked at.
    [Fact]
    public void Nothing_is_buried_under_much_that_weighs_less()
    {
        var script = string.Concat(Enumerable.Range(0, 2_000).Select(i => $"chmod 777 file{i}\n")) + "rm -rf /\n";
        var found = CommandReview.Of(script);
        Assert.InRange(found.Count, 500, 502);
        Assert.Contains(found, f => f.Rule.Id == "delete-root" && f.Line == 2_001);
        var sql = string.Concat(Enumerable.Range(0, 2_000).Select(i => $"delete from t{i};\n")) + "drop database shop;\n";
        Assert.Contains(CommandReview.Of(sql, CommandKind.Sql), f => f.Line == 2_001);
    }

    [Theory]
    [InlineData("x=a; if true; then x=b; fi; echo \"$x\"")]
    [InlineData("for d in a b; do rm -rf ./$d; done")]
    [InlineData("x='ls'; if true; then x='pwd'; fi; $x")]
    public void Several_harmless_ones_are_harmless(string script) => Assert.Empty(ShellReviewTests.Rules(script));
}
