// How a target is asked in another API than the caller's: what the configuration says of it, with every default filled in.
namespace CabinCrew.Gateways.Llm.Wire.Translation;

/// <param name="OutputTokensMax">The bound of an answer that a caller did not name, where the other API must have one.</param>
/// <param name="BoundName">What the bound is called in chat completions: servers differ, and one that does not know the name would go without a bound.</param>
public sealed record TranslationSettings(long OutputTokensMax, string BoundName)
{
    public const long OutputTokensStandard = 4096;
    public const string BoundStandard = "max_completion_tokens", BoundOlder = "max_tokens";

    public static readonly TranslationSettings Standard = new(OutputTokensStandard, BoundStandard);
}
