// What the gateway would make of messages: the verdict, whose word it is and where that stands, what was found; for people, and as one document.
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Gateways.Mcp.Configuration;
using CabinCrew.Gateways.Mcp.Review;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Cli.Views;

/// <param name="Line">Of the file, from 1.</param>
internal sealed record TriedCase(int Line, TrialCase Case, TrialResult Result)
{
    public bool IsExpecting => Case.Expect is not null || Case.Rule is not null;

    /// <summary>What was expected and is not so; null: all is as expected.</summary>
    public string? Failure =>
        Case.Expected is { } decision && decision != Result.Decision ? $"expected {decision.Word()}, got {Result.Decision.Word()}"
        : Case.Rule is { } rule && !Spoke(rule) ? $"expected {rule} to speak, and it did not"
        : null;

    private bool Spoke(string rule) =>
        Result.Refused?.Code.Id() == rule || Result.Findings.Any(f => $"{f.Detector}/{f.Rule}" == rule) || (Result.Judgement?.Evaluations.Any(e => e.PolicyId == rule) ?? false);
}

internal static class TrialView
{
    public static void Show(Screen screen, AssembledJudge judge, IReadOnlyList<TriedCase> tried, bool verbose)
    {
        if (screen.Json)
        {
            screen.Document(new()
            {
                ["policies"] = new JsonArray([.. judge.Policies.Select(p => (JsonNode)p)]),
                ["policy_digest"] = judge.Judge.PolicyDigest.ToString(),
                ["messages"] = tried.Count,
                ["failed"] = tried.Count(t => t.Failure is not null),
                ["results"] = new JsonArray([.. tried.Select(t => (JsonNode)Document(t))]),
            });
            return;
        }
        foreach (var one in tried) Show(screen, one, verbose);
        if (tried.Any(t => t.IsExpecting)) screen.Line($"\npassed: {tried.Count(t => t.IsExpecting && t.Failure is null)}, failed: {tried.Count(t => t.Failure is not null)}, without expectation: {tried.Count(t => !t.IsExpecting)}");
    }

    private static void Show(Screen screen, TriedCase one, bool verbose)
    {
        var result = one.Result;
        screen.Line($"{screen.Paint(result.Decision)}  {Screen.Safe(What(one))}");
        if (result.Refused is { } refused) screen.Line($"    {Screen.Safe($"{refused.Code.Id()}: {refused.Message}")}");
        foreach (var said in (result.Judgement?.Evaluations ?? []).Where(e => verbose || e.Decision != Decision.Allow || result.Decision == Decision.Allow).OrderByDescending(e => e.Decision))
            screen.Line($"    {screen.Paint(said.Decision)}  {Screen.Safe($"{said.PolicyId}: {said.Reason}")}{Screen.Safe(Places(said) is { Count: > 0 } places ? $" ({string.Join(", ", places)})" : "")}");
        foreach (var found in result.Findings) screen.Line($"    found {Screen.Safe($"{found.Detector}/{found.Rule} at {(found.Place.Length == 0 ? "the message" : found.Place)}: {found.Reason}")}");
        foreach (var hidden in result.Hidden) screen.Line($"    not shown: {Screen.Safe(hidden)}");
        if (result.Redactions > 0) screen.Line($"    {result.Redactions} place(s) are cut out of what goes on");
        if (one.Failure is { } failure) screen.Test(ok: false, isTodo: false, one.Case.Name ?? $"line {one.Line}", failure);
    }

    private static string What(TriedCase one)
    {
        var about = one.Result.Subject is { } subject ? $"{subject.Kind.ToString().ToLowerInvariant()} {subject.Method}{(subject.Name is null ? "" : $" {subject.Name}")} {(subject.Direction == Governance.Policies.Messages.MessageDirection.ToServer ? "to" : "from")} {subject.Server}" : "no message that could be judged";
        return one.Case.Name is { } name ? $"{name}: {about}" : about;
    }

    private static JsonObject Document(TriedCase one) => new()
    {
        ["line"] = one.Line,
        ["name"] = one.Case.Name,
        ["decision"] = one.Result.Decision.Word(),
        ["method"] = one.Result.Subject?.Method,
        ["tool"] = one.Result.Subject?.Name,
        ["server"] = one.Result.Subject?.Server,
        ["problem"] = one.Result.Refused?.Code.Id(),
        ["message"] = one.Result.Refused?.Message,
        ["evaluations"] = new JsonArray([.. (one.Result.Judgement?.Evaluations ?? []).Select(e => (JsonNode)new JsonObject
        {
            ["policy_id"] = e.PolicyId, ["decision"] = e.Decision.Word(), ["reason"] = e.Reason, ["places"] = new JsonArray([.. Places(e).Select(p => (JsonNode)p)]),
        })]),
        ["needs"] = new JsonArray([.. (one.Result.Judgement?.Needs ?? []).Select(n => (JsonNode)new JsonObject { ["role"] = n.Role, ["count"] = n.Count })]),
        ["findings"] = new JsonArray([.. one.Result.Findings.Select(f => (JsonNode)new JsonObject { ["detector"] = f.Detector, ["rule"] = f.Rule, ["place"] = f.Place, ["decision"] = f.Decision.Word(), ["reason"] = f.Reason })]),
        ["scanned"] = new JsonArray([.. one.Result.Scanned.Select(s => (JsonNode)s)]),
        ["hidden"] = new JsonArray([.. one.Result.Hidden.Select(h => (JsonNode)h)]),
        ["redactions"] = one.Result.Redactions,
        ["expected"] = one.Case.Expect,
        ["failure"] = one.Failure,
    };

    /// <summary>File and line of the rules that spoke, as their source tells them.</summary>
    private static IReadOnlyList<string> Places(PolicyEvaluation said)
    {
        if (said.Evidence is not { ValueKind: JsonValueKind.Object } evidence) return [];
        if (evidence.TryGetProperty("rule", out var rule) && rule.ValueKind == JsonValueKind.String) return [rule.GetString()!];
        return evidence.TryGetProperty("rules", out var rules) && rules.ValueKind == JsonValueKind.Array ? [.. rules.EnumerateArray().Where(r => r.ValueKind == JsonValueKind.String).Select(r => r.GetString()!)] : [];
    }
}
