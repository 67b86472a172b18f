// The harness itself: what fits, what does not, and that a difference is seen.
namespace CabinCrew.E2E;

public sealed class OutputPatternTests
{
    [Theory]
    [InlineData("a\nb", "a\nb\n")]
    [InlineData("\na\n\n", "a")]
    [InlineData("took [..] ms", "took 12 ms")]
    [InlineData("[..]one[..]two[..]", "the one and the two")]
    [InlineData("...\nlast", "1\n2\n3\nlast")]
    [InlineData("first\n...", "first")]
    [InlineData("a\n...\nb\n...\nc", "a\nb\nx\nb\nc")]
    [InlineData("\\# heading\n\\...", "# heading\n...")]
    [InlineData("", "")]
    public void Fits(string expected, string output) => Assert.Null(OutputPattern.Difference(expected.Split('\n'), output));

    [Theory]
    [InlineData("a", "b")]
    [InlineData("a", "a\nb")]
    [InlineData("a\nb", "a")]
    [InlineData("", "something")]
    [InlineData("x[..]x", "x")]
    [InlineData("...\nlast", "1\nlast\n2")]
    [InlineData("[..]", "one\ntwo")]
    [InlineData("...x", "anything x")]
    public void Does_not_fit(string expected, string output) => Assert.NotNull(OutputPattern.Difference(expected.Split('\n'), output));

    [Fact]
    public void A_difference_points_at_the_line()
    {
        var difference = OutputPattern.Difference(["one", "two"], "one\nthree");
        Assert.Contains("  > two", difference);
        Assert.Contains("  > three", difference);
    }

    [Fact]
    public void A_script_reads_commands_output_and_exit_codes()
    {
        string[] text = ["# Greets.", "$ echo hello \\", "> world", "hello world", "", "$ exit 3", "? 3"];
        var commands = FlightScript.Parse("x", text.Select((t, i) => (i + 1, t)));
        Assert.Equal(2, commands.Count);
        Assert.Equal("echo hello \\\nworld", commands[0].Text);
        Assert.Equal(["hello world", ""], commands[0].Expected);
        Assert.Equal((3, 6), (commands[1].ExitCode, commands[1].Line));
    }

    [Fact]
    public void Only_marked_blocks_of_a_document_are_run()
    {
        string[] page = ["```console", "$ rm -rf /", "```", "<!-- run -->", "```console", "$ true", "```"];
        Assert.Equal([(6, "$ true")], FlightScript.MarkedBlocks(page));
    }

    [Fact]
    public async Task A_flight_that_goes_wrong_fails()
    {
        async Task<string> Message(params string[] script)
        {
            using var runner = new FlightRunner();
            var commands = FlightScript.Parse("x", script.Select((t, i) => (i + 1, t)));
            return (await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() => runner.RunAsync("x", commands, asClone: false, TestContext.Current.CancellationToken))).Message;
        }

        Assert.Contains("x:1", await Message("$ echo one", "two"));
        Assert.Contains("exit code 1, expected 0", await Message("$ false"));
        Assert.Contains("exit code 0, expected 4", await Message("$ true", "? 4"));
        Assert.Contains("the shell ended", await Message("$ true", "$ exit 1", "$ true"));
        Assert.Contains("x:2", await Message("$ true", "$ echo 'unclosed"));
    }
}
