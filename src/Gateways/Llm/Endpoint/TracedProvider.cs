// A span for each time that a provider is asked, by the names of OpenTelemetry's conventions for generative AI. Who is asked what costs how much, and never what is said.
// Costs nothing while nobody listens.
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using CabinCrew.Gateways.Http;
using CabinCrew.Gateways.Llm.Configuration;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Endpoint;

public sealed class TracedProvider(IProvider inner) : IProvider
{
    public const string SourceName = "CabinCrew.Llm";

    private const int NameCharsMax = 200;
    private static readonly ActivitySource Source = new(SourceName);

    public ProviderDefinition Provider => inner.Provider;

    public async Task<Outcome<ProviderAnswer>> AskAsync(ProviderRequest asked, IHttpExchange caller, CancellationToken ct)
    {
        using var span = Source.HasListeners() ? Begin(asked, caller) : null;
        var answer = await inner.AskAsync(asked, caller, ct).ConfigureAwait(false);
        if (span is not null) End(span, answer);
        return answer;
    }

    private Activity? Begin(ProviderRequest asked, IHttpExchange caller)
    {
        // As it goes to the provider: what a caller calls a model is looked through like the rest, and may have been cut.
        var (operation, model) = (Operation(asked.Api), Named(asked.Body) ?? "");
        // Part of the caller's trace where it says that it has one; it is read strictly.
        _ = ActivityContext.TryParse(caller.Header("traceparent"), null, isRemote: true, out var parent);
        return Source.StartActivity($"{operation} {model}", ActivityKind.Client, parent,
        [
            new("gen_ai.operation.name", operation),
            new("gen_ai.provider.name", Provider.Family switch { ApiFamily.OpenAi => "openai", ApiFamily.Anthropic => "anthropic", _ => Provider.Name }),
            new("gen_ai.request.model", model),
            new("server.address", Provider.Url.Host),
            new("server.port", Provider.Url.Port),
            new("cabincrew.provider", Provider.Name),
        ]);
    }

    private static void End(Activity span, Outcome<ProviderAnswer> became)
    {
        if (!became.Try(out var answer, out var problem)) Failed(span, problem.Code.Id());
        else
        {
            if (!answer.Ok) Failed(span, answer.Status.ToString(CultureInfo.InvariantCulture));
            if (Model(answer.Carried) is { } model) span.SetTag("gen_ai.response.model", model);
            var said = ExchangeReader.Answer("", answer.Carried);
            if (said.InputTokens is { } input) span.SetTag("gen_ai.usage.input_tokens", input);
            if (said.OutputTokens is { } output) span.SetTag("gen_ai.usage.output_tokens", output);
        }
    }

    private static void Failed(Activity span, string type) => span.SetStatus(ActivityStatusCode.Error).SetTag("error.type", type);

    private static string Operation(LlmApi api) => api.Method switch
    {
        "chat.completions" or "responses" or "messages" => "chat",
        "completions" => "text_completion",
        var method => method,
    };

    private static string? Model(Carried answer) => answer.Documents is [{ Json: var json }, ..] && !json.Span.SequenceEqual(Carried.DoneMark) ? Named(json) : null;

    // {"model"}, and in the first event of a stream {"message": {"model"}} or {"response": {"model"}}.
    private static string? Named(ReadOnlyMemory<byte> json)
    {
        var root = JsonElement.Parse(json.Span, new JsonDocumentOptions { MaxDepth = 128 });
        foreach (var within in (ReadOnlySpan<string?>)[null, "message", "response"])
            if ((within is null ? root : root.ValueKind == JsonValueKind.Object && root.TryGetProperty(within, out var inner) ? inner : default) is { ValueKind: JsonValueKind.Object } at && at.TryGetProperty("model", out var model) && model.ValueKind == JsonValueKind.String)
                return Firewall.Plain.Text(model.GetString()!, NameCharsMax);
        return null;
    }
}
