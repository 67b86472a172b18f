// Takes the credentials that were found in a message out of what is told of it: names, ids and reasons may repeat a part of what was said (AUD-04). Pure.
// Invariant: no secret that a detector found is told, nor its beginning, where a text was cut.
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Governance.Policies;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Gateways.Firewall.Records;

internal sealed class Scrubbing
{
    private const string Instead = "[redacted]";

    /// <summary>So much of a secret's beginning is enough to be taken for it.</summary>
    private const int PrefixChars = 8;

    private readonly IReadOnlyList<string> secrets;

    private Scrubbing(IReadOnlyList<string> secrets) => this.secrets = secrets;

    /// <summary>Null: nothing was found that must not be told.</summary>
    public static Scrubbing? Of(ScanReport? scan) => scan is null ? null : Of(scan.Secrets);

    public static Scrubbing? Of(IReadOnlyList<string> secrets) => secrets.Count > 0 ? new([.. secrets.Distinct(StringComparer.Ordinal).OrderByDescending(s => s.Length)]) : null;

    public string Text(string text)
    {
        foreach (var secret in secrets) text = Without(text, secret);
        return text;
    }

    public AuditEvent Event(AuditEvent told) => told with
    {
        Message = told.Message is { } message ? Text(message) : null,
        Gateway = told.Gateway is { } gateway ? Json(gateway) : null,
        Policy = told.Policy is { PolicyEvaluations: { } said } policy ? policy with { PolicyEvaluations = [.. said.Select(Evaluation)] } : told.Policy,
        Extensions = told.Extensions is { } more ? more with { Actor = more.Actor is { } actor ? Text(actor) : null, Data = more.Data is { } data ? Json(data) : null } : null,
    };

    private PolicyEvaluation Evaluation(PolicyEvaluation said) => said with
    {
        PolicyId = Text(said.PolicyId), Reason = said.Reason is { } why ? Text(why) : null, Evidence = said.Evidence is { } evidence ? Json(evidence) : null,
    };

    private JsonElement Json(JsonElement json) => WireJson.ToElement(Node(json));

    private JsonNode? Node(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => new JsonObject(json.EnumerateObject().DistinctBy(m => Text(m.Name), StringComparer.Ordinal).Select(m => KeyValuePair.Create(Text(m.Name), Node(m.Value)))),
        JsonValueKind.Array => new JsonArray([.. json.EnumerateArray().Select(Node)]),
        JsonValueKind.String => JsonValue.Create(Text(json.GetString()!)),
        JsonValueKind.Null => null,
        _ => JsonNode.Parse(json.GetRawText()),
    };

    private static string Without(string text, string secret)
    {
        var prefix = secret.AsSpan(0, Math.Min(PrefixChars, secret.Length));
        if (prefix.IsEmpty || text.AsSpan().IndexOf(prefix) < 0) return text;
        var rest = text.AsSpan();
        var kept = new StringBuilder(text.Length);
        while (rest.IndexOf(prefix) is >= 0 and var at)
        {
            kept.Append(rest[..at]).Append(Instead);
            rest = rest[(at + rest[at..].CommonPrefixLength(secret))..];
        }
        return kept.Append(rest).ToString();
    }
}
