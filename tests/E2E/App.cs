// Where the built program and the repository are. CABINCREW_APP names another build to test.
using System.Runtime.CompilerServices;

namespace CabinCrew.E2E;

internal static class App
{
    public static readonly string Root = Find();

    public static string Directory
    {
        get
        {
            var directory = Environment.GetEnvironmentVariable("CABINCREW_APP") is { Length: > 0 } other ? Path.GetFullPath(other) : Path.Combine(Root, "artifacts", "app");
            Assert.True(File.Exists(Path.Combine(directory, "cabincrew")), $"the program is not built: {directory}/cabincrew (./test builds it; CABINCREW_APP names another)");
            return directory;
        }
    }

    private static string Find([CallerFilePath] string here = "")
    {
        foreach (var start in new[] { Path.GetDirectoryName(here), AppContext.BaseDirectory })
            for (var d = start; d is not null; d = Path.GetDirectoryName(d))
                if (File.Exists(Path.Combine(d, "CabinCrew.slnx"))) return d;
        throw new InvalidOperationException("these tests run from a clone of the repository");
    }
}
