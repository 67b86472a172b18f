// The fewest networks that cover the same addresses. One that touches no other keeps the form in which it was given.
using System.Numerics;

namespace CabinCrew.Rego.Builtins.Network;

internal sealed class CidrMerging
{
    private readonly record struct Range(BigInteger First, BigInteger Last, int Bits, string? Given);

    private readonly List<Range> ranges = [];

    /// <summary>Takes an IPv4 address (as its classful network), or a network; answers what is wrong with anything else.</summary>
    public string? Add(string text)
    {
        if (Cidr.ParseAddress(text) is { } address)
        {
            if (address.Bits == 128) return "IPv6 invalid: needs prefix length";
            var prefix = (int)(address.First >> 24) switch { < 128 => 8, < 192 => 16, < 224 => 24, _ => 32 };
            var masked = Cidr.Parse($"{address.AddressText}/{prefix}")!.Value;
            ranges.Add(new Range(masked.First, masked.Last, 32, $"{address.AddressText}/{prefix}"));
            return null;
        }

        if (Cidr.Parse(text) is not { } cidr) return $"invalid CIDR address: {text}";
        ranges.Add(new Range(cidr.First, cidr.Last, cidr.Bits, cidr.ToString()));
        return null;
    }

    public IEnumerable<string> Merged()
    {
        var merged = new List<Range>();
        foreach (var range in ranges.OrderBy(r => r.Bits).ThenBy(r => r.First).ThenByDescending(r => r.Last))
        {
            if (merged.Count == 0 || merged[^1].Bits != range.Bits || range.First > merged[^1].Last + 1) merged.Add(range);
            else merged[^1] = merged[^1] with { Last = BigInteger.Max(range.Last, merged[^1].Last), Given = null };
        }

        return merged.SelectMany(range => range.Given is { } given ? [given] : Split(range));
    }

    // The largest aligned block that fits, again and again.
    private static IEnumerable<string> Split(Range range)
    {
        for (var first = range.First; first <= range.Last;)
        {
            var size = 0;
            while (size < range.Bits && (first & ((BigInteger.One << (size + 1)) - 1)).IsZero && first + (BigInteger.One << (size + 1)) - 1 <= range.Last) size++;
            yield return new Cidr(first, range.Bits - size, range.Bits).ToString();
            first += BigInteger.One << size;
        }
    }
}
