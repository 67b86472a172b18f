// A variable that may hold one of several texts there, and is run: each is judged, or the whole is not held to be harmless.
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

    [Theory]
    [InlineData("x=a; if true; then x=b; fi; echo \"$x\"")]
    [InlineData("for d in a b; do rm -rf ./$d; done")]
    [InlineData("x='ls'; if true; then x='pwd'; fi; $x")]
    public void Several_harmless_ones_are_harmless(string script) => Assert.Empty(ShellReviewTests.Rules(script));
}
