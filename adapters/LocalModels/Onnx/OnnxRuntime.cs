// One runtime of the process: loads sessions that run on one thread, in order, without spinning, at one optimisation level, so that the same model gives the same numbers.
using System.Text;
using CabinCrew.Protocol;

namespace CabinCrew.LocalModels.Onnx;

public sealed unsafe class OnnxRuntime
{
    private const int Fatal = 4;
    private const int Sequential = 0;

    /// <summary>"Extended": fusions that do not depend on the processor's layout.</summary>
    private const int Extended = 2;

    private static readonly Lock Door = new();
    private static OnnxRuntime? loaded;

    private readonly OnnxApi api;
    private readonly nint environment;

    private OnnxRuntime(OnnxApi api, nint environment) => (this.api, this.environment) = (api, environment);

    /// <summary>The library is loaded once, the first time.</summary>
    public static Outcome<OnnxRuntime> Load(string path)
    {
        lock (Door)
        {
            if (loaded is not null) return loaded;
            if (!OnnxLibrary.Load(path).Then(OnnxApi.Of).Try(out var api, out var problem)) return problem;
            fixed (byte* name = "cabincrew\0"u8)
                if (api.Told(api.CreateEnvironment(Fatal, name, out var environment)) is { } refused) return OnnxLibrary.Missing(refused);
                else if (api.Told(api.DisableTelemetry(environment)) is { } kept) return OnnxLibrary.Missing(kept);
                else return loaded = new OnnxRuntime(api, environment);
        }
    }

    /// <param name="file">A whole model; looked at first (<see cref="ModelGraph"/>).</param>
    internal Outcome<OnnxSession> Open(ReadOnlySpan<byte> file)
    {
        if (!ModelGraph.Read(file).Try(out var graph, out var problem)) return problem;
        if (api.Told(api.CreateSessionOptions(out var options)) is { } none) return Refused(none);
        try
        {
            if ((api.Told(api.SetExecutionMode(options, Sequential)) ?? api.Told(api.SetInnerThreads(options, 1)) ?? api.Told(api.SetOuterThreads(options, 1))
                ?? api.Told(api.SetOptimizationLevel(options, Extended)) ?? Config(options, "session.intra_op.allow_spinning", "0") ?? Config(options, "session.inter_op.allow_spinning", "0")) is { } wrong)
                return Refused(wrong);
            fixed (byte* bytes = file)
                return api.Told(api.CreateSession(environment, bytes, (nuint)file.Length, options, out var session)) is { } refused ? Refused(refused) : new OnnxSession(api, session, graph);
        }
        finally
        {
            api.ReleaseSessionOptions(options);
        }
    }

    private string? Config(nint options, string key, string value)
    {
        fixed (byte* k = Encoding.UTF8.GetBytes(key + '\0'))
        fixed (byte* v = Encoding.UTF8.GetBytes(value + '\0'))
            return api.Told(api.AddConfig(options, k, v));
    }

    private static Problem Refused(string told) => new(ProblemCode.ModelInvalid, $"the runtime does not take the model: {told}") { Where = "model.onnx" };
}
