// What of a request goes to one target: under the model's name there, and in the API of its provider. All of it is done before the gate judges it; the way back is undone before the gate judges the answer (LLM-02).
using CabinCrew.Gateways.Llm.Routing;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Gateways.Llm.Wire.Translation;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Endpoint;

/// <param name="Asked">In the caller's API.</param>
/// <param name="Goes">As the provider is to have it.</param>
public sealed record Outgoing(Prompt Asked, Prompt Goes, Translation? Translation)
{
    public static Outcome<Outgoing> Of(Prompt asked, RouteStep step)
    {
        if (!asked.For(step.Model).Try(out var goes, out var problem)) return problem;
        if (step.Api == asked.Api) return new Outgoing(asked, goes, null);
        if (Translation.Between(asked.Api, step.Api.Family) is not { } translation) return Problem.Bug($"nobody translates {asked.Api.Method} to {step.Api.Method}");
        return translation.Request(goes, step.Target.Translate ?? TranslationSettings.Standard).Map(told => new Outgoing(asked, told, translation));
    }

    /// <summary>The answer as the caller's API has it, and what it says there; what was counted is what the provider counted, whatever could be told of it.</summary>
    public Outcome<(Carried Carried, Exchange Said)> Back(ProviderAnswer answer, Exchange said, DateTimeOffset now)
    {
        if (Translation is null) return (answer.Carried, said);
        return Translation.Answer(Asked, answer.Carried, answer.Status, now.ToUnixTimeSeconds())
            .Map(told => (told, ExchangeReader.Answer(Asked.Said.Model, told) with { InputTokens = said.InputTokens, OutputTokens = said.OutputTokens }));
    }
}
