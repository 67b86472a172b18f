// What a server may reach, as plain words: the same hosts and addresses that a workflow file names, one word for each. Pure.
using System.Net;
using CabinCrew.Governance.Network;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Network;

internal static class NetworkWords
{
    public static Outcome<NetworkRules> Parse(IReadOnlyList<string> words)
    {
        List<DeclaredHost> hosts = [];
        List<DeclaredAddress> addresses = [];
        if (words.Count > NetworkRules.HostsMax) return Refuse($"names more than {NetworkRules.HostsMax} hosts");
        foreach (var word in words)
        {
            var star = word.StartsWith("*.", StringComparison.Ordinal);
            var to = Authority.Parse(star ? word[2..] : word, 443);
            if (to is null || (star && (to.Address is not null || !to.Host.Contains('.'))))
                return Refuse($"names '{(word.Length <= 100 ? word : word[..100])}', which is no host such as example.org, '*.example.org', example.org:8443 or 10.0.0.5:8080");
            if (to.Address is not { } address || PublicAddress.Is(address)) hosts.Add(new(star ? "*." + to.Host : to.Host, [to.Port], [EngineMode.TakeOff]));
            // 0.0.0.0 and :: lead to this very machine, by a name that nobody reads as such.
            else if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)) return Refuse($"names '{word}', which is no address of anything");
            else addresses.Add(new(new(address, address.GetAddressBytes().Length * 8), to.Port));
        }
        return new NetworkRules(hosts, addresses);
    }

    private static Problem Refuse(string why) => new(ProblemCode.InvalidArgument, $"The declared network {why}.");
}
