// The help of every command: complete, with examples, and the page docs/generated/cli.md made of it. And what a mistyped command line gets.
using System.CommandLine;
using System.Text;
using CabinCrew.Cli;
using CabinCrew.Protocol;
using CabinCrew.Tests.Tidy;
using Xunit;

namespace CabinCrew.Tests.Golden;

public sealed class CommandHelpTests
{
    private static readonly IReadOnlyList<Command> All = [.. Below(Root.Build())];

    [Fact]
    public void The_page_of_the_command_line_is_up_to_date()
    {
        var page = new StringBuilder("""
            # The command line

            Written by the tests from the commands' own help; do not edit.

            ```text

            """);
        page.Append(Root.Help.TrimEnd('\n')).Append("\n```\n");
        foreach (var command in All) page.Append($"\n## {HelpPage.PathOf(command)}\n\n```text\n{HelpPage.Of(command).TrimEnd('\n')}\n```\n");
        Repository.IsUpToDate("docs/generated/cli.md", page.ToString());
    }

    [Fact]
    public void The_front_page_names_every_command() =>
        Repository.None(Root.Build().Subcommands.Where(c => !Root.Help.Contains($"\n  {c.Name} ", StringComparison.Ordinal)).Select(c => c.Name), "Commands that `cabincrew --help` leaves out:");

    [Fact]
    public void A_line_that_begins_with_a_verb_makes_no_other_and_means_the_same() =>
        Repository.None(
            from c in All
            let path = HelpPage.PathOf(c)
            let parse = Root.Parse(path.Split(' ')[1..])
            where HelpPage.PathOf(parse.CommandResult.Command) != path || (c.Name != "help" && parse.RootCommandResult.Command.Subcommands.Count != 1)
            select path, "Commands that their own line does not find, or that make others as well:");

    [Fact]
    public void Every_command_gives_an_example() =>
        Repository.None(All.Where(c => c.Subcommands.Count == 0 && !HelpPage.Of(c).Contains("\n  cabincrew ", StringComparison.Ordinal) && !HelpPage.Of(c).Contains("cabincrew completion", StringComparison.Ordinal)
            && !HelpPage.Of(c).Contains("&& cabincrew", StringComparison.Ordinal)).Select(HelpPage.PathOf), "Commands without an example:");

    [Fact]
    public void Every_option_and_argument_says_what_it_is() =>
        Repository.None(
            from c in All
            from s in c.Options.Cast<Symbol>().Concat(c.Arguments)
            where string.IsNullOrWhiteSpace(s.Description)
            select $"{HelpPage.PathOf(c)} {s.Name}",
            "Without a description:");

    [Theory]
    [InlineData("statsu", "cabincrew has no command 'statsu'; did you mean 'status'?")]
    [InlineData("run --jsn", "cabincrew run has no option '--jsn'; did you mean '--json'?")]
    [InlineData("show a b", "cabincrew show has no argument 'b'")]
    [InlineData("show", "cabincrew show needs WORKFLOW: The workflow's id.")]
    [InlineData("audit", "cabincrew audit needs one of: verify, show, export")]
    [InlineData("status -n x", "a number is expected")]
    [InlineData("completion tcsh", "'tcsh' is not one of bash, fish, zsh")]
    public void A_mistyped_command_line_gets_one_line_that_says_what_is_wrong(string line, string expected)
    {
        var problem = UsageErrors.Of(Root.Build().Parse(line));
        Assert.Equal(ProblemCode.InvalidArgument, problem.Code);
        Assert.Equal(2, problem.Code.ExitCode());
        Assert.Contains(expected, problem.Message);
        Assert.DoesNotContain('\n', problem.Message);
        Assert.Contains("--help", problem.Remedy);
    }

    private static IEnumerable<Command> Below(Command command) => command.Subcommands.SelectMany(c => Below(c).Prepend(c));
}
