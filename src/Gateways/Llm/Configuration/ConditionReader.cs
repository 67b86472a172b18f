// `when`: what a target or a tier asks of a request. Facts with their values; a word that is not known is refused, and so is a condition that asks for nothing.
using CabinCrew.Gateways.Llm.Routing;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Configuration;

/// <param name="looking">The detectors that look at prompts.</param>
internal sealed class ConditionReader(IReadOnlyList<string> looking)
{
    private const int NamesMax = 16, CharsMax = 200;
    private const long TokensMax = 1_000_000_000;

    /// <summary>Null: it does not stand there.</summary>
    public Condition? Take(YamlMap of, string key)
    {
        if (of.TakeMap(key) is not { } map) return null;
        if (map.Entries.Count == 0) map.Errors.Add(map, $"'{key}': it asks for nothing; leave it out");
        var condition = new Condition
        {
            Apis = Known(map, "api", [.. LlmApi.All.Select(a => a.Method).Distinct()]),
            Callers = map.TakeTexts("caller") ?? [],
            Roles = map.TakeTexts("role") ?? [],
            Findings = Looking(map),
            Headers = Named(map, "header", IsHeader, "a header's name that begins with x- and carries no key"),
            Metadata = Named(map, "metadata", IsName, "a name without / and ~"),
            Context = Named(map, "context", IsName, "a name without / and ~"),
            Tools = map.TakeTruth("tools"),
            Images = map.TakeTruth("images"),
            Stream = map.TakeTruth("stream"),
            PromptTokensMin = map.TakeInteger("prompt_tokens_min", 1, TokensMax),
            PromptTokensMax = map.TakeInteger("prompt_tokens_max", 1, TokensMax),
            AnswerTokensMin = map.TakeInteger("answer_tokens_min", 1, TokensMax),
            AnswerTokensMax = map.TakeInteger("answer_tokens_max", 1, TokensMax),
        };
        map.Close();
        return condition;
    }

    // One that does not look finds nothing, and what was to go elsewhere would not.
    private IReadOnlyList<string> Looking(YamlMap map)
    {
        var said = Known(map, "findings", Detectors.Names);
        foreach (var name in said.Intersect(Detectors.Names).Except(looking)) map.Errors.Add(map.Take("findings")!, $"'findings': the detector '{name}' does not look at prompts; write `detectors: {{ {name}: {{ requests: warn }} }}`");
        return said;
    }

    private static IReadOnlyList<string> Known(YamlMap map, string key, IReadOnlyList<string> known)
    {
        var said = map.TakeTexts(key) ?? [];
        foreach (var word in said.Except(known)) map.Errors.Add(map.Take(key)!, $"'{key}': expected one of {string.Join(", ", known)}, found '{YamlMap.Clip(word)}'{NearMatch.Hint(word, known)}");
        return said;
    }

    private static List<NamedValues> Named(YamlMap of, string key, Func<string, bool> isName, string expected)
    {
        List<NamedValues> named = [];
        if (of.TakeMap(key) is not { } map) return named;
        if (map.Entries.Count is 0 or > NamesMax) map.Errors.Add(map, $"'{key}': expected 1 to {NamesMax}, found {map.Entries.Count}");
        foreach (var (name, value) in map.Entries.Take(NamesMax))
            if (name.Text.Length is 0 or > CharsMax || !isName(name.Text)) map.Errors.Add(name, $"'{key}': expected {expected}, found '{YamlMap.Clip(name.Text)}'");
            else named.Add(new(name.Text, value is YamlScalar { Type: YamlType.Integer or YamlType.Truth } scalar ? Plainly(map, scalar, name.Text) : map.TakeTexts(name.Text) ?? []));
        map.Close();
        return named;
    }

    private static IReadOnlyList<string> Plainly(YamlMap map, YamlScalar scalar, string name)
    {
        map.Know(name);
        return [scalar.Type == YamlType.Truth ? scalar.Text.ToLowerInvariant() : scalar.Text];
    }

    // What a key stands in is nobody's to compare with a file.
    private static bool IsHeader(string name) => name.StartsWith("x-", StringComparison.OrdinalIgnoreCase) && !name.Equals("x-api-key", StringComparison.OrdinalIgnoreCase)
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    private static bool IsName(string name) => !name.AsSpan().ContainsAny('/', '~');
}
