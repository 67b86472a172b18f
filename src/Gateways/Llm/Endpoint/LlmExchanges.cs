// One exchange: a prompt judged, sent to the provider that routing names, its answer judged, and only then given to the caller (LLM-02, LLM-04). While a stream is held, comments keep the
// caller's connection alive; of the answer itself no byte is sent before all of it was judged, or, where the configuration says so, as much of it as came.
using System.Text.Json;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Http;
using CabinCrew.Gateways.Llm.Calls;
using CabinCrew.Gateways.Llm.Configuration;
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
    /// <summary>What routing may ask for: an object. Null: there is none.</summary>
    public JsonElement? Context { get; init; }

    /// <summary>Of every prompt, before those of its model.</summary>
    public IReadOnlyList<RewriteRule> Rewrites { get; init; } = [];

    public StreamDefinition Streams { get; init; } = StreamDefinition.Standard;

    /// <summary>A caller who waits longer for a stream gets its head, and a comment now and then.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Null: nothing is recorded, and providers answer.</summary>
    public RecordingMode? Recordings { get; init; }
}

public sealed class LlmExchanges(LlmExchangeSettings settings, LedgerRoom ledger, LlmGate gate, Router router, ProviderHealth health, IReadOnlyDictionary<string, IProvider> providers, ExchangeRecorder? recorder, LlmMeter meter, RefusalRecord record)
{
    private const int SecretsMax = 1000, SecretCharsMax = 1 << 20;

    private readonly Turns turns = new();

    public async Task RunAsync(IHttpExchange http, MessageCaller caller, Prompt prompt)
    {
        using var underway = meter.Begin();
        var id = ledger.Ids.Next("llm");
        await using var line = new CallerLine(http, prompt, id, settings.KeepAlive, ledger.Clock);
        var kept = settings.Restore ? new PlaceholderScope(settings.PlaceholderKey, SecretsMax, SecretCharsMax) : null;
        if (!Prepare(http, caller, prompt).Try(out var prepared, out var problem) || !router.Choose(prepared.Request, target => providers[target.Provider].Provider.AskedIn(prompt.Api, target), health.Rests).Try(out var route, out problem))
        {
            await record.RefusedAsync(id, caller, null, MessageDirection.ToServer, problem).ConfigureAwait(false);
            await line.RefuseAsync(problem).ConfigureAwait(false);
        }
        else
        {
            var (last, because) = (Problem.Bug("a route without a step"), "");
            for (int? at = 0; at is { } i;)
            {
                var step = route.Steps[i];
                var (end, why) = await StepAsync(line, http, new(id, caller, prepared, i == 0 ? step : step with { Reason = $"{step.Reason}; {because}" }, kept, route.After(i, refused: false) is null, route.Chosen)).ConfigureAwait(false);
                if (end == StepEnd.Answered) return;
                last = why!;
                because = $"{step.Provider} {(end == StepEnd.Refused ? "was not let through" : "failed")}: {last.Code.Id()}";
                at = end == StepEnd.Over ? null : route.After(i, end == StepEnd.Refused);
            }
            await line.RefuseAsync(last).ConfigureAwait(false);
        }
    }

    private Outcome<Prepared> Prepare(IHttpExchange http, MessageCaller caller, Prompt sent)
    {
        var route = router.Find(sent.Said.Model);
        var turn = turns.Next(route);
        return Prepared.Of(sent, route, settings.Rewrites, prompt => RouteRequest.Of(prompt, caller, settings.Context) with { Header = http.Header, Findings = new(() => gate.FoundBy(prompt.Carried, prompt.Said, http.Aborted)), Turn = turn });
    }

    private enum StepEnd
    {
        Answered,

        /// <summary>Nobody else is asked.</summary>
        Over,
        Failed,
        Refused,
    }

    private sealed record Attempt(string Id, MessageCaller Caller, Prepared Prepared, RouteStep Step, PlaceholderScope? Kept, bool IsLast, ModelRoute Route);

