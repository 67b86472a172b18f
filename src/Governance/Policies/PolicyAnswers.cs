// What all sets of policies do alike, whatever they judge: ask a source within its limits, make a deny of whatever it does wrong (PRE-04), and put its word on record (PRE-03).
using System.Text.Json.Nodes;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Governance.Policies;

internal static class PolicyAnswers
{
    private const int VerdictsMax = 2000;
    private const int CountMax = 100;
    private const int MessageCharsMax = 300;

    /// <summary>Why these sources make no set; null: they do.</summary>
    public static Problem? Unfit<T>(IReadOnlyList<IPolicySource<T>> sources, TimeSpan timeLimit)
    {
        if (sources.Count == 0) return new(ProblemCode.PolicyNone, "There is no policy source, so nothing is allowed.");
        if (sources.Count > PolicySet.SourcesMax) return new(ProblemCode.PolicyInvalid, $"There are {sources.Count} policy sources; at most {PolicySet.SourcesMax} are taken.");
        if (timeLimit <= TimeSpan.Zero || timeLimit > PolicySet.TimeLimitMax)
            return new(ProblemCode.PolicyInvalid, $"The policies' time limit must be above zero and at most {PolicySet.TimeLimitMax.TotalMinutes:0} minutes.");
        var twin = sources.GroupBy(s => s.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1);
        return twin is null ? null : new(ProblemCode.PolicyInvalid, $"The policy '{twin.Key}' is named twice.") { Remedy = "Name it once." };
    }

    /// <summary>Over the sources' names and digests in order.</summary>
    public static Digest DigestOf<T>(IReadOnlyList<IPolicySource<T>> sources) =>
        Digest.Of(CanonicalJson.Write(new JsonArray([.. sources.Select(s => (JsonNode)new JsonObject { ["name"] = s.Name, ["digest"] = s.Digest.ToString() })])));

    /// <summary>Never throws but for <paramref name="ct"/>. Failed: the verdict is a deny that nobody outvotes.</summary>
    public static async Task<(IReadOnlyList<PolicyVerdict> Verdicts, bool Failed)> AskAsync<T>(
        IPolicySource<T> source, T subject, TimeSpan timeLimit, Redactor redactor, TimeProvider clock, CancellationToken ct)
    {
        var (verdicts, failed) = await WithinAsync(source.Name, async stop => await source.EvaluateAsync(subject, stop).ConfigureAwait(false), timeLimit, redactor, clock, ct).ConfigureAwait(false);
        return failed is null ? Checked(source.Name, verdicts) : (failed, true);
    }

    /// <summary>Any work that a judgement needs, under the same limits. Failed: the verdict that denies in its place. Never throws but for <paramref name="ct"/>.</summary>
    public static async Task<(R? Done, IReadOnlyList<PolicyVerdict>? Failed)> WithinAsync<R>(
        string name, Func<CancellationToken, Task<R>> work, TimeSpan timeLimit, Redactor redactor, TimeProvider clock, CancellationToken ct)
        where R : class
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            // On a thread of its own: a source that computes without ever yielding must not escape the limit.
            var asked = Task.Run(() => work(stop.Token), stop.Token);
            return (await asked.WaitAsync(timeLimit, clock, ct).ConfigureAwait(false), null);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            throw;
        }
        catch (TimeoutException)
        {
            await stop.CancelAsync().ConfigureAwait(false);
            return (null, Failed(name, ProblemCode.PolicyTimeout, $"it took longer than {timeLimit.TotalSeconds:0.###} s"));
        }
#pragma warning disable CA1031 // PRE-04: whatever a source throws is a deny, never an end of the evaluation.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return (null, Failed(name, e, redactor));
        }
    }

    /// <summary>The same for a source that only computes, and bounds that itself: asked on the spot, without a task or a timer.</summary>
    public static (IReadOnlyList<PolicyVerdict> Verdicts, bool Failed) Ask<T>(IPolicySource<T> source, T subject, Redactor redactor, CancellationToken ct)
    {
        try
        {
            var asked = source.EvaluateAsync(subject, ct);
            return asked.IsCompletedSuccessfully
                ? Checked(source.Name, asked.Result)
                : (Failed(source.Name, asked.AsTask().Exception?.InnerException ?? new InvalidOperationException("it would have to be waited for"), redactor), true);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // As above.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return (Failed(source.Name, e, redactor), true);
        }
    }

    public static PolicyEvaluation Record(PolicyOrigin origin, PolicyVerdict verdict, Redactor redactor, DateTimeOffset at) => new()
    {
        Source = origin,
        PolicyId = verdict.PolicyId,
        Decision = verdict.Decision,
        Reason = redactor.Redact(verdict.Reason),
        Evidence = verdict.Evidence is { } evidence ? redactor.Redact(evidence) : null,
        EvaluatedAt = at,
    };

    public static IReadOnlyList<string> Reasons(List<PolicyEvaluation> evaluations, Decision decision)
    {
        List<string>? reasons = null;
        foreach (var evaluation in evaluations)
            if (evaluation.Decision == decision) (reasons ??= []).Add($"{evaluation.PolicyId}: {evaluation.Reason}");
        return reasons ?? (IReadOnlyList<string>)[];
    }

    private static (IReadOnlyList<PolicyVerdict>, bool Failed) Checked(string source, IReadOnlyList<PolicyVerdict>? verdicts) =>
        Fault(verdicts) is { } fault ? (Failed(source, ProblemCode.PolicyFailed, $"it gave {fault}"), true) : (verdicts!, false);

    private static string? Fault(IReadOnlyList<PolicyVerdict>? verdicts)
    {
        if (verdicts is null or []) return "no verdict";
        if (verdicts.Count > VerdictsMax) return $"more than {VerdictsMax} verdicts";
        foreach (var verdict in verdicts)
        {
            if (verdict is null || string.IsNullOrEmpty(verdict.PolicyId) || verdict.Reason is null) return "a verdict of an unknown shape";
            if (verdict.Decision is < Decision.Allow or > Decision.Deny) return "a decision that does not exist";
            if (verdict.Count is < 1 or > CountMax || verdict.Role is "") return "a verdict with an impossible role or count";
        }
        return null;
    }

    private static IReadOnlyList<PolicyVerdict> Failed(string source, Exception e, Redactor redactor) => e is PolicyAnswerException
        ? Failed(source, ProblemCode.PolicyFailed, redactor.Redact(TextCut.Clip(e.Message, MessageCharsMax)))
        : Failed(source, ProblemCode.PolicyFailed, $"it failed with {e.GetType().Name}: {redactor.Redact(TextCut.Clip(e.Message, MessageCharsMax))}");

    private static IReadOnlyList<PolicyVerdict> Failed(string source, ProblemCode code, string why) =>
        [new(source, Decision.Deny, $"{code.Id()}: the policy '{source}' gave no usable answer, which counts as deny: {why}. {code.Entry().Remedy}")];
}
