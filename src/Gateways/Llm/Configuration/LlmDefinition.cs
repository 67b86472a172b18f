// What an LLM gateway's configuration says, checked and with every default filled in (docs/reference/llm-gateway.md). Secrets are named here, never held.
using System.Text.Json;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Firewall.Configuration;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Llm.Routing;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Gateways.Llm.Wire.Translation;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Configuration;

public sealed record LlmDefinition
{
    /// <summary>Absolute.</summary>
    public required string File { get; init; }
    /// <summary>What relative paths are relative to.</summary>
    public required string BaseDirectory { get; init; }
    public required IReadOnlyList<ProviderDefinition> Providers { get; init; }
    /// <summary>In the file's order.</summary>
    public required IReadOnlyList<ModelRoute> Models { get; init; }
    public IReadOnlyList<PolicyRef> Policies { get; init; } = [new("builtin", DefaultRules)];
    public AggregationMethod Aggregation { get; init; } = AggregationMethod.MostRestrictive;
    public TimeSpan PolicyTimeLimit { get; init; } = TimeSpan.FromSeconds(5);
    public int RequestBytesMax { get; init; } = 16 << 20;
    public int ResponseBytesMax { get; init; } = 16 << 20;
    /// <summary>How long a provider may take for one answer, the last event of a stream included.</summary>
    public TimeSpan AnswerWithin { get; init; } = TimeSpan.FromMinutes(10);
    public LlmDetectors Detectors { get; init; } = LlmDetectors.Standard;
    /// <summary>Of every prompt, before those of its model.</summary>
    public IReadOnlyList<RewriteRule> Rewrites { get; init; } = [];
    /// <summary>What was cut out of a prompt is put back into its answer, for the caller who sent it.</summary>
    public bool Restore { get; init; }
    public StreamDefinition Streams { get; init; } = StreamDefinition.Standard;
    public HoldRules Holds { get; init; } = new();
    public KeepSettings Record { get; init; } = new();
    public AuditDurability Audit { get; init; } = AuditDurability.Batched;
    public CallersDefinition Callers { get; init; } = new();
    public LimitRules Limits { get; init; } = LimitRules.Default;
    public required ListenDefinition Listen { get; init; }
    /// <summary>Where it tells what it counts. Null: nowhere.</summary>
    public ListenDefinition? Metrics { get; init; }
    /// <summary>Where spans are sent, with the path. Null: nowhere.</summary>
    public Uri? Traces { get; init; }
    /// <summary>What policies see as the context: an object.</summary>
    public JsonElement? Context { get; init; }

    public const string DefaultRules = "llm-defaults";
}

/// <param name="Url">Without the path of an API.</param>
/// <param name="Key">Null: it asks for none.</param>
/// <param name="PrivateAddress">The URL may lead to a private address.</param>
public sealed record ProviderDefinition(string Name, Uri Url, ApiFamily Family, ValueDefinition? Key, bool PrivateAddress)
{
    public bool Speaks(ApiFamily family) => family == Family || (family == ApiFamily.Rerank && Family == ApiFamily.OpenAi);

    /// <summary>The API in which a target of this provider is asked what was asked in another; null: in none.</summary>
    public LlmApi? AskedIn(LlmApi asked, RouteTarget target) => Speaks(asked.Family) ? asked : target.Translate is null ? null : Translation.Between(asked, Family)?.To;
}

/// <summary>By the detectors' names, each as if a server had written the text: what is found may be cut out on both ways.</summary>
public sealed record LlmDetectors(IReadOnlyDictionary<string, DetectorSettings> Prompts, IReadOnlyDictionary<string, DetectorSettings> Answers, CommandSettings Commands)
{
    /// <summary>The others find nothing in a prompt, whatever it says.</summary>
    public IReadOnlyList<string> LookingAtPrompts => [.. Prompts.Where(p => p.Value.FromServer != Decision.Allow || p.Value.RedactFromServer).Select(p => p.Key)];

    public static readonly LlmDetectors Standard = Of(new Dictionary<string, DetectorSettings>(), new Dictionary<string, DetectorSettings>(), CommandSettings.Standard);

    /// <summary>What is not said: credentials never leave (LLM-03), the rest is as for the MCP gateway.</summary>
    public static LlmDetectors Of(IReadOnlyDictionary<string, DetectorSettings> prompts, IReadOnlyDictionary<string, DetectorSettings> answers, CommandSettings commands)
    {
        Dictionary<string, DetectorSettings> going = new(StringComparer.Ordinal), coming = new(StringComparer.Ordinal);
        foreach (var name in Governance.Detection.Detectors.Names)
        {
            var standard = Governance.Detection.Detectors.StandardOf(name);
            var isSecret = name is Governance.Detection.Detectors.Secrets or Governance.Detection.Detectors.Mapped;
            going[name] = prompts.GetValueOrDefault(name) ?? (isSecret ? Cut(standard) : Only(standard, standard.FromCaller));
            coming[name] = answers.GetValueOrDefault(name) ?? (isSecret ? Cut(standard) : standard);
        }
        return new(going, coming, commands);
    }

    private static DetectorSettings Cut(DetectorSettings standard) => standard with { FromCaller = Decision.Allow, FromServer = Decision.Warn, RedactFromServer = true };

    private static DetectorSettings Only(DetectorSettings standard, Decision decision) => standard with { FromCaller = Decision.Allow, FromServer = decision, RedactFromServer = false };
}
