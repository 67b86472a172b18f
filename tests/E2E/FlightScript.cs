// A flight script: commands and what they must print, as text that reads like a manual.
//
//   # A comment.                      explains; "# clauses: ORC-01 ENG-09" counts for the conformance report
//   $ cabincrew --version             a command for bash; "> " on the next line continues it
//   0.1.0[..]                         its output, standard error included; [..] is anything within a line
//   ...                               any number of lines
//   ? 2                               the exit code where it is not 0
//
// A line of output that begins with one of #, $, > or ? (and a blank), or is "...", is written with \ before it.
// Blank lines around output do not count. Commands of one file share a shell: cd and variables stay.
namespace CabinCrew.E2E;

/// <param name="Line">Where the command stands, from 1.</param>
internal sealed record FlightCommand(int Line, string Text, IReadOnlyList<string> Expected, int ExitCode);

internal static class FlightScript
{
    public static IReadOnlyList<FlightCommand> Parse(string file, IEnumerable<(int Number, string Text)> lines)
    {
        var commands = new List<FlightCommand>();
        var expected = new List<string>();
        var inCommand = false;
        foreach (var (number, raw) in lines)
        {
            var line = raw.TrimEnd();
            if (Marked(line, '#')) inCommand = false;
            else if (Marked(line, '$'))
            {
                expected = [];
                commands.Add(new(number, line[1..].TrimStart(), expected, 0));
                inCommand = true;
            }
            else if (commands.Count == 0)
            {
                if (line.Length > 0) throw new FormatException($"{file}:{number}: output before the first command");
            }
            else if (inCommand && Marked(line, '>'))
                commands[^1] = commands[^1] with { Text = commands[^1].Text + "\n" + (line.Length > 2 ? line[2..] : "") };
            else if (Marked(line, '?'))
                commands[^1] = commands[^1] with { ExitCode = int.TryParse(line.AsSpan(1).Trim(), out var code) ? code : throw new FormatException($"{file}:{number}: '? N' takes an exit code") };
            else
            {
                inCommand = false;
                expected.Add(line);
            }
        }
        return commands;
    }

    /// <summary>The console blocks of a document that are marked to be run: <c>&lt;!-- run --&gt;</c> on the line before the fence.</summary>
    public static IEnumerable<(int Number, string Text)> MarkedBlocks(string[] lines)
    {
        for (var i = 0; i + 1 < lines.Length; i++)
        {
            if (lines[i].Trim() != "<!-- run -->" || !lines[i + 1].TrimStart().StartsWith("```console", StringComparison.Ordinal)) continue;
            for (i += 2; i < lines.Length && !lines[i].TrimStart().StartsWith("```", StringComparison.Ordinal); i++)
                yield return (i + 1, lines[i]);
        }
    }

    private static bool Marked(string line, char mark) => line.Length > 0 && line[0] == mark && (line.Length == 1 || line[1] == ' ');
}
