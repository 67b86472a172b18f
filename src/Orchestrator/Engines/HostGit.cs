// Runs the machine's git for CabinCrew itself (never for an engine): a new repository, its first commit, the files of a commit. No hooks, no configuration of the user's.
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

    /// <summary>How far a git command may go.</summary>
    internal enum Reach { Nothing, Remote }

    /// <summary>Standard output of a command on a repository that nobody vouches for: nothing of the environment steers it, nothing is fetched by the way, no more than so many bytes come back.</summary>
    internal static async Task<Outcome<byte[]>> ReadAsync(string directory, IReadOnlyList<string> arguments, ReadOnlyMemory<byte> input, int outputBytesMax, Reach reach, CancellationToken ct)
    {
        string[] protocols = reach == Reach.Remote ? ["-c", "protocol.https.allow=always", "-c", "protocol.ssh.allow=always", "-c", "protocol.file.allow=always"] : [];
        var start = new ProcessStartInfo("git") { WorkingDirectory = directory, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in (string[])["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "credential.helper=", "-c", "transfer.fsckObjects=true", "-c", "http.followRedirects=false", "-c", "protocol.allow=never", .. protocols, .. arguments])
            start.ArgumentList.Add(argument);
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("GIT_", StringComparison.Ordinal)).ToList()) start.Environment.Remove(name);
        foreach (var (name, value) in new[] { ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_TERMINAL_PROMPT", "0"), ("GIT_NO_LAZY_FETCH", "1"), ("GIT_NO_REPLACE_OBJECTS", "1"), ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_ASKPASS", "/bin/false"), ("SSH_ASKPASS", "/bin/false"), ("GIT_SSH_COMMAND", "ssh -o BatchMode=yes"), ("LC_ALL", "C") })
            start.Environment[name] = value;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeLimit);
        Process? git = null;
        try
        {
            git = Process.Start(start)!;
            var errors = git.StandardError.ReadToEndAsync(limit.Token);
            var written = WriteAsync(git, input, limit.Token);
            var output = await ReadToEndAsync(git.StandardOutput.BaseStream, outputBytesMax, limit.Token).ConfigureAwait(false);
            if (output is null) return new Problem(ProblemCode.IoFailed, $"git {arguments[0]} says more than {outputBytesMax} bytes");
            await written.ConfigureAwait(false);
            await git.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            return git.ExitCode == 0 ? output : new Problem(ProblemCode.IoFailed, Brief(await errors.ConfigureAwait(false)));
        }
        catch (Win32Exception)
        {
            return new Problem(ProblemCode.NotFound, "git is not installed") { Remedy = "Install git, for example with `apt-get install git`." };
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new Problem(ProblemCode.IoFailed, $"git {arguments[0]} took longer than {TimeLimit.TotalSeconds:0} s");
        }
        finally
        {
            if (git is { HasExited: false }) git.Kill(entireProcessTree: true);
            git?.Dispose();
        }
    }

    private static async Task WriteAsync(Process git, ReadOnlyMemory<byte> input, CancellationToken ct)
    {
        try
        {
            await git.StandardInput.BaseStream.WriteAsync(input, ct).ConfigureAwait(false);
            git.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended already; its exit code tells why.
        }
    }

    private static async Task<byte[]?> ReadToEndAsync(Stream stream, int bytesMax, CancellationToken ct)
    {
        using var all = new MemoryStream();
        var buffer = new byte[64 << 10];
        while (await stream.ReadAsync(buffer, ct).ConfigureAwait(false) is > 0 and var read)
        {
            if (all.Length + read > bytesMax) return null;
            all.Write(buffer, 0, read);
        }
        return all.ToArray();
    }

    private static string Brief(string errors)
    {
        var line = errors.Trim().Split('\n')[^1].Trim();
        return string.Concat((line.Length <= 300 ? line : line[..300] + "…").Select(c => char.IsControl(c) ? '\uFFFD' : c));
    }
}
