// Completion asks the program; the scripts are tried with a real shell and a stand-in for the program, and the program's side in process.
using System.CommandLine;
using System.Diagnostics;
using CabinCrew.Cli.Completion;
using CabinCrew.Protocol;

namespace CabinCrew.Tests.Golden;

public sealed class CompletionScriptsTests
{
    [Fact]
    public void Each_shell_has_a_script_that_asks_the_program()
    {
        foreach (var shell in CompletionScripts.Shells)
        {
            var script = CompletionScripts.For(shell).Value;
            Assert.Contains("command cabincrew \"[suggest:", script);
            Assert.EndsWith("\n", script);
        }
    }

    [Fact]
    public void Another_shell_is_refused_with_the_names_of_those_there_are()
    {
        var problem = CompletionScripts.For("powershell").Problem!;
        Assert.Equal(ProblemCode.InvalidArgument, problem.Code);
        Assert.Contains("bash, zsh, fish", problem.Remedy);
    }

    [Theory]
    [InlineData("cabincrew r", "run resume")]
    [InlineData("cabincrew run --", "--json --yes")]
    [InlineData("cabincrew x", "")]
    public void Bash_offers_what_the_program_suggests_and_runs_none_of_it(string line, string expected)
    {
        var answer = Bash($$"""
            cabincrew() { :; }   # a function must not be asked
            stand_in=$(mktemp -d); trap 'rm -rf "$stand_in"' EXIT
            cat >"$stand_in/cabincrew" <<'X'
            #!/bin/sh
            case "$2" in
                *--) printf '%s\n' --json --yes ;;
                *) printf '%s\n' run resume status '$(touch pwned)' '`touch pwned`' ;;
            esac
            X
            chmod +x "$stand_in/cabincrew"; PATH=$stand_in:$PATH
            {{CompletionScripts.For("bash").Value}}
            COMP_LINE='{{line}}' COMP_POINT={{line.Length}}
            read -ra COMP_WORDS <<<"$COMP_LINE"
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _cabincrew
            echo "${COMPREPLY[*]}"
            """);
        Assert.Equal(expected, answer.Trim());
    }

    [Fact]
    public void The_program_answers_with_its_commands_and_options()
    {
        var root = new RootCommand("test") { new Command("run") { new Option<bool>("--json") }, new Command("resume"), new Command("status") };
        Assert.Equal(["resume", "run"], Suggest(root, "cabincrew r").Where(s => s.StartsWith('r')).Order(StringComparer.Ordinal));
        Assert.Contains("--json", Suggest(root, "cabincrew run --"));
    }

    private static string[] Suggest(RootCommand root, string line)
    {
        var output = new StringWriter();
        Assert.Equal(0, root.Parse([$"[suggest:{line.Length}]", line]).Invoke(new() { Output = output }));
        return output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    private static string Bash(string script)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", ["--norc", "-c", script]) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }
}
