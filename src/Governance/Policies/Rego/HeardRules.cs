// Listens to an evaluation: which rule bodies held, with which values, and what they gave. A judgement hears only the rules that answer, an explanation hears all.
using CabinCrew.Governance.Policies.Explaining;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Rego;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Values;

namespace CabinCrew.Governance.Policies.Rego;

/// <param name="Given">The value that the body gave; null where it is part of a larger one.</param>
internal sealed record HeardRule(RuleInfo Rule, IReadOnlyList<KeyValuePair<string, Value>> Locals, Value? Given)
{
    private const int LocalsMax = 20;

    public ExplainedRule Explain(CompiledPolicy policy, Redactor redactor) => new(Rule.Path, Rule.Location.File, Rule.Location.Row, policy.TextAt(Rule.Location),
        [.. Locals.Where(l => !l.Key.StartsWith('_')).Take(LocalsMax).Select(l => KeyValuePair.Create(l.Key, redactor.Redact(ValueDigest.Of(l.Value))))]);
}

internal abstract class HeardRules : IRegoObserver
{
    // What an exploding policy says is not worth the memory.
    private const int RulesMax = 20_000;

    private readonly List<HeardRule> rules = [];

    public IReadOnlyList<HeardRule> Rules => rules;

    /// <summary>The rules that gave this member of an answer, each with the values of its first time; before a rule that only passes on what it collected, the rule that gave it that.</summary>
    public IReadOnlyList<HeardRule> Behind(Value item, CompiledPolicy policy)
    {
        List<HeardRule> behind = [];
        foreach (var last in Giving(item, policy))
        {
            foreach (var (_, value) in last.Locals)
                if (value.Count > 0 || value is StringValue) behind.AddRange(Giving(value, policy).Where(h => h.Rule.Index != last.Rule.Index));
            behind.Add(last);
        }
        return [.. behind.DistinctBy(h => h.Rule.Index)];
    }

    private IEnumerable<HeardRule> Giving(Value item, CompiledPolicy policy) => rules.Where(h => h.Given is { } given && policy.Answers(h.Rule) && given.Equals(item));

    public abstract bool Hears(RuleInfo rule);

    public void RuleHeld(RuleInfo rule, IReadOnlyList<KeyValuePair<string, Value>> locals) => RuleHeld(rule, locals, null);

    public void RuleHeld(RuleInfo rule, IReadOnlyList<KeyValuePair<string, Value>> locals, Value? given)
    {
        if (rules.Count < RulesMax) rules.Add(new(rule, locals, given));
    }

    public void ExpressionTried(RegoLocation location)
    {
    }

    public void ExpressionHeld(RegoLocation location)
    {
    }

    public void Print(string message)
    {
    }

    public void Note(string message)
    {
    }
}

internal sealed class AnsweringRules(CompiledPolicy policy) : HeardRules
{
    public override bool Hears(RuleInfo rule) => policy.Answers(rule);
}

internal sealed class EveryRule : HeardRules
{
    public override bool Hears(RuleInfo rule) => true;
}
