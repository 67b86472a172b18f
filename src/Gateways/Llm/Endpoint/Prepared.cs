// A request before it is routed: rewritten as the configuration says (LLM-05), with what routing knows of it, and what its answer will be held against.
using CabinCrew.Gateways.Llm.Calls;
using CabinCrew.Gateways.Llm.Routing;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Endpoint;

/// <param name="Sent">By the caller.</param>
/// <param name="Prompt">What is made of it, in the same API; the very one where nothing changed.</param>
/// <param name="Check">Null: its answer is held against nothing.</param>
public sealed record Prepared(Prompt Sent, Prompt Prompt, RouteRequest Request, AnswerCheck? Check)
{
    /// <param name="route">Null: there is no such model, as routing will say.</param>
    /// <param name="always">Rules for every prompt, before those of its model.</param>
    /// <param name="known">What routing knows of a prompt.</param>
    public static Outcome<Prepared> Of(Prompt sent, ModelRoute? route, IReadOnlyList<RewriteRule> always, Func<Prompt, RouteRequest> known)
    {
        var request = known(sent);
        if (!RewriteRule.Apply([.. always, .. route?.Rewrites ?? []], sent, request).Try(out var rewritten, out var problem)) return problem;
        var (prompt, changed) = rewritten;
        if (changed.Length > 0) request = known(prompt) with { Rewritten = changed };
        if (route is not { ChecksAnswers: true }) return new Prepared(sent, prompt, request, null);
        return AnswerCheck.Of(prompt).Map(check => new Prepared(sent, prompt, request, check.AsksNothing ? null : check));
    }
}
