// The four decisions and their order: allow 0, warn 1, require_approval 2, deny 3 (PRE-02).
using System.Text.Json.Serialization;

namespace CabinCrew.Protocol;

[JsonConverter(typeof(JsonStringEnumConverter<Decision>))]
public enum Decision
{
    [JsonStringEnumMemberName("allow")] Allow = 0,
    [JsonStringEnumMemberName("warn")] Warn = 1,
    [JsonStringEnumMemberName("require_approval")] RequireApproval = 2,
    [JsonStringEnumMemberName("deny")] Deny = 3,
}

[JsonConverter(typeof(JsonStringEnumConverter<AggregationMethod>))]
public enum AggregationMethod
{
    [JsonStringEnumMemberName("most_restrictive")] MostRestrictive,
    [JsonStringEnumMemberName("unanimous")] Unanimous,
    [JsonStringEnumMemberName("majority")] Majority,
    [JsonStringEnumMemberName("any_deny")] AnyDeny,
    [JsonStringEnumMemberName("all_allow")] AllAllow,
}

[JsonConverter(typeof(JsonStringEnumConverter<PolicyOrigin>))]
public enum PolicyOrigin
{
    [JsonStringEnumMemberName("opa")] Opa,
    [JsonStringEnumMemberName("onnx")] Onnx,
    [JsonStringEnumMemberName("llm_gateway")] LlmGateway,
    [JsonStringEnumMemberName("mcp_gateway")] McpGateway,
    [JsonStringEnumMemberName("custom")] Custom,
}

public static class Decisions
{
    public static string Word(this Decision decision) => decision switch
    {
        Decision.Allow => "allow",
        Decision.Warn => "warn",
        Decision.RequireApproval => "require_approval",
        Decision.Deny => "deny",
    };

    /// <summary>Null: it is none of the four words.</summary>
    public static Decision? Of(string? word) => word switch
    {
        "allow" => Decision.Allow,
        "warn" => Decision.Warn,
        "require_approval" => Decision.RequireApproval,
        "deny" => Decision.Deny,
        _ => null,
    };

    public static Decision Strictest(Decision a, Decision b) => a > b ? a : b;
}
