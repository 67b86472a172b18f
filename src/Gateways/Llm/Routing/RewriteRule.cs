// Which prompts are rewritten, and how (LLM-05).
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Routing;

/// <param name="When">Null: every prompt.</param>
public sealed record RewriteRule(Rewrite Rewrite, Condition? When)
{
    /// <summary>The prompt as all the rules make it that it fits as the caller sent it, one after the other, and what they changed, in words for the record.</summary>
    public static Outcome<(Prompt Prompt, string Changed)> Apply(IEnumerable<RewriteRule> rules, Prompt prompt, RouteRequest request)
    {
        List<string> changed = [];
        foreach (var rule in rules.Where(r => r.When?.Unmet(request) is null))
        {
            if (!rule.Rewrite.Apply(prompt, changed).Try(out var next, out var problem)) return problem;
            prompt = next;
        }
        return (prompt, string.Join(", ", changed));
    }
}
