// A path with every link resolved, so that "inside" and "outside" can be told by comparing whole segments.
using System.Runtime.InteropServices;
using System.Text;

namespace CabinCrew.Governance.Files;

public static unsafe partial class CanonicalPath
{
    private const int BytesMax = 4096;

    /// <summary>Null where the path does not exist or cannot be resolved.</summary>
    public static string? Of(string path)
    {
        if (path.Contains('\0')) return null;
        var buffer = stackalloc byte[BytesMax + 1];
        var found = RealPath(path, buffer);
        if (found is null) return null;
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(found));
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>Whether <paramref name="inner"/> is <paramref name="outer"/> or lies below it. Both canonical.</summary>
    public static bool Contains(string outer, string inner) =>
        outer == "/" || inner == outer || (inner.StartsWith(outer, StringComparison.Ordinal) && inner[outer.Length] == '/');

    [LibraryImport("libc", EntryPoint = "realpath", StringMarshalling = StringMarshalling.Utf8)]
    private static partial byte* RealPath(string path, byte* resolved);
}
