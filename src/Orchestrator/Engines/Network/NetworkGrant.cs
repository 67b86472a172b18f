// What a run is handed of the network: its rules, where answers come from, and what of the outside world it takes (names, trust, time).
using System.Net;
using System.Security.Cryptography.X509Certificates;
using CabinCrew.Ledger.Redaction;

namespace CabinCrew.Orchestrator.Engines.Network;

/// <param name="Redactor">Knows the step's secrets: what it finds does not go on record.</param>
/// <param name="Clock">For the validity of the run's certificates.</param>
public sealed record NetworkGrant(NetworkRules Rules, Redactor Redactor, TimeProvider Clock)
{
    /// <summary>With one, every answer comes from it, and nothing reaches the network.</summary>
    public NetworkLog? Replay { get; init; }

    internal NetworkWorld World { get; init; } = NetworkWorld.Host;

    internal NetworkLimits Limits { get; init; } = NetworkLimits.Default;
}

/// <param name="Resolve">All addresses of a name.</param>
/// <param name="Roots">Trusted instead of the system's; null: the system's.</param>
internal sealed record NetworkWorld(Func<string, CancellationToken, Task<IPAddress[]>> Resolve, X509Certificate2Collection? Roots = null)
{
    public static readonly NetworkWorld Host = new((name, ct) => Dns.GetHostAddressesAsync(name, ct));
}
