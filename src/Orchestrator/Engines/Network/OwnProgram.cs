// How to start this very program once more, wherever it stands: published, as a developer built it, or beside the tests.
using System.Runtime.InteropServices;

namespace CabinCrew.Orchestrator.Engines.Network;

internal static class OwnProgram
{
    private const string Name = "cabincrew";

    /// <summary>Program and first arguments; null where it cannot be found.</summary>
    public static IReadOnlyList<string>? Command()
    {
        var assembly = Path.Join(AppContext.BaseDirectory, Name + ".dll");
        var host = Path.GetFullPath(Path.Join(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"));
        if (File.Exists(assembly) && File.Exists(host)) return [host, assembly];
        var program = Path.Join(AppContext.BaseDirectory, Name);
        return File.Exists(program) ? [program] : null;
    }
}
