// Unpacks gzip with a bound on what comes out, absolute and in proportion to what went in.
using System.IO.Compression;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Bundles;

internal static class BundleGzip
{
    private const int FreeBytes = 1 << 20;

    public static Outcome<ReadOnlyMemory<byte>> Unpack(ReadOnlyMemory<byte> packed, BundleFiles into)
    {
        // Each file is padded and has a header of its own; the tar may be that much longer than its contents.
        var most = Math.Min(into.Limits.TotalBytesMax + into.Limits.FilesMax * 2048L, Math.Max(FreeBytes, (long)packed.Length * into.Limits.RatioMax));
        using var source = new MemoryStream(packed.ToArray(), writable: false);
        using var gzip = new GZipStream(source, CompressionMode.Decompress);
        using var result = new MemoryStream();
        var buffer = new byte[64 << 10];
        try
        {
            while (gzip.Read(buffer) is > 0 and var read)
            {
                if (result.Length + read > most) return into.Refuse($"it unpacks to more than {most} bytes");
                result.Write(buffer, 0, read);
            }
        }
        catch (InvalidDataException e)
        {
            return into.Refuse($"it is not gzip, or is damaged ({e.Message})");
        }
        return new ReadOnlyMemory<byte>(result.GetBuffer(), 0, (int)result.Length);
    }

    public static byte[] Pack(ReadOnlySpan<byte> bytes)
    {
        using var result = new MemoryStream();
        using (var gzip = new GZipStream(result, CompressionLevel.SmallestSize, leaveOpen: true)) gzip.Write(bytes);
        return result.ToArray();
    }
}
