// Runs the one command that tells whether an overlay can be mounted here. It starts no engine, and only a fixed command line of ours.
using System.ComponentModel;
using System.Diagnostics;

namespace CabinCrew.Orchestrator.Workspaces;

internal static class OverlayTrial
{
    private const int MillisecondsMax = 5000;

    /// <summary>Null: it works. Else the command's own words.</summary>
    public static string? Refusal(IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
        try
        {
            using var process = Process.Start(start);
            if (process is null) return "it did not start";
            if (process.WaitForExit(MillisecondsMax)) return process.ExitCode == 0 ? null : $"exit code {process.ExitCode}: {process.StandardError.ReadToEnd().Trim()}";
            process.Kill(entireProcessTree: true);
            return "it took too long";
        }
        catch (Win32Exception e)
        {
            return e.Message;
        }
    }
}
