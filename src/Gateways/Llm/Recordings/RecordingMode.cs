// Whether a gateway records its exchanges or answers from recorded ones, and where these are.
namespace CabinCrew.Gateways.Llm.Recordings;

/// <param name="Replays">No provider is asked.</param>
/// <param name="Directory">Absolute.</param>
public sealed record RecordingMode(bool Replays, string Directory)
{
    /// <summary>For the route that the log tells.</summary>
    public string Word => Replays ? "replayed" : "recorded";
}
