// How large a message may be that the gateway reads at all (MCP-07, invariant 11). What exceeds them is refused before anything of it is kept.
namespace CabinCrew.Gateways.Mcp.Wire;

/// <param name="BytesMax">Of one message, framing excluded.</param>
/// <param name="DepthMax">Nesting of objects and arrays.</param>
/// <param name="ValuesMax">Of all objects, arrays, strings, numbers and literals together.</param>
/// <param name="IdBytesMax">Of an id or a progress token, as it is spelled.</param>
/// <param name="NameBytesMax">Of <c>params.name</c> or <c>params.uri</c>, as it is spelled.</param>
public sealed record FrameLimits(int BytesMax = 16 << 20, int DepthMax = 64, int ValuesMax = 1_000_000, int IdBytesMax = 256, int NameBytesMax = 8192)
{
    public static readonly FrameLimits Default = new();
}
