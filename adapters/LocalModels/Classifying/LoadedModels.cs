// The models that a process has loaded, for policies: the runtime is looked for when the first is asked for, and a model that is asked for again is the same one.
using CabinCrew.Governance.Detection;
using CabinCrew.LocalModels.Onnx;
using CabinCrew.Protocol;

namespace CabinCrew.LocalModels.Classifying;

/// <param name="program">The program's directory.</param>
/// <param name="library">What <see cref="OnnxLibrary.Variable"/> says, if anything.</param>
public sealed class LoadedModels(string program, string? library) : IDisposable
{
    /// <summary>More are refused: each may hold a gigabyte.</summary>
    private const int ModelsMax = 8;

    private readonly Lock door = new();
    private readonly Dictionary<Digest, LocalModel> loaded = [];

    /// <summary>A folder's model. Its classifier.json is read each time; what that pins is read once.</summary>
    public Outcome<ITextModel> Load(string directory)
    {
        lock (door)
        {
            if (!ModelFolder.DigestOf(directory).Try(out var digest, out var problem)) return problem;
            if (loaded.TryGetValue(digest, out var known)) return known;
            if (loaded.Count == ModelsMax) return new Problem(ProblemCode.ModelInvalid, $"{ModelsMax} models are loaded already; a process takes no more") { Where = directory };
            if (!Open(directory).Try(out var model, out problem)) return problem;
            // Its classifier.json may have changed meanwhile: what counts is what was loaded.
            if (loaded.TryAdd(model.Digest, model)) return model;
            model.Dispose();
            return loaded[model.Digest];
        }
    }

    /// <summary>A model of one's own, not shared; whoever asked for it disposes of it.</summary>
    public Outcome<LocalModel> Open(string directory) => OnnxLibrary.Find(program, library).Then(OnnxRuntime.Load).Then(runtime => ModelFolder.Load(directory, runtime));

    /// <summary>After the last judgement: a model that is asked anything then fails.</summary>
    public void Dispose()
    {
        lock (door)
        {
            foreach (var model in loaded.Values) model.Dispose();
            loaded.Clear();
        }
    }
}
