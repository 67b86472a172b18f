// The top level of an LLM gateway's configuration: providers, models, and what every gateway has.
using CabinCrew.Gateways.Firewall.Configuration;
using CabinCrew.Gateways.Llm.Routing;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Rego;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Configuration;

internal sealed class LlmReader(YamlMap root, string file)
{
    private const int ProvidersMax = 64, ModelsMax = 1000, TargetsMax = 16, WeightMax = 1000, NameCharsMax = 200;
    private static readonly TimeSpan AnswerMax = TimeSpan.FromHours(1);
    private static readonly (string, ApiFamily)[] Families = [("openai", ApiFamily.OpenAi), ("anthropic", ApiFamily.Anthropic), ("rerank", ApiFamily.Rerank)];

    private readonly string baseDirectory = Path.GetDirectoryName(file)!;

    /// <summary>Not to be used when there are errors.</summary>
    public LlmDefinition? Read()
    {
        root.TakeInteger("version", LlmFile.Version, LlmFile.Version, required: true);
        if (root.Errors.Any) return null;
        var common = new FirewallReader(root, baseDirectory);
        var providers = Named("providers", ProvidersMax, "a mapping with 'url' and 'api'", Provider);
        var models = Named("models", ModelsMax, "a mapping with 'to'", (name, map) => Model(name, map, providers));
        var listen = root.TakeMap("listen", required: true) is { } l ? new ListenReader(l, baseDirectory).Read() : null;
        var read = new LlmDefinition { File = file, BaseDirectory = baseDirectory, Providers = providers, Models = models, Listen = listen! };
        read = read with
        {
            Policies = common.Policies(new(LlmDefinition.DefaultRules, PolicyDocument.Prompt.Package, null) { Messages = true }) ?? read.Policies,
            Aggregation = root.TakeWord("aggregation", Aggregation.Methods) ?? read.Aggregation,
            PolicyTimeLimit = common.PolicyTimeLimit() ?? read.PolicyTimeLimit,
            RequestBytesMax = common.Size("request_size_max") ?? read.RequestBytesMax,
            ResponseBytesMax = common.Size("response_size_max") ?? read.ResponseBytesMax,
            AnswerWithin = Quantities.TakeDuration(root, "answer_within", AnswerMax) ?? read.AnswerWithin,
            Detectors = root.TakeMap("detectors") is { } detectors ? DetectorsReader.ReadBothWays(detectors) is var (prompts, answers, commands) ? LlmDetectors.Of(prompts, answers, commands) : read.Detectors : read.Detectors,
            Restore = root.TakeTruth("restore") ?? read.Restore,
            Streams = root.TakeMap("streams") is { } streams ? Released(streams) : read.Streams,
            Holds = common.Holds(clientsAsk: false),
            Record = common.Record(),
            Audit = common.Audit() ?? read.Audit,
            Callers = new CallersReader(root, baseDirectory, "models", [.. models.Select(m => m.Name)]).Read(),
            Limits = root.TakeMap("limits") is { } limits ? CallersReader.Limits(limits, havePrices: true) : read.Limits,
            Context = common.Context(),
        };
        root.Close();
        if (read.Callers.None && !root.Errors.Any) root.Errors.Add(root, "'callers': nobody could call, since it names no keys, issuers or certificates");
        return read;
    }

    private static StreamDefinition Released(YamlMap map)
    {
        var release = map.TakeWord("release", [("whole", StreamRelease.Whole), ("sentence", StreamRelease.Sentence), ("window", StreamRelease.Window)], required: true);
        var window = map.TakeInteger("window", 0, StreamDefinition.WindowMax);
        if (window is not null && release is not (null or StreamRelease.Window)) map.Errors.Add(map, "'window': only with 'release: window'");
        map.Close();
        return new(release ?? StreamRelease.Whole, (int)(window ?? StreamDefinition.WindowStandard));
    }

