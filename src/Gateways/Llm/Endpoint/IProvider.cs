// The seam to whoever answers prompts: a provider on the network, or recordings of one.
using CabinCrew.Gateways.Http;
using CabinCrew.Gateways.Llm.Configuration;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Endpoint;

public interface IProvider
{
    ProviderDefinition Provider { get; }

    /// <summary>Asks once. The answer is whole, and read strictly.</summary>
    /// <param name="caller">For whom, and whose headers its API wants to see.</param>
    Task<Outcome<ProviderAnswer>> AskAsync(ProviderRequest asked, IHttpExchange caller, CancellationToken ct);
}

/// <param name="Model">As the caller calls it; the body has it as the provider does.</param>
/// <param name="Stream">The caller wants a stream.</param>
public sealed record ProviderRequest(LlmApi Api, string Model, ReadOnlyMemory<byte> Body, bool Stream)
{
    /// <summary>The caller's API: what is recorded is told in it.</summary>
    public required LlmApi Told { get; init; }

    /// <summary>Is told of a stream's answer after each event but the last, as far as it came, and ends it by a problem. Null: nobody is. Who has the whole answer at once need not tell it.</summary>
    public Func<ProviderAnswer, CancellationToken, ValueTask<Problem?>>? More { get; init; }
}

/// <param name="Status">As the provider said it.</param>
/// <param name="Headers">Those that callers get to see.</param>
public sealed record ProviderAnswer(int Status, Carried Carried, IReadOnlyList<(string Name, string Value)> Headers)
{
    public bool Ok => Status is >= 200 and < 300;

    /// <summary>It may be another's turn: too much asked of it, or broken. Not where it is known that its caller got just this.</summary>
    public bool IsOut => Recording is null && Status is 408 or 429 or >= 500;

    /// <summary>The file that it was read from. Null: a provider was asked.</summary>
    public string? Recording { get; init; }
}
