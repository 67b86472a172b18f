// completion and help: texts that teach.
using System.CommandLine;
using System.Text.Json.Nodes;
using CabinCrew.Cli.Completion;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands;

internal static class HelpCommands
{
    public static Command Completion()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish." };
        shell.AcceptOnlyFromAmong([.. CompletionScripts.Shells]);
        var command = new Command("completion", """
            Print a completion script for your shell.

            Example:
              eval "$(cabincrew completion bash)"
            """) { shell };
        command.Plain((parse, screen) => CompletionScripts.For(parse.GetValue(shell)!).Map(text => { screen.Raw(text); return 0; }));
        return command;
    }

    public static Command Help()
    {
        var topic = new Argument<string?>("TOPIC") { Description = "A command, exit-codes, or the code of a problem, such as workspace_drift.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("help", """
            Explain a command, exit codes, or a problem.

            Examples:
              cabincrew help run
              cabincrew help exit-codes
              cabincrew help workspace_drift
            """) { topic };
        command.Plain((parse, screen) => parse.GetValue(topic) switch
        {
            null => Text(screen, Root.Help),
            "exit-codes" => ExitCodes(screen),
            var name when Named(parse, name) is { } wanted => Text(screen, HelpPage.Of(wanted)),
            var id => Problem(screen, id),
        });
        return command;
    }

    private static Command? Named(ParseResult parse, string name) => parse.RootCommandResult.Command.Subcommands.FirstOrDefault(c => c.Name == name);

    private static Outcome<int> Text(Screen screen, string text)
    {
        screen.Raw(text);
        return 0;
    }

    private static Outcome<int> ExitCodes(Screen screen)
    {
        var classes = ProblemCodes.Table.GroupBy(e => e.Class).OrderBy(g => (int)g.Key).ToList();
        if (screen.Json)
        {
            screen.Document(new() { ["exit_codes"] = new JsonArray([.. classes.Select(g => (JsonNode)new JsonObject { ["exit_code"] = (int)g.Key, ["class"] = g.Key.ToString(), ["problems"] = new JsonArray([.. g.Select(e => (JsonNode)e.Id)]) })]) });
            return 0;
        }
        screen.Line("  0  done");
        foreach (var group in classes) screen.Line($"{(int)group.Key,3}  {group.Key}: {string.Join(", ", group.Select(e => e.Id))}");
        return 0;
    }

    private static Outcome<int> Problem(Screen screen, string id)
    {
        if (ProblemCodes.Table.FirstOrDefault(e => e.Id == id) is not { } entry)
            return new Problem(ProblemCode.NotFound, $"no help on '{id}'{NearMatch.Hint(id, ProblemCodes.Table.Select(e => e.Id).Append("exit-codes"))}") { Remedy = "cabincrew help exit-codes lists every problem." };
        if (screen.Json) screen.Document(new() { ["code"] = entry.Id, ["exit_code"] = (int)entry.Class, ["clause"] = entry.Clause, ["meaning"] = entry.Meaning, ["remedy"] = entry.Remedy });
        else
        {
            screen.Title(entry.Id);
            screen.Field("meaning", entry.Meaning);
            screen.Field("what to do", entry.Remedy);
            screen.Field("exit code", $"{(int)entry.Class} ({entry.Class})");
            if (entry.Clause.Length > 0) screen.Field("clause", entry.Clause);
        }
        return 0;
    }
}
