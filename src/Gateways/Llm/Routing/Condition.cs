// What a target or a tier asks of a request (LLM-04): a few facts, each told exactly, all of which must hold. No expressions, no patterns, nothing that reads what a prompt says but by the detectors.
using System.Text.Json;

namespace CabinCrew.Gateways.Llm.Routing;

/// <param name="Values">One of them.</param>
public sealed record NamedValues(string Name, IReadOnlyList<string> Values);

/// <summary>Empty lists and nulls ask for nothing.</summary>
public sealed record Condition
{
    public IReadOnlyList<string> Apis { get; init; } = [];
    public IReadOnlyList<string> Callers { get; init; } = [];
    /// <summary>One of which the caller has.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];
    /// <summary>Detectors, one of which found something in the prompt.</summary>
    public IReadOnlyList<string> Findings { get; init; } = [];
    public IReadOnlyList<NamedValues> Headers { get; init; } = [];
    public IReadOnlyList<NamedValues> Metadata { get; init; } = [];
    public IReadOnlyList<NamedValues> Context { get; init; } = [];
    public bool? Tools { get; init; }
    public bool? Images { get; init; }
    public bool? Stream { get; init; }
    public long? PromptTokensMin { get; init; }
    public long? PromptTokensMax { get; init; }
    /// <summary>A request that names no bound of its answer has no largest one.</summary>
    public long? AnswerTokensMin { get; init; }
    public long? AnswerTokensMax { get; init; }

    /// <summary>What does not hold, in words of the configuration and none of the request; null: all of it holds.</summary>
    public string? Unmet(RouteRequest request)
    {
        if (Apis.Count > 0 && !Apis.Contains(request.Api)) return $"the API is not {Any(Apis)}";
        if (Callers.Count > 0 && !Callers.Contains(request.Caller)) return $"the caller is not {Any(Callers)}";
        if (Roles.Count > 0 && !Roles.Any(request.Roles.Contains)) return $"the caller has not the role {Any(Roles)}";
        if (Tools is { } tools && tools != request.HasTools) return tools ? "it brings no tools" : "it brings tools";
        if (Images is { } images && images != request.HasImages) return images ? "it brings no images" : "it brings images";
        if (Stream is { } stream && stream != request.IsStream) return stream ? "it is not streamed" : "it is streamed";
        if (request.PromptTokens < PromptTokensMin) return $"the prompt has less than {PromptTokensMin} tokens";
        if (request.PromptTokens > PromptTokensMax) return $"the prompt has more than {PromptTokensMax} tokens";
        if (request.AnswerTokens < AnswerTokensMin) return $"the answer is to have less than {AnswerTokensMin} tokens";
        if (AnswerTokensMax is not null && !(request.AnswerTokens <= AnswerTokensMax)) return $"the answer may have more than {AnswerTokensMax} tokens";
        foreach (var (name, values) in Headers)
            if (request.Header(name) is not { } said || !values.Contains(said)) return $"the header {name} is not {Any(values)}";
        foreach (var (name, values) in Metadata)
            if (request.Metadata(name) is not { } said || !values.Contains(said)) return $"the metadata's {name} is not {Any(values)}";
        foreach (var (name, values) in Context)
            if (ContextOf(request, name) is not { } said || !values.Contains(said)) return $"the context's {name} is not {Any(values)}";
        // Last, since detectors cost more than all else.
        return Findings.Count > 0 && !Findings.Any(request.Findings.Value.Contains) ? $"nothing was found by {Any(Findings)}" : null;
    }

    private static string Any(IReadOnlyList<string> words) => string.Join(" or ", words);

    private static string? ContextOf(RouteRequest request, string name) => request.Context is not { ValueKind: JsonValueKind.Object } context || !context.TryGetProperty(name, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => null,
    };
}
