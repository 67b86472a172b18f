// One exchange: a prompt judged, sent to the provider that routing names, its answer judged, and only then given to the caller (LLM-02, LLM-04). While a stream is held, comments keep the
// caller's connection alive; of the answer itself no byte is sent before all of it was judged, or, where the configuration says so, as much of it as came.
using System.Net;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Http;
using CabinCrew.Gateways.Llm.Calls;
using CabinCrew.Gateways.Llm.Configuration;
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
    public StreamDefinition Streams { get; init; } = StreamDefinition.Standard;

    /// <summary>A caller who waits longer for a stream gets its head, and a comment now and then.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(10);
}

public sealed class LlmExchanges(LlmExchangeSettings settings, LedgerRoom ledger, LlmGate gate, Router router, ProviderHealth health, IReadOnlyDictionary<string, ProviderClient> providers, RefusalRecord record)
{
    private const int SecretsMax = 1000, SecretCharsMax = 1 << 20;

    public async Task RunAsync(IHttpExchange http, MessageCaller caller, Prompt prompt)
    {
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
                var (answered, why, isNext) = await StepAsync(line, http, new(id, caller, prompt, route.Steps[i], kept, isLast, route.Chosen.NextOnRefusal)).ConfigureAwait(false);
                if (answered) return;
                last = why!;
                if (!isNext) break;
            }
            await line.RefuseAsync(last).ConfigureAwait(false);
        }
    }

    private sealed record Attempt(string Id, MessageCaller Caller, Prompt Prompt, RouteStep Step, PlaceholderScope? Kept, bool IsLast, bool NextOnRefusal);

    private async Task<(bool Answered, Problem? Why, bool IsNext)> StepAsync(CallerLine line, IHttpExchange http, Attempt attempt)
    {
        var (id, caller, prompt, step, kept, isLast, nextOnRefusal) = attempt;
        var ct = http.Aborted;
        if (!prompt.For(step.Model).Try(out var renamed, out var problem)) return (false, problem, false);
        var asked = new LlmMessage(id, caller, step.Provider, prompt.Api, step.Model, step.Reason, renamed.Carried, renamed.Said, null) { Kept = kept, Reserves = step.Price?.Most(renamed.Carried.Bytes, prompt.Said.MaxTokens) ?? 0 };
        // Judged for each provider anew: policies may think otherwise of another.
        if (!(await gate.PassAsync(asked, line, ct).ConfigureAwait(false)).Try(out var going, out problem)) return (false, problem, false);
        // What an answer that never came cost, nobody knows.
        long? cost = null;
        var form = new LlmMessage(id, caller, step.Provider, prompt.Api, step.Model, step.Reason, Carried.Stream(), new() { Model = prompt.Said.Model }, Digest.Of(going.Bytes.Span)) { Kept = kept };
        var streamed = prompt.Said.Stream && settings.Streams.Release != StreamRelease.Whole ? new StreamedAnswer(settings.Streams, gate, line, form) : null;
        try
        {
            var asking = await providers[step.Provider].AskAsync(prompt.Api, going.Bytes, prompt.Said.Stream, http, streamed is null ? null : streamed.MoreAsync, ct).ConfigureAwait(false);
            if (streamed?.Broken is { } broken) throw broken;
            if (!asking.Try(out var answer, out problem))
            {
                // What was said was heard, and is on record.
                if (streamed is { IsTold: true }) return (false, problem, nextOnRefusal && !streamed.HasBegun);
                health.Failed(step.Provider);
                if (streamed is { HasBegun: true }) return (false, await streamed.CutOffAsync(problem).ConfigureAwait(false), false);
                // Nothing came that the gate could judge, and so put on record.
                await record.RefusedAsync(id, caller, step.Provider, MessageDirection.ToCaller, problem).ConfigureAwait(false);
                return (false, problem, true);
            }
            if (answer.IsOut) health.Failed(step.Provider);
            else health.Answered(step.Provider);
            var said = ExchangeReader.Answer(prompt.Said.Model, answer.Carried);
            cost = !answer.Ok ? 0 : step.Price is { } price && said is { InputTokens: { } input } ? price.Of(input, said.OutputTokens ?? 0) : null;
            var passing = await gate.PassAsync(form with { Carried = answer.Carried, Said = said }, line, ct).ConfigureAwait(false);
            if (streamed is not null) streamed.IsTold = true;
            if (!passing.Try(out var coming, out problem)) return (false, problem, nextOnRefusal && streamed is not { HasBegun: true });
            if (answer.IsOut && !isLast) return (false, Out(step.Provider, answer.Status), true);
            await line.AnswerAsync(answer.Status, answer.Headers, answer.Carried.IsStream, coming).ConfigureAwait(false);
            return (true, null, false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException && streamed is { HasBegun: true })
        {
            await streamed.CutOffAsync(StreamedAnswer.Gone).ConfigureAwait(false);
            throw;
        }
        finally
        {
            await gate.SettleAsync(asked, going, cost).ConfigureAwait(false);
        }
    }

    private static Problem Out(string provider, int status) => new(ProblemCode.UpstreamFailed, $"the provider {provider} answered with status {status}");
}
