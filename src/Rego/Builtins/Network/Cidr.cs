// An IP address or network, read as strictly as Go's net package does: no leading zeros, no zones, IPv4 written in IPv6 is IPv4.
using System.Globalization;
using System.Net;
using System.Numerics;

namespace CabinCrew.Rego.Builtins.Network;

/// <summary>The first address, how many leading bits are fixed, and how many bits there are (32 or 128).</summary>
internal readonly record struct Cidr(BigInteger First, int PrefixBits, int Bits)
{
    public BigInteger Last => First + (BigInteger.One << (Bits - PrefixBits)) - 1;

    /// <summary>Null where the text is no address.</summary>
    public static Cidr? ParseAddress(string text)
    {
        if (ParseV4(text) is { } v4) return new Cidr(v4, 32, 32);
        if (ParseV6(text) is not { } v6) return null;
        return v6 >> 32 == 0xFFFF ? new Cidr(v6 & 0xFFFFFFFF, 32, 32) : new Cidr(v6, 128, 128);
    }

    /// <summary>Null where the text is not an address, a slash and a number of bits. The address is masked.</summary>
    public static Cidr? Parse(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0) return null;
        var (address, prefix) = (text[..slash], text[(slash + 1)..]);
        if (prefix.Length is 0 or > 3 || (prefix[0] == '0' && prefix.Length > 1)) return null;
        if (!int.TryParse(prefix, NumberStyles.None, CultureInfo.InvariantCulture, out var bits)) return null;
        var (number, width) = ParseV4(address) is { } v4 ? (v4, 32) : ParseV6(address) is { } v6 ? (v6, 128) : (BigInteger.Zero, 0);
        if (bits > width || width == 0) return null;
        // Written as IPv6 but of the IPv4 range: an IPv4 network where the mask leaves one.
        if (width == 128 && number >> 32 == 0xFFFF && bits >= 96) (number, width, bits) = (number & 0xFFFFFFFF, 32, bits - 96);
        return new Cidr(number >> (width - bits) << (width - bits), bits, width);
    }

    public bool Contains(Cidr other) => Bits == other.Bits && other.First >= First && other.Last <= Last;

    public bool Overlaps(Cidr other) => Bits == other.Bits && other.First <= Last && First <= other.Last;

    public string AddressText => Format(First, Bits);

    public override string ToString() => $"{AddressText}/{PrefixBits}";

    public static string Format(BigInteger address, int bits)
    {
        if (bits == 32) return string.Join('.', Enumerable.Range(0, 4).Select(i => ((int)((address >> (24 - (8 * i))) & 255)).ToString(CultureInfo.InvariantCulture)));
        var groups = Enumerable.Range(0, 8).Select(i => (int)((address >> (112 - (16 * i))) & 0xFFFF)).ToArray();
        var (start, length) = LongestZeros(groups);
        if (length < 2) return Join(groups);
        return Join(groups[..start]) + "::" + Join(groups[(start + length)..]);
    }

    private static string Join(int[] groups) => string.Join(':', groups.Select(group => group.ToString("x", CultureInfo.InvariantCulture)));

    private static (int Start, int Length) LongestZeros(int[] groups)
    {
        var best = (Start: 0, Length: 0);
        for (var i = 0; i < groups.Length; i++)
        {
            var end = i;
            while (end < groups.Length && groups[end] == 0) end++;
            if (end - i > best.Length) best = (i, end - i);
        }

        return best;
    }

    private static BigInteger? ParseV4(string text)
    {
        var parts = text.Split('.', 5);
        if (parts.Length != 4) return null;
        uint address = 0;
        foreach (var part in parts)
        {
            if (part.Length is 0 or > 3 || (part[0] == '0' && part.Length > 1)) return null;
            if (!byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var octet)) return null;
            address = (address << 8) | octet;
        }

        return address;
    }

    private static BigInteger? ParseV6(string text)
    {
        if (text.Length > 45 || !text.Contains(':', StringComparison.Ordinal) || text.Any(c => !char.IsAsciiHexDigit(c) && c is not (':' or '.'))) return null;
        var tail = text[(text.LastIndexOf(':') + 1)..];
        if (tail.Contains('.', StringComparison.Ordinal) && ParseV4(tail) is null) return null;
        return IPAddress.TryParse(text, out var address) && address.GetAddressBytes() is { Length: 16 } bytes ? new BigInteger(bytes, isUnsigned: true, isBigEndian: true) : null;
    }
}
