// `cabincrew policy`: one table of its verbs. A new verb is one file here and one line of the table.
using System.CommandLine;

namespace CabinCrew.Cli.Commands.Policy;

internal static class PolicyCommand
{
    private static readonly Func<Command>[] Verbs =
    [
        InitCommand.Create,
        CheckCommand.Create,
        TestCommand.Create,
        EvalCommand.Create,
        FmtCommand.Create,
        ExplainCommand.Create,
        ReplayCommand.Create,
        BundleCommand.Create,
    ];

    public static Command Create()
    {
        var command = new Command("policy", "Write, check, test and try policies in Rego; explain and replay judgements; bundle.");
        foreach (var verb in Verbs) command.Subcommands.Add(verb());
        return command;
    }
}
