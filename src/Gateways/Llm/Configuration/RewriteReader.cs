// `rewrite`: what becomes of prompts before they are judged (LLM-05). A rule that changes nothing is refused.
using CabinCrew.Gateways.Llm.Routing;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Gateways.Llm.Wire.Translation;
using CabinCrew.Governance.Files;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Configuration;

internal sealed class RewriteReader(string baseDirectory, ConditionReader conditions)
{
    private const int RulesMax = 16, RemovedMax = 50, NameCharsMax = 100, TextCharsMax = 64 << 10;

    public static readonly (string, bool IsOlder)[] Bounds = [(TranslationSettings.BoundStandard, false), (TranslationSettings.BoundOlder, true)];

    /// <summary>One rule, or a list of them.</summary>
    public IReadOnlyList<RewriteRule> Take(YamlMap of)
    {
        if (of.Take("rewrite") is YamlMap one) return [Rule(one)];
        if (of.TakeList("rewrite") is not { } list) return [];
        if (list.Items.Count is 0 or > RulesMax) of.Errors.Add(list, $"'rewrite': expected 1 to {RulesMax}, found {list.Items.Count}");
        return [.. list.Maps("a mapping with 'system', 'remove' or 'limits'").Take(RulesMax).Select(Rule)];
    }

    private RewriteRule Rule(YamlMap map)
    {
        var rewrite = new Rewrite();
        if (map.TakeMap("system") is { } system)
        {
            rewrite = rewrite with { Prepend = Text(system, "prepend"), Append = Text(system, "append") };
            system.Close();
        }
        if (map.TakeTexts("remove") is { } removed)
        {
            if (removed.Count is 0 or > RemovedMax) map.Errors.Add(map.Take("remove")!, $"'remove': expected 1 to {RemovedMax}, found {removed.Count}");
            foreach (var name in removed.Where(n => n.Length is 0 or > NameCharsMax || Rewrite.Kept.Contains(n))) map.Errors.Add(map.Take("remove")!, $"'remove': a request is nothing without '{YamlMap.Clip(name)}'");
            rewrite = rewrite with { Remove = removed };
        }
        if (map.TakeMap("limits") is { } limits)
        {
            rewrite = rewrite with
            {
                OutputTokensMax = limits.TakeInteger("max_tokens", 1, 10_000_000), TemperatureMax = limits.TakeNumber("temperature", 0, 2),
                BoundName = limits.TakeWord("bound", Bounds) == true ? TranslationSettings.BoundOlder : TranslationSettings.BoundStandard,
            };
            limits.Close();
        }
        if (rewrite is { Prepend: null, Append: null, Remove.Count: 0, OutputTokensMax: null, TemperatureMax: null } && !map.Errors.Any) map.Errors.Add(map, "it changes nothing: expected 'system', 'remove' or 'limits'");
        var when = conditions.Take(map, "when");
        map.Close();
        return new(rewrite, when);
    }

    // Text, or a file with it: { file: PATH }.
    private string? Text(YamlMap map, string key)
    {
        if (map.Take(key) is not YamlMap source) return map.TakeText(key, expected: "text, or { file: PATH }", charsMax: TextCharsMax);
        var path = source.TakeText("file", required: true, "the path of a file");
        source.Close();
        if (path is null) return null;
        if (!PlainFile.Read(Path.GetFullPath(path, baseDirectory), TextCharsMax, ProblemCode.GatewayFileInvalid).Try(out var file, out var problem)) source.Errors.Add(source, $"'{key}': {problem.Message}");
        else if (Utf8(file.Bytes) is { Length: > 0 } text) return text;
        else source.Errors.Add(source, $"'{key}': the file '{YamlMap.Clip(path)}' is empty, or no UTF-8 text");
        return null;
    }

    private static string? Utf8(byte[] bytes) => System.Text.Unicode.Utf8.IsValid(bytes) ? System.Text.Encoding.UTF8.GetString(bytes).Trim() : null;
}
