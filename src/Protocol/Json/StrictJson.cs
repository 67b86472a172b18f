// The only door for JSON that somebody else wrote: one value, strict UTF-8, no duplicate keys, bounded, numbers exact (ART-04).
using System.Text.Json;

namespace CabinCrew.Protocol.Json;

/// <param name="BytesMax">Of the whole document.</param>
/// <param name="DepthMax">Nesting of objects and arrays.</param>
public sealed record JsonLimits(int BytesMax = 1 << 20, int DepthMax = 64, int ValuesMax = 200_000)
{
    public static readonly JsonLimits Default = new();
}

public static partial class StrictJson
{
    /// <summary>Parses, or says what is wrong with line and column (both from 1). The element is detached and may be kept.</summary>
    public static Outcome<JsonElement> Parse(ReadOnlyMemory<byte> utf8, JsonLimits? limits = null) => throw new NotImplementedException();
}
