// Runs the one command that tells whether an overlay can be mounted here. It starts no engine, and only a fixed command line of ours.
using System.ComponentModel;
using System.Diagnostics;

namespace CabinCrew.Orchestrator.Workspaces;

internal static class OverlayTrial
{
    private const int MillisecondsMax = 5000;

    public static bool Succeeds(IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
        try
        {
            using var process = Process.Start(start);
            if (process is null) return false;
            if (process.WaitForExit(MillisecondsMax)) return process.ExitCode == 0;
            process.Kill(entireProcessTree: true);
            return false;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
