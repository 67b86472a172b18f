// Git's loose objects: zlib over "TYPE SIZE NUL CONTENT", named by the hash of that. Checked here, since git itself trusts what lies in its directory.
using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace CabinCrew.Orchestrator.Workspaces;

/// <param name="Type">blob, tree, commit or tag.</param>
internal sealed record GitObject(string Type, byte[] Content);

internal static class GitObjects
{
    // An object is as large as a file may be; a small one may inflate to anything.
    public const long BytesMax = 1L << 30;
    private const int HeaderMax = 32;

    /// <summary>Whether these bytes are the object of that id.</summary>
    public static bool IsLoose(ReadOnlyMemory<byte> compressed, string id)
    {
        using var hash = HashFor(id.Length / 2);
        using var inflater = new ZLibStream(Open(compressed), CompressionMode.Decompress);
        var buffer = new byte[64 * 1024];
        long total = 0;
        long expected = -1;
        try
        {
            var head = inflater.ReadAtLeast(buffer, HeaderMax, throwOnEndOfStream: false);
            var nul = buffer.AsSpan(0, head).IndexOf((byte)0);
            if (nul < 0 || !Header(Encoding.ASCII.GetString(buffer, 0, nul), out var size)) return false;
            expected = size + nul + 1;
            for (var read = head; read > 0 && total <= expected; read = inflater.Read(buffer))
            {
                hash.AppendData(buffer, 0, read);
                total += read;
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return false;
        }
        return total == expected && Convert.ToHexStringLower(hash.GetCurrentHash()) == id;
    }

    /// <summary>The object, if these bytes are the loose object of that id; null: they are not, or it is larger than <paramref name="bytesMax"/>.</summary>
    public static GitObject? ReadLoose(ReadOnlyMemory<byte> compressed, string id, long bytesMax)
    {
        if (!IsLoose(compressed, id)) return null;
        using var inflater = new ZLibStream(Open(compressed), CompressionMode.Decompress);
        var head = new byte[HeaderMax];
        var read = inflater.ReadAtLeast(head, HeaderMax, throwOnEndOfStream: false);
        var nul = head.AsSpan(0, read).IndexOf((byte)0);
        var words = Encoding.ASCII.GetString(head, 0, nul).Split(' ');
        var size = long.Parse(words[1], CultureInfo.InvariantCulture);
        if (size > bytesMax) return null;
        var content = new byte[size];
        var begun = read - nul - 1;
        head.AsSpan(nul + 1, begun).CopyTo(content);
        inflater.ReadExactly(content.AsSpan(begun));
        return new(words[0], content);
    }

    public static string IdOf(string type, ReadOnlySpan<byte> content, int idBytes)
    {
        using var hash = HashFor(idBytes);
        hash.AppendData(Encoding.ASCII.GetBytes($"{type} {content.Length}\0"));
        hash.AppendData(content);
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    public static IncrementalHash HashFor(int idBytes) => IncrementalHash.CreateHash(idBytes == 20 ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256);

    public static MemoryStream Open(ReadOnlyMemory<byte> bytes) => MemoryMarshal.TryGetArray(bytes, out var array)
        ? new(array.Array!, array.Offset, array.Count, writable: false)
        : new(bytes.ToArray(), writable: false);

    private static bool Header(string text, out long size)
    {
        size = 0;
        var parts = text.Split(' ');
        return parts is ["blob" or "tree" or "commit" or "tag", var digits]
            && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out size) && size <= BytesMax && (digits == "0" || digits[0] != '0');
    }
}
