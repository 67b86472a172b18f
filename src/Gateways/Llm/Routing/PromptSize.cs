// How large a prompt is, in tokens, as far as that can be told without the model's own tokenizer: for routing only, never for a budget.
using CabinCrew.Gateways.Llm.Wire;

namespace CabinCrew.Gateways.Llm.Routing;

public static class PromptSize
{
    public const int BytesPerToken = 4, TokensPerImage = 1600;

    private static readonly string[] MediaPlaces = ["/image_url/url", "/image_url", "/source/data", "/input_audio/data", "/file_data"];

    /// <summary>Four bytes of the body to a token, rounded up; images and files count by their number, and not by their bytes.</summary>
    public static long Tokens(Prompt prompt)
    {
        var media = prompt.Carried.Pieces.Where(p => MediaPlaces.Any(m => p.Place.EndsWith(m, StringComparison.Ordinal))).Sum(p => p.Parts.Sum(part => (long)part.Length));
        return (prompt.Carried.Bytes - media + BytesPerToken - 1) / BytesPerToken + (long)prompt.Said.Images * TokensPerImage;
    }
}
