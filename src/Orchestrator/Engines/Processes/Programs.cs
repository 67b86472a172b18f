// Finds the few system programs that the orchestrator starts: in the system's own directories first, then where the user's PATH says.
namespace CabinCrew.Orchestrator.Engines.Processes;

internal static class Programs
{
    /// <summary>The PATH that launchers get.</summary>
    public const string SearchPath = "/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin";

    public static string? Find(string name) => name.StartsWith('/')
        ? IsProgram(name) ? name : null
        : (SearchPath + ":" + Environment.GetEnvironmentVariable("PATH")).Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Where(d => d[0] == '/').Select(d => Path.Join(d, name)).FirstOrDefault(IsProgram);

    private static bool IsProgram(string path) =>
        File.Exists(path) && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;
}
