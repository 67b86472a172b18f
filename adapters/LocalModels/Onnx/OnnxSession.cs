// A loaded model: rows of ids in, one tensor of floats out. Every number that comes out is finite, and the shape is the tensor's own; whatever else happens is a problem.
using System.Runtime.InteropServices;
using System.Text;
using CabinCrew.Protocol;

namespace CabinCrew.LocalModels.Onnx;

/// <param name="Shape">Its product is the number of values.</param>
internal sealed record Tensor(IReadOnlyList<long> Shape, float[] Values);

internal sealed unsafe class OnnxSession : IDisposable
{
    private const int Float = 1, Int64 = 7;
    private const int ValuesMax = 1 << 24;

    private readonly OnnxApi api;
    private readonly Lock door = new();
    private nint session;

    public OnnxSession(OnnxApi api, nint session, ModelGraph graph) => (this.api, this.session, Graph) = (api, session, graph);

    public ModelGraph Graph { get; }

    /// <param name="inputs">Each one row (shape 1 × n) by the input's name, all of one length.</param>
    public Outcome<Tensor> Run(IReadOnlyList<(string Name, long[] Row)> inputs, string output, CancellationToken ct)
    {
        lock (door)
        {
            if (session == 0) return Failed("the model was closed");
            var values = new nint[inputs.Count];
            nint options = 0, memory = 0, result = 0;
            var pins = new List<GCHandle>();
            try
            {
                if ((api.Told(api.CreateRunOptions(out options)) ?? api.Told(api.CreateCpuMemory(out memory))) is { } none) return Failed(none);
                var shape = stackalloc long[2];
                for (var i = 0; i < inputs.Count; i++)
                {
                    var row = inputs[i].Row;
                    pins.Add(GCHandle.Alloc(row, GCHandleType.Pinned));
                    (shape[0], shape[1]) = (1, row.Length);
                    if (api.Told(api.CreateTensor(memory, (void*)pins[i].AddrOfPinnedObject(), (nuint)row.Length * sizeof(long), shape, 2, Int64, out values[i])) is { } refused) return Failed(refused);
                }
                // Whoever is out of time ends the run between two operators. The registration is gone before the options are.
                var running = options;
                string? wrong;
                using (ct.Register(() => api.Told(api.Terminate(running)))) wrong = Run(options, [.. inputs.Select(i => i.Name)], values, output, out result);
                if (ct.IsCancellationRequested) return new Problem(ProblemCode.ModelOverBudget, "the model was not ready in time");
                return wrong is not null ? Failed(wrong) : Take(result);
            }
            finally
            {
                foreach (var value in values) api.ReleaseValue(value);
                api.ReleaseValue(result);
                api.ReleaseMemory(memory);
                api.ReleaseRunOptions(options);
                foreach (var pin in pins) pin.Free();
            }
        }
    }

    private string? Run(nint options, string[] names, nint[] values, string output, out nint result)
    {
        var texts = names.Append(output).Select(n => Encoding.UTF8.GetBytes(n + '\0')).ToArray();
        var pins = texts.Select(t => GCHandle.Alloc(t, GCHandleType.Pinned)).ToArray();
        try
        {
            var pointers = stackalloc byte*[pins.Length];
            for (var i = 0; i < pins.Length; i++) pointers[i] = (byte*)pins[i].AddrOfPinnedObject();
            nint made = 0;
            string? wrong;
            fixed (nint* inputs = values) wrong = api.Told(api.Run(session, options, pointers, inputs, (nuint)names.Length, pointers + names.Length, 1, &made));
            result = made;
            return wrong;
        }
        finally
        {
            foreach (var pin in pins) pin.Free();
        }
    }

    private Outcome<Tensor> Take(nint value)
    {
        if (api.Told(api.IsTensor(value, out var isTensor)) is { } unknown) return Failed(unknown);
        if (isTensor == 0) return Failed("what came out is no tensor");
        if (api.Told(api.TypeAndShape(value, out var info)) is { } shapeless) return Failed(shapeless);
        try
        {
            if (api.Told(api.ElementType(info, out var type)) is { } untyped) return Failed(untyped);
            if (api.Told(api.DimensionCount(info, out var count)) is { } wrong) return Failed(wrong);
            if (type != Float || count > 8) return Failed("what came out is no tensor of 32-bit floats");
            var shape = new long[(int)count];
            fixed (long* dimensions = shape)
                if (api.Told(api.Dimensions(info, dimensions, count)) is { } hidden) return Failed(hidden);
            var size = 1L;
            foreach (var dimension in shape)
                if (dimension is < 0 or > ValuesMax || (size *= dimension) > ValuesMax) return Failed("what came out is too large");
            if (api.Told(api.TensorData(value, out var data)) is { } lost) return Failed(lost);
            var values = new ReadOnlySpan<float>((void*)data, (int)size).ToArray();
            return Array.TrueForAll(values, float.IsFinite) ? new Tensor(shape, values) : Failed("a number that came out is not finite");
        }
        finally
        {
            api.ReleaseShape(info);
        }
    }

    private static Problem Failed(string message) => new(ProblemCode.ModelFailed, $"the model gave no answer: {message}");

    public void Dispose()
    {
        lock (door)
        {
            if (session != 0) api.ReleaseSession(session);
            session = 0;
        }
    }
}
