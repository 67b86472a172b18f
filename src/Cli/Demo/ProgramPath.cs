// How a person who runs the program from a clone can type "cabincrew" elsewhere: hints that name a command that is not found help nobody.
namespace CabinCrew.Cli.Demo;

internal static class ProgramPath
{
    /// <summary>What another program starts to start this one: the script of the clone where there is one, else the program itself.</summary>
    public static string OfThis()
    {
        var script = Path.Combine(Clone(), "cabincrew");
        return File.Exists(script) ? script : Environment.ProcessPath ?? "cabincrew";
    }

    /// <summary>A line for the shell, or null where the program is on the PATH already.</summary>
    public static string? Hint()
    {
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(d => d.Length > 0 && File.Exists(Path.Combine(d, "cabincrew")));
        if (onPath) return null;
        return $"export PATH=\"{(File.Exists(Path.Combine(Clone(), "cabincrew")) ? Clone() : AppContext.BaseDirectory.TrimEnd('/'))}:$PATH\"";
    }

    private static string Clone() => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory.TrimEnd('/'), "..", ".."));
}
