// One exchange: a prompt judged, sent to the provider that routing names, its answer judged, and only then given to the caller (LLM-02, LLM-04). While a stream is held, comments keep the
// caller's connection alive; of the answer itself no byte is sent before all of it was judged.
using System.Net;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Http;
using CabinCrew.Gateways.Llm.Calls;
using CabinCrew.Gateways.Llm.Recordings;
using CabinCrew.Gateways.Llm.Routing;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Endpoint;

/// <param name="Restore">What is cut out of a prompt is put back into its answer.</param>
public sealed record LlmExchangeSettings(bool Restore, byte[] PlaceholderKey)
{
    /// <summary>A caller who waits longer for a stream gets its head, and a comment now and then.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Null: nothing is recorded, and providers answer.</summary>
    public RecordingMode? Recordings { get; init; }
}

public sealed class LlmExchanges(LlmExchangeSettings settings, LedgerRoom ledger, LlmGate gate, Router router, ProviderHealth health, IReadOnlyDictionary<string, IProvider> providers, ExchangeRecorder? recorder, LlmMeter meter, RefusalRecord record)
{
    private const int SecretsMax = 1000, SecretCharsMax = 1 << 20;

    public async Task RunAsync(IHttpExchange http, MessageCaller caller, Prompt prompt)
    {
        using var flight = meter.Begin();
        var id = ledger.Ids.Next("llm");
        await using var line = new CallerLine(http, prompt, id, settings.KeepAlive, ledger.Clock);
        var digest = Digest.Of(prompt.Carried.Write().Span);
        var kept = settings.Restore ? new PlaceholderScope(settings.PlaceholderKey, SecretsMax, SecretCharsMax) : null;
        var routed = router.Choose(prompt.Said.Model, digest, provider => providers[provider].Provider.Speaks(prompt.Api.Family), health.Rests);
        if (!routed.Try(out var route, out var problem))
        {
            await record.RefusedAsync(id, caller, null, MessageDirection.ToServer, problem).ConfigureAwait(false);
            await line.RefuseAsync(problem).ConfigureAwait(false);
        }
        else
        {
            var last = Problem.Bug("a route without a step");
            for (var i = 0; i < route.Steps.Count; i++)
            {
                var isLast = i == route.Steps.Count - 1;
                var (answered, why, isNext) = await StepAsync(line, http, new(id, caller, prompt, route.Steps[i], route.Chosen, kept, isLast)).ConfigureAwait(false);
                if (answered) return;
                last = why!;
                if (!isNext) break;
            }
            await line.RefuseAsync(last).ConfigureAwait(false);
        }
    }

    private sealed record Attempt(string Id, MessageCaller Caller, Prompt Prompt, RouteStep Step, ModelRoute Chosen, PlaceholderScope? Kept, bool IsLast);

    private async Task<(bool Answered, Problem? Why, bool IsNext)> StepAsync(CallerLine line, IHttpExchange http, Attempt attempt)
    {
        var (id, caller, prompt, step, chosen, kept, isLast) = attempt;
        var ct = http.Aborted;
        var route = settings.Recordings is { } mode ? $"{step.Reason}; {mode.Word}" : step.Reason;
        if (!prompt.For(step.Model).Try(out var renamed, out var problem)) return (false, problem, false);
        var asked = new LlmMessage(id, caller, step.Provider, prompt.Api, step.Model, route, renamed.Carried, renamed.Said, null) { Listed = chosen.Name, Kept = kept, Reserves = step.Price?.Most(renamed.Carried.Bytes, prompt.Said.MaxTokens) ?? 0 };
        // Judged for each provider anew: policies may think otherwise of another.
        if (!(await gate.PassAsync(asked, line, ct).ConfigureAwait(false)).Try(out var going, out problem)) return (false, problem, false);
        // What an answer that never came cost, nobody knows.
        long? cost = null;
        try
        {
            var asking = await providers[step.Provider].AskAsync(new(prompt.Api, prompt.Said.Model, going.Bytes, prompt.Said.Stream), http, ct).ConfigureAwait(false);
            if (!asking.Try(out var answer, out problem))
            {
                // What is not recorded says nothing of a provider.
                if (problem.Code != ProblemCode.NotFound) health.Failed(step.Provider);
                // Nothing came that the gate could judge, and so put on record.
                await record.RefusedAsync(id, caller, step.Provider, MessageDirection.ToCaller, problem).ConfigureAwait(false);
                return (false, problem, true);
            }
            if (answer.IsOut) health.Failed(step.Provider);
            else health.Answered(step.Provider);
            var said = ExchangeReader.Answer(prompt.Said.Model, answer.Carried);
            cost = !answer.Ok ? 0 : step.Price is { } price && said is { InputTokens: { } input } ? price.Of(input, said.OutputTokens ?? 0) : null;
            var back = new LlmMessage(id, caller, step.Provider, prompt.Api, step.Model, answer.Recording is { } file ? $"{route} from {file}" : route, answer.Carried, said, Digest.Of(going.Bytes.Span)) { Listed = chosen.Name, Kept = kept, Cost = answer.Recording is null ? cost : 0 };
            if (!(await gate.PassAsync(back, line, ct).ConfigureAwait(false)).Try(out var coming, out problem)) return (false, problem, chosen.NextOnRefusal);
            if (answer.IsOut && !isLast) return (false, Out(step.Provider, answer.Status), true);
            if (recorder?.Keep(prompt.Api, prompt.Said.Model, going.Bytes, (answer.Status, answer.Headers), coming.Without, ct) is { Problem: { } unkept }) return (false, unkept, false);
            await line.AnswerAsync(answer.Status, answer.Headers, answer.Carried.IsStream, coming).ConfigureAwait(false);
            return (true, null, false);
        }
        finally
        {
            await gate.SettleAsync(asked, going, cost).ConfigureAwait(false);
        }
    }

    private static Problem Out(string provider, int status) => new(ProblemCode.UpstreamFailed, $"the provider {provider} answered with status {status}");
}
