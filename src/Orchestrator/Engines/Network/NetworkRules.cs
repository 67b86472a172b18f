// What a step may reach: hosts by name and port and mode, and addresses that are not public only where they are named one by one. Pure.
using System.Net;
using CabinCrew.Governance.Network;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Network;

/// <param name="Pattern">A name, <c>*.</c> and a name (any depth below it, never itself), or a public address.</param>
/// <param name="Modes">In which it may be reached; at least one.</param>
public sealed record DeclaredHost(string Pattern, IReadOnlyList<int> Ports, IReadOnlyList<EngineMode> Modes)
{
    internal bool Matches(string host) => Pattern.StartsWith("*.", StringComparison.Ordinal)
        ? host.Length > Pattern.Length - 1 && host.EndsWith(Pattern[1..], StringComparison.Ordinal)
        : host == Pattern;

    public override string ToString() =>
        $"{(Pattern.Contains(':') ? $"[{Pattern}]" : Pattern)}{(Ports is [443] ? "" : ":" + string.Join(',', Ports))}{(Modes.Count > 1 ? "" : $" ({Modes[0].Word()})")}";
}

/// <summary>An address, or a range of them, that is not public: the only ones that may be connected to.</summary>
public sealed record DeclaredAddress(IPNetwork Network, int Port)
{
    public override string ToString()
    {
        var whole = Network.PrefixLength == (Network.BaseAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128);
        var text = whole ? $"{Network.BaseAddress}" : $"{Network}";
        return (text.Contains(':') ? $"[{text}]" : text) + $":{Port}";
    }
}

public sealed record NetworkRules(IReadOnlyList<DeclaredHost> Hosts, IReadOnlyList<DeclaredAddress> Private)
{
    public const int HostsMax = 64, PrivateMax = 64, PortsMax = 16;

    /// <summary>The flight-plan is answered from the record of the same step of this workflow, and from nothing else.</summary>
    public string? Replay { get; init; }

    public bool Reaches(EngineMode mode) => Private.Count > 0 || Hosts.Any(h => h.Modes.Contains(mode));

    /// <summary>Whether the destination is named. A name's addresses are looked at when it is connected to (<see cref="PermitsAddress"/>).</summary>
    public bool Permits(EngineMode mode, Authority to) =>
        Hosts.Any(h => h.Modes.Contains(mode) && h.Ports.Contains(to.Port) && h.Matches(to.Host)) || (to.Address is { } address && IsPrivateDeclared(address, to.Port));

    public bool PermitsAddress(IPAddress address, int port) => PublicAddress.Is(address) || IsPrivateDeclared(address, port);

    private bool IsPrivateDeclared(IPAddress address, int port)
    {
        var plain = PublicAddress.Plain(address);
        return plain.AddressFamily is var family && Private.Any(p => p.Port == port && p.Network.BaseAddress.AddressFamily == family && p.Network.Contains(plain));
    }

    /// <summary>One word for each destination, as the file could say it: for people and policies.</summary>
    public IReadOnlyList<string> Words => [.. Hosts.Select(h => h.ToString()), .. Private.Select(p => p.ToString())];
}
