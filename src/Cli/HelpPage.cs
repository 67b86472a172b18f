// The help of one command, as a short page: what it does, its arguments and options, examples. Pure; docs/generated/cli.md is made of it.
using System.CommandLine;
using System.Text;

namespace CabinCrew.Cli;

internal static class HelpPage
{
    private const int NameWidth = 26;
    private const int Width = 120;

    public static bool AskedFor(ParseResult parse) =>
        parse.GetResult(Globals.Help) is { Implicit: false };

    /// <summary><c>cabincrew audit verify</c>.</summary>
    public static string PathOf(Command command)
    {
        var names = new List<string>();
        for (Command? at = command; at is not null; at = Above(at)) names.Insert(0, at.Name);
        return string.Join(' ', names);
    }

    public static string Of(Command command)
    {
        if (Above(command) is null) return Root.Help;
        var (about, examples) = Split(command.Description ?? "");
        var page = new StringBuilder(about).Append($"\n\nUsage: {Usage(command)}\n");
        Section(page, "Commands", command.Subcommands.Select(c => (Signature(c), FirstLine(c))));
        Section(page, "Arguments", command.Arguments.Select(a => (a.Name, a.Description ?? "")));
        Section(page, "Options", command.Options.Where(o => !o.Hidden).Select(o => (Signature(o), o.Description ?? "")));
        if (examples.Length > 0) page.Append($"\n{examples}\n");
        return page.Append($"\nOptions for every command (cabincrew --help): {string.Join(' ', Globals.All.Select(o => o.Name))}\n").ToString();
    }

    public static string Usage(Command command)
    {
        var usage = new StringBuilder(PathOf(command));
        if (command.Subcommands.Count > 0) usage.Append(" COMMAND");
        foreach (var argument in command.Arguments) usage.Append(argument.Arity.MinimumNumberOfValues > 0 ? $" {argument.Name}" : $" [{argument.Name}]");
        return usage.Append(" [OPTIONS]").ToString();
    }

    private static Command? Above(Command command) => command.Parents.OfType<Command>().FirstOrDefault();

    private static string Signature(Command command) => string.Join(' ', command.Arguments.Select(a => a.Arity.MinimumNumberOfValues > 0 ? a.Name : $"[{a.Name}]").Prepend(command.Name));

    private static string Signature(Option option)
    {
        var names = string.Join(", ", option.Aliases.Where(a => a.StartsWith('-')).Append(option.Name).OrderBy(a => a.Length));
        return option is Flag ? names : $"{names} {option.HelpName ?? option.Name.TrimStart('-').ToUpperInvariant()}";
    }

    /// <summary>Descriptions are written with their examples at the end.</summary>
    private static (string About, string Examples) Split(string description)
    {
        var text = description.ReplaceLineEndings("\n").TrimEnd('\n');
        var at = text.IndexOf("\nExample", StringComparison.Ordinal);
        return at < 0 ? (text, "") : (text[..at].TrimEnd('\n'), text[(at + 1)..]);
    }

    private static string FirstLine(Command command) => Split(command.Description ?? "").About.Split('\n')[0];

    private static void Section(StringBuilder page, string title, IEnumerable<(string Name, string Text)> rows)
    {
        var all = rows.ToList();
        if (all.Count == 0) return;
        page.Append($"\n{title}\n");
        foreach (var (name, text) in all)
        {
            var indent = "  " + new string(' ', NameWidth);
            page.Append(name.Length < NameWidth ? "  " + name.PadRight(NameWidth) : $"  {name}\n{indent}");
            page.Append(string.Join("\n" + indent, Wrapped(text, Width - indent.Length))).Append('\n');
        }
    }

    private static IEnumerable<string> Wrapped(string text, int width)
    {
        var line = new StringBuilder();
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line.ToString();
                line.Clear();
            }
            if (line.Length > 0) line.Append(' ');
            line.Append(word);
        }
        yield return line.ToString();
    }
}
