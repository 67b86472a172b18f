// Finds the few system programs that the orchestrator starts: in the system's own directories first, then where the user's PATH says.
namespace CabinCrew.Orchestrator.Engines.Processes;

internal static class Programs
{
    /// <summary>The PATH that launchers get.</summary>
    public const string SearchPath = "/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin";

    public static string? Find(string name) => name.StartsWith('/')
        ? File.Exists(name) ? name : null
        : (SearchPath + ":" + Environment.GetEnvironmentVariable("PATH")).Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Where(d => d[0] == '/').Select(d => Path.Join(d, name)).FirstOrDefault(File.Exists);
}
