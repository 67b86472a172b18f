// The ONNX runtime's native library: found in few places, and loaded only if its bytes are the pinned ones. Nothing else of the program needs it: where it is missing, models are refused.
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using CabinCrew.Protocol;

namespace CabinCrew.LocalModels.Onnx;

public static class OnnxLibrary
{
    public const string Version = "1.30.0";
    public const string FileName = "libonnxruntime.so.1";

    /// <summary>Says where the library is, in place of looking for it; its bytes must be the pinned ones all the same.</summary>
    public const string Variable = "CABINCREW_ONNXRUNTIME";

    /// <summary>Where <c>eng/setup --models</c> puts it, below the program's directory or one above it.</summary>
    private const string Folder = "onnxruntime";

    private const int BytesMax = 128 << 20;

    /// <summary>As eng/setup has them.</summary>
    internal static readonly IReadOnlyDictionary<Architecture, string> Pinned = new Dictionary<Architecture, string>
    {
        [Architecture.X64] = "ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23",
        [Architecture.Arm64] = "1f549d46250b005580b597f4164984aaf75b3bcb9f3aeb07c7f8a8fe60b23c76",
    };

    /// <param name="program">The program's directory.</param>
    /// <param name="named">What <see cref="Variable"/> says, if anything.</param>
    public static Outcome<string> Find(string program, string? named)
    {
        if (!string.IsNullOrEmpty(named)) return File.Exists(named) ? named : Missing($"{Variable} names '{named}', which is not there");
        foreach (var place in new[] { Path.Combine(program, Folder), Path.Combine(program, "..", Folder) })
            if (File.Exists(Path.Combine(place, FileName))) return Path.GetFullPath(Path.Combine(place, FileName));
        return Missing($"there is no {FileName} in '{Path.Combine(program, Folder)}' or beside the program's directory");
    }

    /// <summary>The library's handle. It stays loaded: the runtime cannot be unloaded safely.</summary>
    internal static Outcome<nint> Load(string path)
    {
        if (!Pinned.TryGetValue(RuntimeInformation.ProcessArchitecture, out var pinned)) return Missing($"there is no pinned build for {RuntimeInformation.ProcessArchitecture}");
        try
        {
            using var file = File.Open(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (file.Length > BytesMax) return Missing($"'{path}' is larger than any build");
            var hash = Convert.ToHexStringLower(SHA256.HashData(file));
            if (hash != pinned)
                return Missing($"'{path}' is not the pinned build of {Version}").With("expected", pinned).With("measured", hash);
            // The file that was hashed, whatever stands at its path by now.
            return NativeLibrary.TryLoad($"/proc/self/fd/{file.SafeFileHandle.DangerousGetHandle()}", out var handle) ? handle : Missing($"'{path}' cannot be loaded here (is libstdc++ installed?)");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Missing($"'{path}' cannot be read: {e.Message}");
        }
    }

    internal static Problem Missing(string message) => new(ProblemCode.ModelRuntimeMissing, $"the ONNX runtime cannot be used: {message}");
}
