// A command line that cannot be read: one error with the nearest known word, exit code 2, never a page of help.
using System.CommandLine;
using System.CommandLine.Completions;
using CabinCrew.Protocol;

namespace CabinCrew.Cli;

internal static class UsageErrors
{
    private const int CharsShownMax = 200;

    public static int Refuse(ParseResult parse, string[] args)
    {
        var problem = Of(parse);
        Screen.For(args.Contains("--json"), args.Contains("--no-color")).Refuse(problem);
        return problem.Code.ExitCode();
    }

    public static Problem Of(ParseResult parse)
    {
        var command = parse.CommandResult.Command;
        var path = HelpPage.PathOf(command);
        return new(ProblemCode.InvalidArgument, Message(parse, command, path)) { Remedy = $"See `{path} --help`." };
    }

    private static string Message(ParseResult parse, Command command, string path)
    {
        if (parse.UnmatchedTokens is [var word, ..])
        {
            var option = word.StartsWith('-');
            var known = option ? Options(command) : command.Subcommands.Select(c => c.Name);
            var kind = option ? "option" : command.Subcommands.Count > 0 ? "command" : "argument";
            return $"{path} has no {kind} '{Clip(word)}'{NearMatch.Hint(word, known)}";
        }
        if (command.Subcommands.Count > 0) return $"{path} needs one of: {string.Join(", ", command.Subcommands.Select(c => c.Name))}";
        if (command.Arguments.FirstOrDefault(a => a.Arity.MinimumNumberOfValues > 0 && parse.GetResult(a) is null or { Tokens.Count: 0 }) is { } missing)
            return $"{path} needs {missing.Name}: {missing.Description}";
        if (command.Arguments.FirstOrDefault() is { } choice && Choices(choice) is { Count: > 0 } choices && parse.GetResult(choice) is { Tokens: [var chosen] } && !choices.Contains(chosen.Value))
            return $"{path}: '{Clip(chosen.Value)}' is not one of {string.Join(", ", choices)}{NearMatch.Hint(chosen.Value, choices)}";
        var said = parse.Errors[0].Message.ReplaceLineEndings(" ").TrimEnd('.');
        var end = said.IndexOf(" as expected type", StringComparison.Ordinal);
        return end < 0 ? Clip(said) : $"{Clip(said[..end])}; a number is expected";
    }

    private static string Clip(string text) => text.Length <= CharsShownMax ? text : text[..CharsShownMax] + "…";

    private static List<string> Choices(Argument argument) => [.. argument.GetCompletions(CompletionContext.Empty).Select(c => c.Label)];

    private static IEnumerable<string> Options(Command command) =>
        command.Options.Concat(Globals.All).SelectMany(o => o.Aliases.Prepend(o.Name)).Append("--help");
}
