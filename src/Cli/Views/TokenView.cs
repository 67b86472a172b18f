// Everything that a plan-token binds, each with its hash, and whether the stored bytes still give it.
using System.Text.Json.Nodes;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Cli.Views;

/// <param name="Actual">Recomputed from the stored bytes.</param>
/// <param name="Canonical">The object whose canonical form is hashed.</param>
internal sealed record TokenExplanation(StepFlight Flight, Digest Actual, JsonObject Canonical, bool SignatureValid)
{
    public bool Matches => Actual == Flight.Token!.Token;
}

internal static class TokenView
{
    public static void Explain(Screen screen, FlightState state, IReadOnlyList<TokenExplanation> tokens)
    {
        if (screen.Json)
        {
            screen.Document(new()
            {
                ["workflow_id"] = state.Id.ToString(),
                ["tokens"] = new JsonArray([.. tokens.Select(t => (JsonNode)new JsonObject
                {
                    ["step_id"] = t.Flight.Id.ToString(),
                    ["token"] = t.Flight.Token!.Token.ToString(),
                    ["recomputed"] = t.Actual.ToString(),
                    ["matches"] = t.Matches,
                    ["signature_valid"] = t.SignatureValid,
                    ["canonical"] = t.Canonical.DeepClone(),
                    ["document"] = FlightDocument.Element(t.Flight.Token, ProtocolJson.Default.PlanToken),
                })]),
            });
            return;
        }
        foreach (var t in tokens) Explain(screen, state, t);
    }

    private static void Explain(Screen screen, FlightState state, TokenExplanation t)
    {
        var (plan, token) = (t.Flight.Plan!, t.Flight.Token!);
        screen.Title($"step {t.Flight.Id}: {token.Token}");
        screen.Field("format", $"version {token.Version}: SHA-256 of the canonical JSON (RFC 8785) of what follows");
        screen.Field("workflow", $"{state.Id}, step {t.Flight.Id}");
        screen.Field("engine", $"{plan.EngineId}  {plan.EngineDigest}");
        screen.Field("model", token.Model);
        screen.Field("protocol", token.ProtocolVersion);
        screen.Field("config", plan.ConfigHash.ToString());
        screen.Field("context", plan.ContextHash.ToString());
        screen.Field("definition", plan.DefinitionHash.ToString());
        screen.Field("workspace", plan.WorkspaceHash.ToString());
        screen.Field("policies", plan.PolicyDigest.ToString());
        screen.Field("governance", plan.GovernanceHash.ToString());
        if (plan.Network is { } network) screen.Field("network", network.Log.ToString());
        foreach (var a in plan.Artifacts.OrderBy(a => a.Name, StringComparer.Ordinal))
        {
            screen.Field("artifact", $"{a.Name} ({a.Role.Word()}, {Screen.Safe(a.Type)}, {Screen.Safe(a.Action)})");
            screen.Line($"               metadata {a.Document}");
            if (a.Body is { } body) screen.Line($"               body     {body}, {a.Size} bytes");
        }
        screen.Check(t.Matches, "recomputed", t.Matches ? "the stored bytes give this very token" : $"the stored bytes give {t.Actual}", null);
        screen.Check(t.SignatureValid, "signature", t.SignatureValid ? $"valid, key {token.Extensions!.SignatureKeyRef}" : "not valid for this store's key", null);
    }
}
