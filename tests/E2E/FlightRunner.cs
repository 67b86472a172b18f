// Runs a flight script with the built program: one shell in a fresh directory, an isolated home, a clean environment, a time limit.
using System.Diagnostics;
using System.Text;

namespace CabinCrew.E2E;

internal sealed class FlightRunner : IDisposable
{
    private const int SecondsMax = 120;
    private const string LostCommand = "(the shell ended before this command)";

    private readonly string scratch = Directory.CreateTempSubdirectory("cabincrew-e2e-").FullName;

    private string Records => Path.Combine(scratch, "records");
    private string Work => Path.Combine(scratch, "work");
    private string Home => Path.Combine(scratch, "home");

    /// <param name="asClone">The program also stands as <c>./cabincrew</c>, as it does in a clone: documents call it so.</param>
    public async Task RunAsync(string file, IReadOnlyList<FlightCommand> commands, bool asClone, CancellationToken ct)
    {
        Assert.True(commands.Count > 0, $"{file} has no command");
        Prepare(commands, asClone);
        var finished = await ShellAsync(ct);
        for (var i = 0; i < commands.Count; i++) Check(file, commands[i], i, finished);
    }

    private void Prepare(IReadOnlyList<FlightCommand> commands, bool asClone)
    {
        foreach (var directory in new[] { Records, Work, Home, Path.Combine(scratch, "bin"), Path.Combine(scratch, "tmp") }) Directory.CreateDirectory(directory);
        var program = Path.Combine(App.Directory, "cabincrew");
        File.CreateSymbolicLink(Path.Combine(scratch, "bin", "cabincrew"), program);
        if (asClone) File.CreateSymbolicLink(Path.Combine(Work, "cabincrew"), program);
        File.WriteAllText(Path.Combine(Home, ".gitconfig"), "[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n[advice]\n\tdetachedHead = false\n");

        // eval in the shell itself, so that cd and variables stay; each command's output goes to its own file.
        var shell = new StringBuilder("exec </dev/null\n");
        for (var i = 0; i < commands.Count; i++)
        {
            File.WriteAllText(Path.Combine(Records, $"{i}.command"), commands[i].Text + "\n");
            shell.Append($"eval \"$(cat '{Records}/{i}.command')\" >'{Records}/{i}.output' 2>&1\n");
            shell.Append($"echo $? >'{Records}/{i}.code'\n");
        }
        File.WriteAllText(Path.Combine(Records, "shell"), shell.ToString());
    }

    // True when the shell came to its end within the time.
    private async Task<bool> ShellAsync(CancellationToken ct)
    {
        var start = new ProcessStartInfo("setsid") { WorkingDirectory = Work, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "--wait", "timeout", "-k", "5", $"{SecondsMax}", "bash", Path.Combine(Records, "shell") }) start.ArgumentList.Add(argument);
        start.Environment.Clear();
        foreach (var (name, value) in Surroundings()) start.Environment[name] = value;

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var said = Task.WhenAll(process.StandardOutput.ReadToEndAsync(ct), process.StandardError.ReadToEndAsync(ct));
        try
        {
            await process.WaitForExitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        await said.WaitAsync(TimeSpan.FromSeconds(5), ct);
        return process.ExitCode is not (124 or 137);
    }

    private IEnumerable<(string, string)> Surroundings()
    {
        yield return ("PATH", $"{Path.Combine(scratch, "bin")}:{Environment.GetEnvironmentVariable("PATH")}");
        yield return ("HOME", Home);
        yield return ("TMPDIR", Path.Combine(scratch, "tmp"));
        yield return ("REPO", App.Root);
        yield return ("LANG", "C.UTF-8");
        yield return ("TZ", "UTC");
        yield return ("TERM", "dumb");
        yield return ("USER", "ada");
        yield return ("GIT_CONFIG_NOSYSTEM", "1");
        foreach (var kept in new[] { "DOTNET_ROOT", "PYENV_ROOT" })
            if (Environment.GetEnvironmentVariable(kept) is { Length: > 0 } value) yield return (kept, value);
    }

    private void Check(string file, FlightCommand command, int index, bool finished)
    {
        var output = Path.Combine(Records, $"{index}.output") is var o && File.Exists(o) ? File.ReadAllText(o) : LostCommand;
        var where = $"{file}:{command.Line}: $ {command.Text}";
        var code = Path.Combine(Records, $"{index}.code");
        if (!File.Exists(code)) Assert.Fail(finished ? $"{where}\n{LostCommand}\n{output}" : $"{where}\nended by the limit of {SecondsMax} s; until then it printed:\n{output}");
        var exit = int.Parse(File.ReadAllText(code));
        var difference = OutputPattern.Difference(command.Expected, output);
        if (difference is not null) Assert.Fail($"{where}\n{difference}(exit code {exit})");
        if (exit != command.ExitCode) Assert.Fail($"{where}\nexit code {exit}, expected {command.ExitCode}; it printed:\n{output}");
    }

    public void Dispose()
    {
        // A failed flight may leave read-only directories behind.
        foreach (var d in Directory.EnumerateDirectories(scratch, "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint }))
            File.SetUnixFileMode(d, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.Delete(scratch, recursive: true);
    }
}
