// What routing knows of a request, all of it told in the request, by the caller's proof, or by the configuration.
using System.Globalization;
using System.Text.Json;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Routing;

/// <param name="Content">Of the request's bytes: what is chosen by weight is chosen by it.</param>
public sealed record RouteRequest(string Model, Digest Content)
{
    public string Api { get; init; } = "";
    public string Caller { get; init; } = "";
    public IReadOnlyList<string> Roles { get; init; } = [];
    public bool HasTools { get; init; }
    public bool HasImages { get; init; }
    public bool IsStream { get; init; }
    /// <summary>About so many: see <see cref="PromptSize"/>.</summary>
    public long PromptTokens { get; init; }
    /// <summary>Null: the request names no bound.</summary>
    public long? AnswerTokens { get; init; }
    public Func<string, string?> Header { get; init; } = _ => null;
    public Func<string, string?> Metadata { get; init; } = _ => null;
    public JsonElement? Context { get; init; }
    /// <summary>The detectors that found something in the prompt; looked for only where a condition asks.</summary>
    public Lazy<IReadOnlySet<string>> Findings { get; init; } = new(() => new HashSet<string>());
    /// <summary>What the configuration changed in it; empty: nothing.</summary>
    public string Rewritten { get; init; } = "";
    /// <summary>How many requests for the same model were routed before, where targets take turns.</summary>
    public long Turn { get; init; }

    public static RouteRequest Of(Prompt prompt, MessageCaller caller, JsonElement? context) => new(prompt.Said.Model, Digest.Of(prompt.Carried.Write().Span))
    {
        Api = prompt.Api.Method, Caller = caller.Name, Roles = caller.Roles, HasTools = prompt.Said.Tools.Count > 0, HasImages = prompt.Said.Images > 0, IsStream = prompt.Said.Stream,
        PromptTokens = PromptSize.Tokens(prompt), AnswerTokens = prompt.Said.MaxTokens, Context = context,
        Metadata = name => prompt.Carried.Pieces.FirstOrDefault(p => p.Place.StartsWith("/metadata/", StringComparison.Ordinal) && p.Place.AsSpan("/metadata/".Length).SequenceEqual(name))?.Text,
    };

    /// <summary>In words, for reasons.</summary>
    public string Size => string.Create(CultureInfo.InvariantCulture, $"about {PromptTokens} tokens{(AnswerTokens is { } answer ? $" and {answer} for the answer" : "")}");
}
