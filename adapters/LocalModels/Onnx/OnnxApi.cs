// The part of the runtime's C API that is used: a table of function pointers, by their places in OrtApi (onnxruntime_c_api.h; places never change, new ones are added at the end).
using System.Runtime.InteropServices;
using CabinCrew.Protocol;

namespace CabinCrew.LocalModels.Onnx;

internal sealed unsafe class OnnxApi
{
    /// <summary>What the table is asked for; every later runtime has it too.</summary>
    private const uint ApiVersion = 18;

    private readonly nint* table;

    private OnnxApi(nint* table) => this.table = table;

    public static Outcome<OnnxApi> Of(nint library)
    {
        if (!NativeLibrary.TryGetExport(library, "OrtGetApiBase", out var entry)) return OnnxLibrary.Missing("the library has no OrtGetApiBase");
        var start = (nint*)((delegate* unmanaged[Cdecl]<nint>)entry)();
        var api = ((delegate* unmanaged[Cdecl]<uint, nint>)start[0])(ApiVersion);
        return api == 0 ? OnnxLibrary.Missing($"the library does not have version {ApiVersion} of its interface") : new OnnxApi((nint*)api);
    }

    public nint CreateEnvironment(int logLevel, byte* name, out nint environment)
    {
        nint made = 0;
        var status = ((delegate* unmanaged[Cdecl]<int, byte*, nint*, nint>)table[3])(logLevel, name, &made);
        environment = made;
        return status;
    }

    public nint DisableTelemetry(nint environment) => ((delegate* unmanaged[Cdecl]<nint, nint>)table[6])(environment);

    public nint CreateSession(nint environment, byte* model, nuint length, nint options, out nint session)
    {
        nint made = 0;
        var status = ((delegate* unmanaged[Cdecl]<nint, byte*, nuint, nint, nint*, nint>)table[8])(environment, model, length, options, &made);
        session = made;
        return status;
    }

    public nint Run(nint session, nint options, byte** inputNames, nint* inputs, nuint inputCount, byte** outputNames, nuint outputCount, nint* outputs) =>
        ((delegate* unmanaged[Cdecl]<nint, nint, byte**, nint*, nuint, byte**, nuint, nint*, nint>)table[9])(session, options, inputNames, inputs, inputCount, outputNames, outputCount, outputs);

    public nint CreateSessionOptions(out nint options) => Make(10, out options);

    public nint SetExecutionMode(nint options, int mode) => Set(13, options, mode);

    public nint SetOptimizationLevel(nint options, int level) => Set(23, options, level);

    public nint SetInnerThreads(nint options, int count) => Set(24, options, count);

    public nint SetOuterThreads(nint options, int count) => Set(25, options, count);

    public nint CreateRunOptions(out nint options) => Make(39, out options);

    public nint Terminate(nint runOptions) => ((delegate* unmanaged[Cdecl]<nint, nint>)table[46])(runOptions);

    public nint CreateTensor(nint memory, void* data, nuint bytes, long* shape, nuint dimensions, int elementType, out nint value)
    {
        nint made = 0;
        var status = ((delegate* unmanaged[Cdecl]<nint, void*, nuint, long*, nuint, int, nint*, nint>)table[49])(memory, data, bytes, shape, dimensions, elementType, &made);
        value = made;
        return status;
    }

    public nint IsTensor(nint value, out int yes)
    {
        var found = 0;
        var status = ((delegate* unmanaged[Cdecl]<nint, int*, nint>)table[50])(value, &found);
        yes = found;
        return status;
    }

    public nint TensorData(nint value, out nint data) => From(51, value, out data);

    public nint ElementType(nint info, out int type)
    {
        var found = 0;
        var status = ((delegate* unmanaged[Cdecl]<nint, int*, nint>)table[60])(info, &found);
        type = found;
        return status;
    }

    public nint DimensionCount(nint info, out nuint count)
    {
        nuint found = 0;
        var status = ((delegate* unmanaged[Cdecl]<nint, nuint*, nint>)table[61])(info, &found);
        count = found;
        return status;
    }

    public nint Dimensions(nint info, long* into, nuint count) => ((delegate* unmanaged[Cdecl]<nint, long*, nuint, nint>)table[62])(info, into, count);

    public nint TypeAndShape(nint value, out nint info) => From(65, value, out info);

    public nint CreateCpuMemory(out nint memory)
    {
        nint made = 0;
        var status = ((delegate* unmanaged[Cdecl]<int, int, nint*, nint>)table[69])(0, 0, &made);
        memory = made;
        return status;
    }

    public nint AddConfig(nint options, byte* key, byte* value) => ((delegate* unmanaged[Cdecl]<nint, byte*, byte*, nint>)table[130])(options, key, value);

    public void ReleaseEnvironment(nint environment) => Release(92, environment);

    public void ReleaseMemory(nint memory) => Release(94, memory);

    public void ReleaseSession(nint session) => Release(95, session);

    public void ReleaseValue(nint value) => Release(96, value);

    public void ReleaseRunOptions(nint options) => Release(97, options);

    public void ReleaseShape(nint info) => Release(99, info);

    public void ReleaseSessionOptions(nint options) => Release(100, options);

    /// <summary>Null where the call went well; otherwise what the runtime says, cut to one short line.</summary>
    public string? Told(nint status)
    {
        if (status == 0) return null;
        var text = Marshal.PtrToStringUTF8(((delegate* unmanaged[Cdecl]<nint, nint>)table[2])(status)) ?? "";
        Release(93, status);
        var line = text.ReplaceLineEndings(" ");
        return line.Length <= 300 ? line : line[..300] + "…";
    }

    private nint Make(int place, out nint made)
    {
        nint value = 0;
        var status = ((delegate* unmanaged[Cdecl]<nint*, nint>)table[place])(&value);
        made = value;
        return status;
    }

    private nint From(int place, nint of, out nint found)
    {
        nint value = 0;
        var status = ((delegate* unmanaged[Cdecl]<nint, nint*, nint>)table[place])(of, &value);
        found = value;
        return status;
    }

    private nint Set(int place, nint options, int value) => ((delegate* unmanaged[Cdecl]<nint, int, nint>)table[place])(options, value);

    private void Release(int place, nint handle)
    {
        if (handle != 0) ((delegate* unmanaged[Cdecl]<nint, void>)table[place])(handle);
    }
}
