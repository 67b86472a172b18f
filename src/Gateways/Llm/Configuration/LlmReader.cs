// The top level of an LLM gateway's configuration: providers, models, and what every gateway has.
using CabinCrew.Gateways.Firewall.Configuration;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Rego;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Configuration;

internal sealed class LlmReader(YamlMap root, string file)
{
    private const int ProvidersMax = 64, ModelsMax = 1000, NameCharsMax = 200;
    private static readonly TimeSpan AnswerMax = TimeSpan.FromHours(1);
    private static readonly (string, ApiFamily)[] Families = [("openai", ApiFamily.OpenAi), ("anthropic", ApiFamily.Anthropic), ("rerank", ApiFamily.Rerank)];

    private readonly string baseDirectory = Path.GetDirectoryName(file)!;

    /// <summary>Not to be used when there are errors.</summary>
    public LlmDefinition? Read()
    {
        root.TakeInteger("version", LlmFile.Version, LlmFile.Version, required: true);
        if (root.Errors.Any) return null;
        var common = new FirewallReader(root, baseDirectory);
        var detectors = root.TakeMap("detectors") is { } said && DetectorsReader.ReadBothWays(said) is var (prompts, answers, commands) ? LlmDetectors.Of(prompts, answers, commands) : LlmDetectors.Standard;
        var conditions = new ConditionReader(detectors.LookingAtPrompts);
        var rewriting = new RewriteReader(baseDirectory, conditions);
        var providers = Named("providers", ProvidersMax, "a mapping with 'url' and 'api'", Provider);
        var models = Named("models", ModelsMax, "a mapping with 'to'", new ModelReader([.. providers.Select(p => p.Name)], rewriting, conditions).Read);
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
            Detectors = detectors,
            Rewrites = rewriting.Take(root),
            Restore = root.TakeTruth("restore") ?? read.Restore,
            Streams = root.TakeMap("streams") is { } streams ? Released(streams) : read.Streams,
            Holds = common.Holds(clientsAsk: false),
            Record = common.Record(),
            Audit = common.Audit() ?? read.Audit,
            Callers = new CallersReader(root, baseDirectory, "models", [.. models.Select(m => m.Name)]).Read(),
            Limits = root.TakeMap("limits") is { } limits ? CallersReader.Limits(limits, havePrices: true) : read.Limits,
            Metrics = root.TakeMap("metrics") is { } metrics ? new ListenReader(metrics, baseDirectory, callers: false).Read() : null,
            Traces = root.TakeMap("traces") is { } traces ? Traces(traces) : null,
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

    private static Uri? Traces(YamlMap map)
    {
        var written = map.TakeText("otlp", required: true, "the address of a collector, such as http://127.0.0.1:4318/v1/traces");
        map.Close();
        if (written is null || (Uri.TryCreate(written, UriKind.Absolute, out var url) && (url.Scheme == "https" || (url.Scheme == "http" && url.IsLoopback)) && url.UserInfo.Length == 0)) return written is null ? null : new(written);
        map.Errors.Add(map.Take("otlp")!, "'otlp': expected an https URL without a user, with its path (http on this machine)");
        return null;
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
}