    private async Task<(StepEnd End, Problem? Why)> StepAsync(CallerLine line, IHttpExchange http, Attempt attempt)
    {
        var (id, caller, prepared, step, kept, isLast, route) = attempt;
        var prompt = prepared.Prompt;
        var ct = http.Aborted;
        if (!Outgoing.Of(prompt, step).Try(out var outgoing, out var problem))
        {
            // It cannot be told to this provider; another may take it as it is.
            await record.RefusedAsync(id, caller, step.Provider, MessageDirection.ToServer, problem).ConfigureAwait(false);
            return (StepEnd.Failed, problem);
        }
        var goes = outgoing.Goes;
        var reason = settings.Recordings is { } mode ? $"{step.Reason}; {mode.Word}" : step.Reason;
        var asked = new LlmMessage(id, caller, step.Provider, goes.Api, step.Model, reason, goes.Carried, goes.Said, null) { Listed = route.Name, Kept = kept, Reserves = step.Price?.Most(goes.Carried.Bytes, goes.Said.MaxTokens) ?? 0, CallerSent = outgoing.Translation is null && ReferenceEquals(prepared.Sent, prompt) ? null : prepared.Sent };
        // Judged for each provider anew: policies may think otherwise of another.
        if (!(await gate.PassAsync(asked, line, ct).ConfigureAwait(false)).Try(out var going, out problem)) return (problem.Code == ProblemCode.PolicyDenied && route.NextOnDeniedPrompt ? StepEnd.Refused : StepEnd.Over, problem);
        // What an answer that never came cost, nobody knows.
        long? cost = null;
        var form = new LlmMessage(id, caller, step.Provider, prompt.Api, step.Model, reason, Carried.Stream(), new() { Model = prompt.Said.Model }, Digest.Of(going.Bytes.Span)) { Listed = route.Name, Kept = kept };
        var streamed = GoesWhileItComes(prepared, outgoing) ? new StreamedAnswer(settings.Streams, gate, line, form) : null;
        try
        {
            var asking = await providers[step.Provider].AskAsync(new(goes.Api, prompt.Said.Model, going.Bytes, prompt.Said.Stream) { Told = prompt.Api, More = streamed is null ? null : streamed.MoreAsync }, http, ct).ConfigureAwait(false);
            if (streamed?.Broken is { } broken) throw broken;
            if (!asking.Try(out var answer, out problem))
            {
                // What was said was heard, and is on record.
                if (streamed is { IsTold: true }) return (Refused(route, streamed), problem);
                // What is not recorded says nothing of a provider.
                if (problem.Code != ProblemCode.NotFound) health.Failed(step.Provider);
                if (streamed is { HasBegun: true }) return (StepEnd.Over, await streamed.CutOffAsync(problem).ConfigureAwait(false));
                // Nothing came that the gate could judge, and so put on record.
                await record.RefusedAsync(id, caller, step.Provider, MessageDirection.ToCaller, problem).ConfigureAwait(false);
                return (StepEnd.Failed, problem);
            }
            if (answer.IsOut) health.Failed(step.Provider);
            else health.Answered(step.Provider);
            var said = ExchangeReader.Answer(prompt.Said.Model, answer.Carried);
            cost = !answer.Ok ? 0 : step.Price is { } price && said is { InputTokens: { } input } ? price.Of(input, said.OutputTokens ?? 0) : null;
            // What was recorded is in the caller's API already.
            if (!(answer.Recording is null ? outgoing.Back(answer, said, ledger.Clock.GetUtcNow()) : (answer.Carried, said)).Try(out var told, out problem))
            {
                await record.RefusedAsync(id, caller, step.Provider, MessageDirection.ToCaller, problem).ConfigureAwait(false);
                return (StepEnd.Failed, problem);
            }
            var back = form with
            {
                Route = answer.Recording is { } file ? $"{reason} from {file}" : reason, Carried = told.Carried, Said = told.Said, Cost = answer.Recording is null ? cost : 0, Check = answer.Ok ? prepared.Check : null,
            };
            var passing = await gate.PassAsync(back, line, ct).ConfigureAwait(false);
            if (streamed is not null) streamed.IsTold = true;
            if (!passing.Try(out var coming, out problem)) return (Refused(route, streamed), problem);
            if (answer.IsOut && !isLast) return (StepEnd.Failed, Out(step.Provider, answer.Status));
            if (recorder?.Keep(prompt.Api, prompt.Said.Model, going.Bytes, (answer.Status, answer.Headers), coming.Without, ct) is { Problem: { } unkept }) return (StepEnd.Over, unkept);
            await line.AnswerAsync(answer.Status, answer.Headers, answer.Carried.IsStream, coming).ConfigureAwait(false);
            return (StepEnd.Answered, null);
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

    // What is held against a schema, translated or recorded is looked at as a whole.
    private bool GoesWhileItComes(Prepared prepared, Outgoing outgoing) =>
        prepared.Prompt.Said.Stream && settings.Streams.Release != StreamRelease.Whole && prepared.Check is null && outgoing.Translation is null && recorder is null;

    // Of what its caller has begun to hear, nobody else can tell the rest.
    private static StepEnd Refused(ModelRoute route, StreamedAnswer? streamed) => route.NextOnRefusal && streamed is not { HasBegun: true } ? StepEnd.Refused : StepEnd.Over;

    private static Problem Out(string provider, int status) => new(ProblemCode.UpstreamFailed, $"the provider {provider} answered with status {status}");
}
