// A provider with a clock beside it.
using CabinCrew.Gateways.Http;
using CabinCrew.Gateways.Llm.Calls;
using CabinCrew.Gateways.Llm.Configuration;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Endpoint;

internal sealed class MeasuredProvider(IProvider inner, LlmMeter meter, TimeProvider clock) : IProvider
{
    public ProviderDefinition Provider => inner.Provider;

    public async Task<Outcome<ProviderAnswer>> AskAsync(ProviderRequest asked, IHttpExchange caller, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        var answer = await inner.AskAsync(asked, caller, ct).ConfigureAwait(false);
        meter.Asked(Provider.Name, answer is { Ok: true, Value.IsOut: false }, clock.GetElapsedTime(began));
        return answer;
    }
}
