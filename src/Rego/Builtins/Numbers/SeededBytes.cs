// Bytes that look random and follow from the evaluation's seed: SHA-256 over seed, purpose, key and a counter.
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace CabinCrew.Rego.Builtins.Numbers;

internal static class SeededBytes
{
    public static byte[] Make(ulong seed, string purpose, ReadOnlySpan<byte> key, int count)
    {
        var label = Encoding.UTF8.GetBytes(purpose);
        var block = new byte[12 + label.Length + 1 + key.Length];
        BinaryPrimitives.WriteUInt64BigEndian(block, seed);
        label.CopyTo(block, 12);
        key.CopyTo(block.AsSpan(12 + label.Length + 1));
        var bytes = new byte[count];
        for (var (at, counter) = (0, 0); at < count; at += SHA256.HashSizeInBytes, counter++)
        {
            BinaryPrimitives.WriteInt32BigEndian(block.AsSpan(8), counter);
            var hash = SHA256.HashData(block);
            hash.AsSpan(0, Math.Min(hash.Length, count - at)).CopyTo(bytes.AsSpan(at));
        }

        return bytes;
    }
}
