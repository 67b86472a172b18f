// `cabincrew policy`: one table of its verbs. A new verb is one file here and one line of the table.
using System.CommandLine;

namespace CabinCrew.Cli.Commands.Policy;

internal static class PolicyCommand
{
    private static readonly Verb[] Verbs =
    [
        new("init", InitCommand.Create),
        new("check", CheckCommand.Create),
        new("test", TestCommand.Create),
        new("eval", EvalCommand.Create),
        new("fmt", FmtCommand.Create),
        new("explain", ExplainCommand.Create),
        new("replay", ReplayCommand.Create),
        new("bundle", BundleCommand.Create),
    ];

    public static Command Create() => Create(null);

    /// <summary>With this verb alone, or with all where there is no such verb.</summary>
    public static Command Create(string? name)
    {
        var command = new Command("policy", "Write, check, test and try policies in Rego; explain and replay judgements; bundle.");
        var meant = Array.Find(Verbs, v => v.Name == name);
        foreach (var verb in meant is null ? Verbs : [meant]) command.Subcommands.Add(verb.Make());
        return command;
    }
}
