// `models.NAME`: where a model that callers name leads, by what choice, and for which requests (LLM-04).
using CabinCrew.Gateways.Llm.Routing;
using CabinCrew.Gateways.Llm.Wire.Translation;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Configuration;

/// <param name="providers">Those that the configuration names.</param>
internal sealed class ModelReader(IReadOnlyList<string> providers, RewriteReader rewriting, ConditionReader conditions)
{
    private const int TargetsMax = 16, TiersMax = 16, WeightMax = 1000, NameCharsMax = 200;
    private const long TokensMax = 1_000_000_000;

    private static readonly (string, bool)[] NextWords = [("refuse", false), ("next", true)];

    private static readonly (string, RouteChoice)[] Choices =
        [("first", RouteChoice.First), ("weighted", RouteChoice.Weighted), ("round-robin", RouteChoice.RoundRobin), ("cheapest", RouteChoice.Cheapest)];

    public ModelRoute? Read(string name, YamlMap map)
    {
        if (name.AsSpan(0, name.Length - 1).Contains('*')) map.Errors.Add(map, $"'{YamlMap.Clip(name)}': a '*' stands at the end of a name only");
        var choice = map.TakeWord("choose", Choices) ?? RouteChoice.First;
        var (next, nextPrompt) = (map.TakeWord("on_refusal", NextWords) ?? false, map.TakeWord("on_denied_prompt", NextWords) ?? false);
        var tiers = Tiers(map);
        var (rewrites, checks) = (rewriting.Take(map), map.TakeTruth("check_answers") ?? false);
        List<RouteTarget> targets = [];
        if (map.Take("to", "the name of a provider, or a list of mappings with 'provider'", required: true) is not { } node) return null;
        if (node is YamlScalar) targets.Add(new(Known(map, map.TakeText("to")), null, 1));
        else if (map.TakeList("to") is { } list)
        {
            if (list.Items.Count is 0 or > TargetsMax) map.Errors.Add(list, $"'to': expected 1 to {TargetsMax}, found {list.Items.Count}");
            foreach (var item in list.Maps("a mapping with 'provider'").Take(TargetsMax))
            {
                var target = Target(item, tiers);
                if (choice == RouteChoice.Cheapest && target.Price is null) map.Errors.Add(item, "'price' is missing: without it nobody can tell which is the cheapest");
                if (target.ForRefusals && !next && !nextPrompt) map.Errors.Add(item, "'for: refusals': nothing would come here without `on_refusal: next` or `on_denied_prompt: next`");
                targets.Add(target);
            }
        }
        foreach (var tier in tiers.Where(t => !targets.Any(o => !o.ForRefusals && o.Tiers.Contains(t.Tier)))) map.Errors.Add(map.Take("tiers")!, $"no target has the tier '{tier.Tier}'");
        if (targets.Count > 0 && targets.All(t => t.ForRefusals)) map.Errors.Add(node, "'to': all targets are for refusals; whose?");
        return new(name, choice, targets, next) { NextOnDeniedPrompt = nextPrompt, Tiers = tiers, Rewrites = rewrites, ChecksAnswers = checks };
    }

    private RouteTarget Target(YamlMap map, IReadOnlyList<TierRule> tiers)
    {
        var provider = Known(map, map.TakeText("provider", required: true, "the name of a provider"));
        var (called, weight) = (map.TakeText("model", expected: "the model as the provider calls it", charsMax: NameCharsMax), (int)(map.TakeInteger("weight", 1, WeightMax) ?? 1));
        var target = new RouteTarget(provider, called, weight)
        {
            Price = map.TakeMap("price") is { } price ? Price(price) : null,
            ContextTokensMax = map.TakeInteger("context_tokens_max", 1, TokensMax),
            Tiers = map.TakeTexts("tier", expected: "the name of a tier, or a list of them") ?? [],
            When = conditions.Take(map, "when"),
            Translate = Translate(map),
            ForRefusals = map.TakeWord("for", [("any", false), ("refusals", true)]) ?? false,
        };
        var known = tiers.Select(t => t.Tier).ToList();
        foreach (var tier in target.Tiers.Except(known)) map.Errors.Add(map, $"no rule of 'tiers' names the tier '{YamlMap.Clip(tier)}'{NearMatch.Hint(tier, known)}");
        map.Close();
        return target;
    }

    // `true`, or how.
    private static TranslationSettings? Translate(YamlMap of)
    {
        var standard = TranslationSettings.Standard;
        if (of.Take("translate") is not YamlMap map) return of.TakeTruth("translate") == true ? standard : null;
        var read = new TranslationSettings(map.TakeInteger("output_tokens_max", 1, 10_000_000) ?? standard.OutputTokensMax, map.TakeWord("bound", RewriteReader.Bounds) == true ? TranslationSettings.BoundOlder : standard.BoundName);
        map.Close();
        return read;
    }

    private List<TierRule> Tiers(YamlMap map)
    {
        List<TierRule> rules = [];
        if (map.TakeList("tiers") is not { } list) return rules;
        if (list.Items.Count is 0 or > TiersMax) map.Errors.Add(list, $"'tiers': expected 1 to {TiersMax}, found {list.Items.Count}");
        foreach (var item in list.Maps("a mapping with 'tier'").Take(TiersMax))
        {
            if (rules is [.., { When: null }]) map.Errors.Add(item, "no request comes here: the rule before it has no 'when' and takes them all");
            var (tier, when) = (item.TakeText("tier", required: true, "the name of a tier", NameCharsMax), conditions.Take(item, "when"));
            if (tier is not null) rules.Add(new(tier, when));
            item.Close();
        }
        return rules;
    }

    private static ModelPrice? Price(YamlMap price)
    {
        var (input, output) = (price.TakeNumber("input", 0, 1_000_000, required: true), price.TakeNumber("output", 0, 1_000_000, required: true));
        var most = price.TakeInteger("output_tokens_max", 1, 10_000_000) ?? ModelPrice.OutputTokensStandard;
        price.Close();
        return input is { } i && output is { } o ? new(i, o, most) : null;
    }

    private string Known(YamlMap at, string? provider)
    {
        if (provider is not null && !providers.Contains(provider)) at.Errors.Add(at, $"there is no provider '{YamlMap.Clip(provider)}'{NearMatch.Hint(provider, providers)}");
        return provider ?? "";
    }
}
