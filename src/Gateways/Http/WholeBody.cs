// Reads a body to its end, and no further than allowed.
using System.Buffers;

namespace CabinCrew.Gateways.Http;

internal static class WholeBody
{
    private const int FirstBytes = 16 << 10;

    /// <summary>Null: it has more than <paramref name="bytesMax"/> bytes.</summary>
    public static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(Stream body, int bytesMax, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(FirstBytes);
        try
        {
            var length = 0;
            while (await body.ReadAsync(buffer.AsMemory(length), ct).ConfigureAwait(false) is > 0 and var read)
            {
                length += read;
                if (length > bytesMax) return null;
                if (length == buffer.Length) Grow(ref buffer);
            }
            return buffer.AsMemory(0, length).ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Grow(ref byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(checked(buffer.Length * 2));
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
