// What tells a token from text that merely has its form: checksums, structure, and letters that no person would choose.
using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace CabinCrew.Governance.Detection;

internal static class TokenChecks
{
    private const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int ChecksumChars = 6;

    private static readonly uint[] Crc = Table();
    private static readonly SearchValues<string> Placeholders = SearchValues.Create(["example", "placeholder", "xxxxx", "your_", "your-", "yourtoken", "insert", "redacted", "dummy", "0000000", "1234567890"], StringComparison.OrdinalIgnoreCase);

    /// <summary>GitHub's and npm's: the last six characters are the CRC-32 of those before, in base 62.</summary>
    public static bool HasCrc32(ReadOnlySpan<char> text)
    {
        var crc = uint.MaxValue;
        foreach (var c in text[..^ChecksumChars]) crc = Crc[(crc ^ c) & 0xFF] ^ (crc >> 8);
        crc = ~crc;
        for (var i = text.Length - 1; i >= text.Length - ChecksumChars; i--, crc /= 62)
            if (text[i] != Base62[(int)(crc % 62)]) return false;
        return crc == 0;
    }

    /// <summary>Its first part is a JSON object that names an algorithm other than none.</summary>
    public static bool IsSignedWebToken(ReadOnlySpan<char> text)
    {
        var header = text[..text.IndexOf('.')];
        var bytes = new byte[header.Length];
        if (!Base64Url.TryDecodeFromChars(header, bytes, out var written)) return false;
        try
        {
            var json = JsonElement.Parse(bytes.AsSpan(0, written));
            return json.ValueKind == JsonValueKind.Object && json.TryGetProperty("alg", out var algorithm) && algorithm.ValueKind == JsonValueKind.String && algorithm.GetString() is not ("none" or "");
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Letters as a machine draws them: enough different ones, no long run, no word that says it is none.</summary>
    public static bool IsDrawn(ReadOnlySpan<char> token)
    {
        if (token.IndexOfAny(Placeholders) >= 0) return false;
        Span<bool> seen = stackalloc bool[128];
        int distinct = 0, run = 1, longest = 1;
        for (var i = 0; i < token.Length; i++)
        {
            if (token[i] < 128 && !seen[token[i]])
            {
                seen[token[i]] = true;
                distinct++;
            }
            run = i > 0 && token[i] == token[i - 1] ? run + 1 : 1;
            longest = Math.Max(longest, run);
        }
        return distinct >= Math.Min(10, token.Length / 2) && longest <= 5;
    }

    private static uint[] Table()
    {
        var table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++) value = (value & 1) != 0 ? 0xEDB88320 ^ (value >> 1) : value >> 1;
            table[i] = value;
        }
        return table;
    }
}
