// The real runtime, where eng/setup put it.
using CabinCrew.LocalModels.Onnx;

namespace CabinCrew.Models.Tests;

internal static class Runtime
{
    public static readonly string Library = Path.Combine(Root(), "artifacts", "onnxruntime", OnnxLibrary.FileName);

    public static OnnxRuntime Loaded => OnnxRuntime.Load(Library).Value;

    public static string Root()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "CabinCrew.slnx"))) directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("not in the repository");
        return directory;
    }
}
