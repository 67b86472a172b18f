// Which addresses belong to the public internet. What is not known to is not: private, loopback, link-local, metadata, multicast, reserved, and
// every way to write one of them inside an IPv6 address. Pure. After the IANA special-purpose address registries (RFC 6890).
using System.Net;
using System.Net.Sockets;

namespace CabinCrew.Governance.Network;

public static class PublicAddress
{
    private static readonly IPNetwork[] NotPublic =
    [
        .. ((string[])
        [
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
            "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            // Inside 2000::/3, which is all that is looked at: Teredo, ORCHID and other protocol assignments, documentation, 6to4.
            "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        ]).Select(n => IPNetwork.Parse(n)),
    ];

    private static readonly IPNetwork Global = IPNetwork.Parse("2000::/3"), Nat64 = IPNetwork.Parse("64:ff9b::/96");

    public static bool Is(IPAddress address)
    {
        var plain = Plain(address);
        if (plain.AddressFamily == AddressFamily.InterNetworkV6 && (plain.ScopeId != 0 || !Global.Contains(plain))) return false;
        return plain.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6 && !NotPublic.Any(n => n.Contains(plain));
    }

    /// <summary>The IPv4 address inside of a mapped or NAT64 one; any other as it is.</summary>
    public static IPAddress Plain(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId == 0 && Nat64.Contains(address) ? new(address.GetAddressBytes()[12..]) : address;
    }
}
