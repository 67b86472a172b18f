// The seed of what policies draw by chance: the same message, the same numbers.
using System.Globalization;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall;

internal static class MessageSeeds
{
    public static ulong Of(Digest frame) => ulong.Parse(frame.ToString().AsSpan(Digest.Prefix.Length, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
