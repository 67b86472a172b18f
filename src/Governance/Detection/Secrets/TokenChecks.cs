// What tells a token from text that merely has its form: checksums, structure, and letters that no person would choose.
using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;

namespace CabinCrew.Governance.Detection.Secrets;

internal static class TokenChecks
{
    private const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int ChecksumChars = 6;

    private static readonly uint[] Crc = Table();
    private static readonly SearchValues<string> Placeholders = SearchValues.Create(["example", "placeholder", "xxxxx", "your_", "your-", "yourtoken", "insert", "redacted", "dummy", "0000000", "123456789", "abcdefgh", "abcdef0123"], StringComparison.OrdinalIgnoreCase);

    /// <summary>GitHub's, npm's and NetBird's: the last six characters are the CRC-32 of those before, in base 62.</summary>
    /// <param name="anyOrder">Small letters may count before capitals.</param>
    public static bool HasCrc32(ReadOnlySpan<char> text, bool anyOrder = false)
    {
        var crc = Crc32(text[..^ChecksumChars]);
        return IsInBase62(text[^ChecksumChars..], crc, swapped: false) || (anyOrder && IsInBase62(text[^ChecksumChars..], crc, swapped: true));
    }

    /// <summary>Grafana's: eight hexadecimal digits of the CRC-32 of all before, its lowest byte first.</summary>
    public static bool IsOfGrafana(ReadOnlySpan<char> token) =>
        uint.TryParse(token[^8..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var said) && BinaryPrimitives.ReverseEndianness(said) == Crc32(token[..^9]);

    /// <summary>The checksum of BIP 173, as age has it: a word, 1, and letters of 32.</summary>
    public static bool IsBech32(ReadOnlySpan<char> token)
    {
        const string letters = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
        var separator = token.LastIndexOf('1');
        uint check = 1;
        foreach (var c in token[..separator]) check = Bech32(check) ^ (uint)(char.ToLowerInvariant(c) >> 5);
        check = Bech32(check);
        foreach (var c in token[..separator]) check = Bech32(check) ^ (uint)(char.ToLowerInvariant(c) & 31);
        foreach (var c in token[(separator + 1)..])
        {
            var value = letters.IndexOf(c, StringComparison.Ordinal);
            if (value < 0) return false;
            check = Bech32(check) ^ (uint)value;
        }
        return check == 1;
    }

    private static uint Bech32(uint check)
    {
        ReadOnlySpan<uint> steps = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
        var top = check >> 25;
        check = (check & 0x1FFFFFF) << 5;
        for (var i = 0; i < steps.Length; i++)
            if ((top >> i & 1) != 0) check ^= steps[i];
        return check;
    }

    /// <summary>Base64 of PEM text whose header speaks of a private key.</summary>
    public static bool IsWrappedKey(ReadOnlySpan<char> text)
    {
        Span<byte> head = stackalloc byte[48];
        return Convert.TryFromBase64Chars(text[..64], head, out var written) && head[..written].IndexOf("PRIVATE KEY"u8) > 0;
    }

    /// <summary>Zero bytes in base64 are runs of A, of which a drawn token has none.</summary>
    public static bool IsNoBlob(ReadOnlySpan<char> token) => HasDigit(token) && token.Count('A') * 8 < token.Length;

    public static bool HasDigit(ReadOnlySpan<char> token) => token.ContainsAnyInRange('0', '9');

    /// <summary>Capitals, small letters and digits.</summary>
    public static bool IsMixed(ReadOnlySpan<char> token) => HasDigit(token) && token.ContainsAnyInRange('a', 'z') && token.ContainsAnyInRange('A', 'Z');

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
    /// <param name="isRepetitive">Long runs are right.</param>
    public static bool IsDrawn(ReadOnlySpan<char> token, bool isRepetitive = false)
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
        return distinct >= Math.Min(10, token.Length / 2) && (isRepetitive || longest <= 5);
    }

    private static uint Crc32(ReadOnlySpan<char> text)
    {
        var crc = uint.MaxValue;
        foreach (var c in text) crc = Crc[(crc ^ c) & 0xFF] ^ (crc >> 8);
        return ~crc;
    }

    private static bool IsInBase62(ReadOnlySpan<char> text, uint value, bool swapped)
    {
        for (var i = text.Length - 1; i >= 0; i--, value /= 62)
        {
            var letter = Base62[(int)(value % 62)];
            if (text[i] != (swapped && char.IsAsciiLetter(letter) ? (char)(letter ^ 0x20) : letter)) return false;
        }
        return value == 0;
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
