// The gate of the LLM gateway: detectors, policies, decision, limits, approval, record, passage, in this order for every prompt and every answer (LLM-02, LLM-07).
// Invariant: nothing passes without a judgement of its own and a record of it; whatever fails on the way is a refusal.
using System.Text.Json;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Firewall.Holds;
using CabinCrew.Gateways.Firewall.Limits;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Calls;

public sealed record LlmGateSettings
{
    public TenantId Tenant { get; init; } = TenantId.Local;

    /// <summary>For the whole of detectors and policies on one message; later is a deny.</summary>
    public TimeSpan JudgementTimeMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many characters a person is shown who is asked to approve.</summary>
    public int ShownCharsMax { get; init; } = 4000;

    public JsonElement? Context { get; init; }
}

/// <summary>Everything that a message meets on its way.</summary>
public sealed record LlmGateParts(LedgerRoom Ledger, LlmGateSettings Settings, TextScan Scan, IMessageJudge Judge, MessageHold Hold, CallerLimits Limits, AuditQueue Audit, FrameKeeper Frames, LlmMeter Meter);

public sealed class LlmGate(LlmGateParts parts)
{
    /// <summary>What a prompt that had passed cost in the end. Null: nobody said, and what was reserved stays spent.</summary>
    public async ValueTask SettleAsync(LlmMessage prompt, LlmPassage passage, long? cost)
    {
        passage.Place?.GiveBack();
        await parts.Limits.SettleAsync(prompt.Caller, prompt.Reserves, cost ?? prompt.Reserves).ConfigureAwait(false);
    }

    /// <summary>The detectors that find something in a prompt, for routing: before it is known where the prompt goes. It passes nothing.</summary>
    public IReadOnlySet<string> FoundBy(Carried carried, Exchange said, CancellationToken ct)
    {
        try
        {
            return FoundBy(parts.Scan, carried, said, ct);
        }
#pragma warning disable CA1031 // Where nobody can say what is in it, anything may be: it goes where such prompts go, and there the gate refuses it.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            return Detectors.Names.ToHashSet(StringComparer.Ordinal);
        }
    }

    public static IReadOnlySet<string> FoundBy(TextScan scan, Carried carried, Exchange said, CancellationToken ct) =>
        scan.Run(carried, said, isPrompt: true, kept: null, new(), null, ct).Report.Findings.Where(f => f.Decision > Decision.Allow).Select(f => f.Detector).ToHashSet(StringComparer.Ordinal);

    public async ValueTask<Outcome<LlmPassage>> PassAsync(LlmMessage message, ICallerLine line, CancellationToken ct)
    {
        var became = await CrossAsync(message, line, crossing => crossing.RunAsync(ct), ct).ConfigureAwait(false);
        parts.Meter.Passed(message, became);
        return became;
    }

    /// <summary>As much of a stream as may go while the rest is still to come; <see cref="LlmPassage.Nothing"/> where nothing may for now.</summary>
    /// <param name="message">As far as it came.</param>
    public async ValueTask<Outcome<LlmPassage>> PassPartAsync(LlmMessage message, StreamHold hold, ICallerLine line, CancellationToken ct)
    {
        var became = await CrossAsync(message, line, crossing => crossing.RunPartAsync(hold, ct), ct).ConfigureAwait(false);
        // What goes on is counted once, at its end.
        if (became.Problem is not null) parts.Meter.Passed(message, became);
        return became;
    }

    /// <summary>Puts on record that a stream ended before its end. The problem, or that this could not be written.</summary>
    public async ValueTask<Problem> CutOffAsync(LlmMessage message, ICallerLine line, Problem why)
    {
        var problem = await new LlmCrossing(parts, message, line).CutOffAsync(why).ConfigureAwait(false);
        parts.Meter.Passed(message, problem);
        return problem;
    }

    private async ValueTask<Outcome<T>> CrossAsync<T>(LlmMessage message, ICallerLine line, Func<LlmCrossing, ValueTask<Outcome<T>>> cross, CancellationToken ct)
    {
        LlmCrossing? crossing = null;
        try
        {
            crossing = new(parts, message, line);
            return await cross(crossing).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            if (crossing is not null) await crossing.DropAsync().ConfigureAwait(false);
            throw;
        }
#pragma warning disable CA1031 // LLM-07: whatever goes wrong in here keeps the message from passing.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return crossing is null ? Problem.Bug($"the message could not be looked at: {e.GetType().Name}") : (await crossing.FailAsync(e).ConfigureAwait(false)).Problem!;
        }
    }
}
