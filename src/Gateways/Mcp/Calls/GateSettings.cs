// How the gate of the MCP gateway is set: sizes, waiting, records, pins.
using System.Text.Json;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Calls;

public sealed record GateSettings
{
    public TenantId Tenant { get; init; } = TenantId.Local;

    public int RequestBytesMax { get; init; } = 4 << 20;

    public int ResponseBytesMax { get; init; } = 16 << 20;

    /// <summary>For the whole of detectors and policies on one message; later is a deny.</summary>
    public TimeSpan JudgementTimeMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Requests of one session that wait for their answers.</summary>
    public int OpenPerSessionMax { get; init; } = 4096;

    /// <summary>A request's warnings are also told in its answer's <c>_meta</c>.</summary>
    public bool WarningsInMeta { get; init; }

    /// <summary>How many characters of a message's beginning go into the record, redacted. 0: none.</summary>
    public int ExcerptCharsMax { get; init; }

    /// <summary>How many characters of the arguments a person is shown who is asked to approve.</summary>
    public int ShownCharsMax { get; init; } = 4000;

    /// <summary>What the sessions are part of (workflow, step, purpose), as the configuration says; an object.</summary>
    public JsonElement? Context { get; init; }
}
