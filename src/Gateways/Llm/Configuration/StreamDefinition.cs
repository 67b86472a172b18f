// When the events of a streamed answer go on to the caller (LLM-02).
namespace CabinCrew.Gateways.Llm.Configuration;

public enum StreamRelease
{
    /// <summary>When the last of them is there, and all of it was judged.</summary>
    Whole,

    /// <summary>When a sentence is over.</summary>
    Sentence,

    /// <summary>When so many characters are known to follow.</summary>
    Window,
}

/// <param name="Window">In characters; 0: nothing is held but what may be the beginning of something.</param>
public sealed record StreamDefinition(StreamRelease Release, int Window)
{
    public const int WindowStandard = 200, WindowMax = 65_536;

    public static readonly StreamDefinition Standard = new(StreamRelease.Whole, WindowStandard);
}
