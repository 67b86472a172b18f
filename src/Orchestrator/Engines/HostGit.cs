// Runs the machine's git for CabinCrew itself (never for an engine): a new repository, its first commit. No hooks, no configuration of the user's.
using System.ComponentModel;
using System.Diagnostics;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines;

public static class HostGit
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(30);

    /// <summary>What git printed; <see cref="ProblemCode.IoFailed"/> with its words when it fails.</summary>
    public static async Task<Outcome<string>> RunAsync(string directory, IReadOnlyList<string> arguments, CancellationToken ct)
    {
        var start = new ProcessStartInfo("git") { WorkingDirectory = directory, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in (string[])["-c", "core.hooksPath=/dev/null", "-c", "init.defaultBranch=main", "-c", "user.name=CabinCrew demo", "-c", "user.email=demo@cabincrew.invalid", .. arguments])
            start.ArgumentList.Add(argument);
        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        start.Environment["GIT_TERMINAL_PROMPT"] = "0";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeLimit);
        try
        {
            using var git = Process.Start(start)!;
            git.StandardInput.Close();
            var (output, errors) = (git.StandardOutput.ReadToEndAsync(limit.Token), git.StandardError.ReadToEndAsync(limit.Token));
            await git.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            return git.ExitCode == 0 ? await output.ConfigureAwait(false) : new Problem(ProblemCode.IoFailed, $"git {arguments[0]}: {(await errors.ConfigureAwait(false)).Trim()}");
        }
        catch (Win32Exception)
        {
            return new Problem(ProblemCode.NotFound, "git is not installed") { Remedy = "Install git, for example with `apt-get install git`." };
        }
    }
}
