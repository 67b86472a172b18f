// PEM blocks in a text, found as Go's encoding/pem finds them.
using System.Security.Cryptography;

namespace CabinCrew.Rego.Builtins.Crypto;

/// <summary>One block, and the text behind it.</summary>
internal readonly record struct PemBlock(string Type, byte[] Bytes, string Rest);

internal static class PemBlocks
{
    private const int BytesMax = 1_000_000;

    /// <summary>The first block; null where there is none.</summary>
    public static PemBlock? First(string text)
    {
        if (text.Length > BytesMax || !PemEncoding.TryFind(text, out var fields)) return null;
        var rest = text[fields.Location.End..];
        // The line break that ends a block belongs to it.
        if (rest.StartsWith("\r\n", StringComparison.Ordinal)) rest = rest[2..];
        else if (rest.StartsWith('\n')) rest = rest[1..];
        var type = text[fields.Label];
        return new PemBlock(type, Convert.FromBase64String(text[fields.Base64Data]), rest);
    }

    public static IEnumerable<PemBlock> All(string text)
    {
        while (First(text) is { } block)
        {
            yield return block;
            text = block.Rest;
        }
    }
}
