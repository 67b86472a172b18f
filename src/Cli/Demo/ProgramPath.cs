// How a person who runs the program from a clone can type "cabincrew" elsewhere: hints that name a command that is not found help nobody.
namespace CabinCrew.Cli.Demo;

internal static class ProgramPath
{
    /// <summary>A line for the shell, or null where the program is on the PATH already.</summary>
    public static string? Hint()
    {
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(d => d.Length > 0 && File.Exists(Path.Combine(d, "cabincrew")));
        if (onPath) return null;
        var built = AppContext.BaseDirectory.TrimEnd('/');
        var clone = Path.GetFullPath(Path.Combine(built, "..", ".."));
        return $"export PATH=\"{(File.Exists(Path.Combine(clone, "cabincrew")) ? clone : built)}:$PATH\"";
    }
}
