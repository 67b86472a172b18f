// The receipt (ENG-04): deterministic, so that the same flight-plan gives the same receipt.
using System.Text;
using System.Text.Json.Nodes;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.EngineSdk;

internal static class Receipts
{
    private const int ErrorCharsMax = 16_000;

    public static byte[] Bytes(string engineId, EngineMode mode, EngineSession? session, Problem? problem)
    {
        var artifacts = session is FlightPlan plan ? plan.Written : [];
        return WireJson.Canonical(new EngineOutput
        {
            ProtocolVersion = ProtocolWords.ProtocolVersion,
            EngineId = engineId,
            Mode = mode,
            ReceiptId = Id(engineId, mode, session, artifacts, problem),
            Status = problem is null ? EngineOutput.Success : EngineOutput.Failure,
            Error = problem is null ? null : Bounded(problem.Where is null ? problem.Message : $"{problem.Where}: {problem.Message}"),
            Warnings = session?.Warnings is { Count: > 0 } warnings ? warnings : null,
            Artifacts = artifacts,
            Metrics = session?.Metrics is { Count: > 0 } metrics ? metrics : null,
            PlanToken = mode == EngineMode.TakeOff ? session?.Input.ExpectedPlanToken : null,
        }, ProtocolJson.Default.EngineOutput);
    }

    /// <summary>A digest of what the run was about and what came of it: no clock, no randomness.</summary>
    private static string Id(string engineId, EngineMode mode, EngineSession? session, IReadOnlyList<EngineArtifact> artifacts, Problem? problem)
    {
        var node = new JsonObject
        {
            ["engine_id"] = engineId,
            ["mode"] = mode.Word(),
            ["workflow_id"] = session?.Input.Meta.WorkflowId,
            ["step_id"] = session?.Input.Meta.StepId,
            ["plan_token"] = session?.Input.ExpectedPlanToken,
            ["problem"] = problem is null ? null : Bounded(problem.Message),
            ["artifacts"] = new JsonArray([.. artifacts.Select(a => (JsonNode)$"{a.Name} {a.Hash}")]),
        };
        return "rcpt-" + Digest.Of(CanonicalJson.Write(node)).Hex[..32];
    }

    private static string Bounded(string text)
    {
        // Lone surrogates (a cut in the middle of a pair, a strange file name) are no JSON.
        var bytes = Encoding.UTF8.GetBytes(text.Length <= ErrorCharsMax ? text : text[..ErrorCharsMax] + " …");
        return Encoding.UTF8.GetString(bytes);
    }
}
