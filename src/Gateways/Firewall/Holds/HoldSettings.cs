// How long and how many messages may wait for people. Everything that waits costs memory here and patience at the other end.
namespace CabinCrew.Gateways.Firewall.Holds;

public sealed record HoldSettings
{
    /// <summary>After this nobody can approve it, and the caller hears no.</summary>
    public TimeSpan Expiry { get; init; } = TimeSpan.FromMinutes(10);

    public int PerCallerMax { get; init; } = 8;

    public int TotalMax { get; init; } = 128;

    /// <summary>Of all messages that wait together.</summary>
    public long BytesMax { get; init; } = 64 << 20;

    /// <summary>How often the caller hears that it still goes on.</summary>
    public TimeSpan ProgressEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The question may be put to the person at the caller's client, where the caller is known to be one (APR-06).</summary>
    public bool AskPerson { get; init; }
}