    private List<T> Named<T>(string key, int most, string expected, Func<string, YamlMap, T?> read) where T : class
    {
        List<T> found = [];
        if (root.TakeMap(key, required: true) is not { } map) return found;
        map.Know([.. map.Entries.Select(e => e.Key.Text)]);
        if (map.Entries.Count == 0 || map.Entries.Count > most) map.Errors.Add(map, $"'{key}': expected 1 to {most}, found {map.Entries.Count}");
        foreach (var entry in map.Entries.Take(most))
        {
            var name = entry.Key.Text;
            if (name.Length is 0 or > NameCharsMax || name.AsSpan().ContainsAnyExceptInRange('!', '~')) map.Errors.Add(entry.Key, $"'{key}': a name has 1 to {NameCharsMax} printable characters without blanks, found '{YamlMap.Clip(name)}'");
            else if (entry.Value is not YamlMap described) map.Errors.Add(entry.Value, $"'{name}': expected {expected}, found {entry.Value.Is}");
            else
            {
                if (read(name, described) is { } one) found.Add(one);
                described.Close();
            }
        }
        return found;
    }

    private ProviderDefinition? Provider(string name, YamlMap map)
    {
        var written = map.TakeText("url", required: true, "the address of a provider, without the path of an API");
        var family = map.TakeWord("api", Families, required: true);
        var key = map.Take("key") is { } node ? ValueReader.Read("key", node, baseDirectory) : null;
        var isPrivate = map.TakeTruth("private") ?? false;
        if (key is { IsSecret: false }) map.Errors.Add(map.Take("key")!, "'key': expected a source ({ env: NAME } or { file: PATH }); a key does not stand in this file");
        if (written is null || family is null) return null;
        if (!Uri.TryCreate(written, UriKind.Absolute, out var url) || !(url.Scheme == "https" || (url.Scheme == "http" && (isPrivate || url.IsLoopback))) || url.Query.Length > 0 || url.UserInfo.Length > 0 || url.Fragment.Length > 0)
        {
            map.Errors.Add(map.Take("url")!, "'url': expected an https URL without user, query and fragment (http on this machine, or with private: true)");
            return null;
        }
        // Clients and people write the /v1 with it or without it.
        var path = url.AbsolutePath.TrimEnd('/');
        if (path.EndsWith("/v1", StringComparison.Ordinal)) path = path[..^3];
        return new(name, new Uri(url.GetLeftPart(UriPartial.Authority) + path + "/"), family.Value, key, isPrivate || url.IsLoopback);
    }

    private static ModelRoute? Model(string name, YamlMap map, List<ProviderDefinition> providers)
    {
        if (name.AsSpan(0, name.Length - 1).Contains('*')) map.Errors.Add(map, $"'{YamlMap.Clip(name)}': a '*' stands at the end of a name only");
        var choice = map.TakeWord("choose", [("first", RouteChoice.First), ("weighted", RouteChoice.Weighted)]) ?? RouteChoice.First;
        var next = map.TakeWord("on_refusal", [("refuse", false), ("next", true)]) ?? false;
        List<RouteTarget> targets = [];
        if (map.Take("to", "the name of a provider, or a list of mappings with 'provider'", required: true) is not { } node) return null;
        if (node is YamlScalar) targets.Add(new(Known(map, map.TakeText("to")), null, 1));
        else if (map.TakeList("to") is { } list)
        {
            if (list.Items.Count is 0 or > TargetsMax) map.Errors.Add(list, $"'to': expected 1 to {TargetsMax}, found {list.Items.Count}");
            foreach (var item in list.Maps("a mapping with 'provider'").Take(TargetsMax))
            {
                var provider = Known(item, item.TakeText("provider", required: true, "the name of a provider"));
                var (called, weight) = (item.TakeText("model", expected: "the model as the provider calls it", charsMax: NameCharsMax), (int)(item.TakeInteger("weight", 1, WeightMax) ?? 1));
                targets.Add(new(provider, called, weight) { Price = item.TakeMap("price") is { } price ? Price(price) : null });
                item.Close();
            }
        }
        return new(name, choice, targets, next);

        static ModelPrice? Price(YamlMap price)
        {
            var (input, output) = (price.TakeNumber("input", 0, 1_000_000, required: true), price.TakeNumber("output", 0, 1_000_000, required: true));
            var most = price.TakeInteger("output_tokens_max", 1, 10_000_000) ?? ModelPrice.OutputTokensStandard;
            price.Close();
            return input is { } i && output is { } o ? new(i, o, most) : null;
        }

        string Known(YamlMap at, string? provider)
        {
            var names = providers.Select(p => p.Name).ToList();
            if (provider is not null && !names.Contains(provider)) at.Errors.Add(at, $"there is no provider '{YamlMap.Clip(provider)}'{NearMatch.Hint(provider, names)}");
            return provider ?? "";
        }
    }
}
