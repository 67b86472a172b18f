// A named policy as it is stored with the flight. A policy without options is written as it always was.
using System.Text.Json;
using CabinCrew.Governance.Policies;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows;

internal static class PolicyRefJson
{
    public static void Write(Utf8JsonWriter w, PolicyRef policy)
    {
        w.WriteStartObject();
        w.WriteString("kind", policy.Kind);
        w.WriteString("value", policy.Value);
        if (policy.Detectors is { } detectors)
        {
            w.WriteStartObject("detectors");
            foreach (var (word, decision) in detectors.Decisions.OrderBy(d => d.Key, StringComparer.Ordinal)) w.WriteString(word, decision.Word());
            w.WriteEndObject();
        }
        if (policy.Bundle is { } bundle)
        {
            w.WriteStartObject("bundle");
            w.WriteBoolean("ignore_signature", bundle.IgnoreSignature);
            w.WriteBoolean("keep_last_good", bundle.KeepLastGood);
            w.WriteBoolean("network", bundle.Network);
            if (bundle.Verify is { } trust)
            {
                w.WriteStartObject("verify");
                w.WriteString("key", trust.Key);
                w.WriteString("algorithm", trust.Algorithm);
                if (trust.KeyId is not null) w.WriteString("key_id", trust.KeyId);
                w.WriteString("scope", trust.Scope);
                w.WriteStartArray("exclude");
                foreach (var pattern in trust.Exclude) w.WriteStringValue(pattern);
                w.WriteEndArray();
                w.WriteEndObject();
            }
            w.WriteEndObject();
        }
        if (policy.Rego is { } rego)
        {
            w.WriteStartObject("rego");
            w.WriteString("package", rego.Package);
            if (rego.Version is { } version) w.WriteNumber("version", version);
            if (rego.Data is { } data) w.WriteString("data", data);
            w.WriteEndObject();
        }
        if (policy.Opa is { } opa)
        {
            w.WriteStartObject("opa");
            w.WriteNumber("time_limit_ms", (long)opa.TimeLimit.TotalMilliseconds);
            if (opa.TokenKind is { } kind)
            {
                w.WriteString("token_kind", kind);
                w.WriteString("token_value", opa.TokenValue);
            }
            w.WriteEndObject();
        }
        if (policy.Model is { } model)
        {
            w.WriteStartObject("model");
            if (model.Digest is { } digest) w.WriteString("digest", digest.ToString());
            w.WriteEndObject();
        }
        w.WriteEndObject();
    }

    /// <summary>Null: it is damaged.</summary>
    public static PolicyRef? Read(JsonElement json)
    {
        try
        {
            var policy = new PolicyRef(json.GetProperty("kind").GetString()!, json.GetProperty("value").GetString()!);
            if (json.TryGetProperty("detectors", out var detectors))
                policy = policy with { Detectors = new(detectors.EnumerateObject().ToDictionary(d => d.Name, d => Decisions.Of(d.Value.GetString()) ?? throw new FormatException(), StringComparer.Ordinal)) };
            if (json.TryGetProperty("bundle", out var bundle)) policy = policy with { Bundle = ReadBundle(bundle) };
            if (json.TryGetProperty("rego", out var rego))
                policy = policy with { Rego = new(Required(rego, "package"), rego.TryGetProperty("version", out var version) ? version.GetInt32() : null, Optional(rego, "data")) };
            if (json.TryGetProperty("opa", out var opa))
                policy = policy with { Opa = new(TimeSpan.FromMilliseconds(opa.GetProperty("time_limit_ms").GetInt64()), Optional(opa, "token_kind"), Optional(opa, "token_value")) };
            if (json.TryGetProperty("model", out var model))
                policy = policy with { Model = new(Optional(model, "digest") is { } pinned ? Digest.TryParse(pinned, out var digest) ? digest : throw new FormatException() : null) };
            return policy is { Kind: not null, Value: not null } ? policy : null;
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or FormatException or OverflowException)
        {
            return null;
        }
    }

    private static BundlePolicyOptions ReadBundle(JsonElement json) => new(
        json.TryGetProperty("verify", out var trust)
            ? new BundleTrust(Required(trust, "key"), Required(trust, "algorithm"), Optional(trust, "key_id"), Required(trust, "scope"), [.. trust.GetProperty("exclude").EnumerateArray().Select(e => e.GetString() ?? throw new FormatException())])
            : null,
        json.GetProperty("ignore_signature").GetBoolean(), json.GetProperty("keep_last_good").GetBoolean(), json.GetProperty("network").GetBoolean());

    private static string Required(JsonElement json, string name) => json.GetProperty(name).GetString() ?? throw new FormatException();

    private static string? Optional(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString() : null;
}
