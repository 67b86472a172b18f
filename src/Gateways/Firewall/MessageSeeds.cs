// The seed of what policies draw by chance: the same message, the same numbers.
using System.Globalization;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall;

internal static class MessageSeeds
{
    public static ulong Of(Digest frame) => ulong.Parse(frame.Hex.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
