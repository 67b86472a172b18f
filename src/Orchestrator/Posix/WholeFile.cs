// Reading an open file to its end: bounded by what it declares, and refused where it changes meanwhile.
using System.Buffers;
using System.Security.Cryptography;
using CabinCrew.Protocol;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Posix;

internal static class WholeFile
{
    /// <summary>A file that is read whole must fit into memory with room to spare.</summary>
    public const long BytesMax = 1L << 30;

    /// <summary>Reads to the end; refuses by the declared size before anything is read, and by what is read if it grows.</summary>
    public static byte[] Read(SafeFileHandle file, long size, long bytesMax)
    {
        if (size > bytesMax) throw new IOException($"the file has {size} bytes, more than {bytesMax}");
        var bytes = new byte[size];
        var total = 0;
        while (total < bytes.Length)
        {
            var read = RandomAccess.Read(file, bytes.AsSpan(total), total);
            if (read == 0) throw new IOException("the file shrank while it was read");
            total += read;
        }
        Span<byte> beyond = stackalloc byte[1];
        return RandomAccess.Read(file, beyond, total) == 0 ? bytes : throw new IOException("the file grew while it was read");
    }

    public static Digest DigestOf(SafeFileHandle file, out long size)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(128 * 1024);
        size = 0;
        for (int read; (read = RandomAccess.Read(file, buffer, size)) > 0; size += read) hash.AppendData(buffer, 0, read);
        ArrayPool<byte>.Shared.Return(buffer);
        return Digest.FromHash(hash.GetCurrentHash());
    }
}
