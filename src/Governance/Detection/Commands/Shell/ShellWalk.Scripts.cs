// Commands that take a script: as an argument, as a file, from what is piped into them.
using CabinCrew.Governance.Detection.Commands.Judges;

namespace CabinCrew.Governance.Detection.Commands.Shell;

internal sealed partial class ShellWalk
{
    private static readonly HashSet<string> Shells = ["sh", "bash", "zsh", "dash", "ksh", "ash", "mksh", "fish", "rbash"];

    private static readonly HashSet<string> Interpreters = ["python", "python2", "python3", "perl", "ruby", "node", "nodejs", "php", "lua", "awk", "gawk", "mawk", "osascript", "pwsh", "vim", "vi", "expect", "deno", "bun"];

    private Flow? Script(CommandCall call)
    {
        if (Shells.Contains(call.Name)) return RunShell(call);
        if (Interpreters.Contains(call.Name) || call.Name.StartsWith("python3.", StringComparison.Ordinal)) return RunInterpreter(call);
        switch (call.Name)
        {
            case "eval":
                return RunScript(Together(call.Arguments), call.Scene, call.Input);
            case "." or "source":
                if (call.Arguments is [{ } file, ..] && RunsFile(file, call, out var output)) return output;
                return null;
            case "at" or "batch":
                return RunGiven(call);
            case "crontab" when call.Arguments is [{ Text: "-" }] or [] && call.Input.Text is { } table:
                foreach (var line in table.Split('\n'))
                    if (line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries) is [_, _, _, _, _, var action]) RunText(action, call.Scene.Copy(), Flow.Unknown);
                return null;
            default:
                return null;
        }
    }

    private static Field Together(IReadOnlyList<Field> fields) =>
        new(Joined(fields), "", fields.All(f => f.IsKnown), IsQuoted: false, fields.Aggregate(Taint.None, (taint, f) => taint | f.Taint), fields.FirstOrDefault(f => f.Taint != Taint.None)?.Source ?? "");

    // A text that is run: judged as it is, and by where it came from.
    private Flow RunScript(Field script, Scene scene, Flow input)
    {
        ComesFrom(script.Taint, script.Source);
        return script.Text.Length == 0 ? new("") : RunText(script.Text, scene, input);
    }

    private void ComesFrom(Taint taint, string source)
    {
        if (taint.HasFlag(Taint.Downloaded)) report.Add("download-to-shell", source);
        if (taint.HasFlag(Taint.Decoded)) report.Add("decoded-to-shell", source);
        // Which text is run is not known: whatever the one says that is looked at, it is not all.
        if (taint.HasFlag(Taint.OneOfSeveral)) report.Add("unreadable", "a script that is one of several");
    }

    private Flow RunShell(CommandCall call)
    {
        var arguments = call.Arguments;
        var (i, takesText, takesInput) = (0, false, false);
        for (; i < arguments.Count && arguments[i].Text is ['-' or '+', _, ..] and var option; i++)
        {
            if (option == "--")
            {
                i++;
                break;
            }
            if (option is "-o" or "+o" or "-O" or "+O" or "--rcfile" or "--init-file") i++;
            else if (option is "--command" || (option[0] == '-' && option[1] != '-' && option.Contains('c'))) takesText = true;
            else if (option[0] == '-' && option[1] != '-' && option.Contains('s')) takesInput = true;
        }
        // Option values like pipefail may also follow a cluster: bash -euo pipefail -c ...
        if (!takesText && i < arguments.Count && arguments[i].Text is "pipefail" or "errexit" or "nounset")
            return RunShell(call with { Arguments = [.. arguments.Skip(i + 1)] });
        if (takesText && i < arguments.Count)
        {
            if (arguments[i].Text is "pipefail" && i + 1 < arguments.Count) i += arguments[i + 1].Text == "-c" ? 2 : 1;
            if (i >= arguments.Count) return Flow.Unknown;
            var scene = call.Scene.Copy();
            if (arguments.Count > i + 1) SetArguments(scene, arguments[i + 1], [.. arguments.Skip(i + 2)]);
            return RunScript(arguments[i], scene, call.Input);
        }
        if (!takesInput && i < arguments.Count && arguments[i].Text != "-")
            return RunsFile(arguments[i], call with { Arguments = [.. arguments.Skip(i + 1)] }, out var output) ? output : Flow.Unknown;
        return RunGiven(call);
    }

    // What is piped or redirected into it.
    private Flow RunGiven(CommandCall call)
    {
        ComesFrom(call.Input.Taint, call.Input.Source);
        return call.Input.Text is { } text ? RunText(text, call.Scene.Copy(), Flow.Unknown) : Flow.Unknown;
    }

    // A file that the script itself wrote or fetched.
    private bool RunsFile(Field file, CommandCall call, out Flow output)
    {
        output = Flow.Unknown;
        if (call.Scene.FileAt(file.Text) is not { } content) return false;
        var isPipe = file.Text.StartsWith("/dev/fd/", StringComparison.Ordinal);
        if (isPipe || (content.Taint & (Taint.Decoded | Taint.OneOfSeveral)) != 0) ComesFrom(content.Taint, content.Source);
        else if (content.Taint.HasFlag(Taint.Downloaded)) report.Add("download-then-run", content.Source);
        if (content.Text is not { } text) return true;
        var scene = call.Scene.Copy();
        SetArguments(scene, file, call.Arguments);
        // A script that runs itself has been judged once.
        scene.Files = scene.Files.Remove(file.Text.StartsWith("./", StringComparison.Ordinal) ? file.Text[2..] : file.Text);
        output = RunText(text, scene, call.Input);
        return true;
    }

    private Flow? RunInterpreter(CommandCall call)
    {
        var isAwk = call.Name.EndsWith("awk", StringComparison.Ordinal);
        var code = isAwk ? call.Operands("-F", "-v", "-f") is [{ } program, ..] ? program : null : call.Value("-c", "-e", "-r", "-E", "--eval", "-Command");
        if (code is not null)
        {
            if (!isAwk) ComesFrom(code.Taint, code.Source);
            foreach (var command in CodeCommands.In(code.Text, report, call.Scene)) RunQuietly(command, call.Scene.Copy());
            Judging.Judge(call, report);
            return Contents.Of(call);
        }
        if (isAwk || call.Name is "vim" or "vi" || call.Has("-m", "--version", "-V")) return null;
        if (call.Operands() is [{ Text: not "-" } file, ..])
        {
            if (call.Scene.FileAt(file.Text) is { Taint: var taint } content && taint.HasFlag(Taint.Downloaded))
                report.Add(file.Text.StartsWith("/dev/fd/", StringComparison.Ordinal) ? "download-to-shell" : "download-then-run", content.Source);
            return null;
        }
        ComesFrom(call.Input.Taint, call.Input.Source);
        if (call.Input.Text is { } given)
            foreach (var command in CodeCommands.In(given, report, call.Scene)) RunQuietly(command, call.Scene.Copy());
        return Flow.Unknown;
    }

    // What may be a command, or may be any other text of a program: that it is not readable says nothing.
    private void RunQuietly(string text, Scene scene)
    {
        if (!Enter(text.Length)) return;
        within++;
        Run(ShellParser.Parse(text).Nodes, scene, Flow.Unknown);
        within--;
        depth--;
    }
}
