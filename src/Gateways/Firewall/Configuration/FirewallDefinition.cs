// What every gateway's configuration has, whatever it stands before: policies, detectors, approvals, records.
namespace CabinCrew.Gateways.Firewall.Configuration;

public enum AuditDurability { Batched, Strict }

/// <summary>How calls wait for people.</summary>
public sealed record HoldRules
{
    public TimeSpan Expires { get; init; } = TimeSpan.FromMinutes(30);
    /// <summary>The client's person may be asked through the client (elicitation).</summary>
    public bool AskPerson { get; init; }
    public int WaitingMax { get; init; } = 64;
    public int WaitingPerCallerMax { get; init; } = 16;
    /// <summary>Of all messages that wait together.</summary>
    public int WaitingBytesMax { get; init; } = 64 << 20;
}

/// <summary>A value, or where it is read from when a server starts.</summary>
/// <param name="Kind"><c>text</c>, <c>env</c> or <c>file</c>.</param>
public sealed record ValueDefinition(string Kind, string Value)
{
    public bool IsSecret => Kind != "text";
}
