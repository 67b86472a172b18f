// What a step said to its declared network, for people and for machines. What engines and servers chose to say is shown safely.
using System.Text.Json.Nodes;
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workflows.Stages;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Views;

internal static class NetworkView
{
    private const int ShownMax = 12;

    public static void Show(Screen screen, StepFlight step, NetworkLog? planned)
    {
        if (step.Plan?.Network is { } plan)
        {
            screen.Field("network", $"flight-plan: {Summary(plan)}");
            foreach (var e in (planned?.Exchanges ?? []).OrderByDescending(e => e.Problem is not null).Take(ShownMax)) screen.Line($"    {Line(e)}");
            if (plan.Exchanges > ShownMax) screen.Line($"    and {plan.Exchanges - ShownMax} more (--network has them)");
        }
        if (step.TakeOff?.Network is { } takeOff) screen.Field("network", $"take-off: {Summary(takeOff)}");
    }

    /// <summary>Every exchange of every step's runs.</summary>
    public static void Whole(Screen screen, FlightState state, IReadOnlyList<StepFlight> steps, IReadOnlyDictionary<StepId, FrozenBytes> plans)
    {
        var logs = steps.Where(s => plans.ContainsKey(s.Id)).Select(s => (Step: s.Id, Plan: plans[s.Id].Network, TakeOff: plans[s.Id].TakeOffNetwork)).ToList();
        if (screen.Json)
        {
            screen.Document(new()
            {
                ["workflow_id"] = state.Id.ToString(),
                ["steps"] = new JsonArray([.. logs.Select(l => (JsonNode)new JsonObject { ["step_id"] = l.Step.ToString(), ["flight_plan"] = Node(l.Plan), ["take_off"] = Node(l.TakeOff) })]),
            });
            return;
        }
        foreach (var (step, plan, takeOff) in logs)
        {
            if (plan is not null) Whole(screen, $"step {step}: flight-plan", plan);
            if (takeOff is not null) Whole(screen, $"step {step}: take-off", takeOff);
        }
        if (logs.TrueForAll(l => l.Plan is null && l.TakeOff is null)) screen.Line("No step of this workflow used a declared network.");
    }

    private static JsonNode? Node(NetworkLog? log) => log is null ? null : JsonNode.Parse(log.ToJson());

    private static void Whole(Screen screen, string title, NetworkLog log)
    {
        screen.Title(title);
        foreach (var e in log.Exchanges) screen.Line($"  {Line(e)}");
        if (log.Exchanges.Length == 0) screen.Line("  (nothing)");
        if (log.Unrecorded > 0) screen.Line($"  and {log.Unrecorded} refused beyond the limit of what is recorded");
    }

    public static JsonObject? Document(StepFlight step) => step.Plan?.Network is null && step.TakeOff?.Network is null ? null : new()
    {
        ["flight_plan"] = Document(step.Plan?.Network), ["take_off"] = Document(step.TakeOff?.Network),
    };

    private static JsonObject? Document(NetworkRecord? r) => r is null ? null : new()
    {
        ["declared"] = new JsonArray([.. r.Declared.Select(d => (JsonNode)d)]), ["record"] = r.Log.ToString(), ["exchanges"] = r.Exchanges, ["refused"] = r.Refused,
        ["sent_bytes"] = r.SentBytes, ["received_bytes"] = r.ReceivedBytes,
    };

    private static string Summary(NetworkRecord r) =>
        $"{r.Exchanges} request(s), {r.Refused} refused, {r.SentBytes} bytes sent, {r.ReceivedBytes} received; declared: {Screen.Safe(string.Join(", ", r.Declared))}";

    private static string Line(NetworkExchange e) =>
        $"{Screen.Safe(e.Method)} {Screen.Safe(e.Url)}  {(e.Problem is { } problem ? $"{problem}: {Screen.Safe(e.Message ?? "")}" : $"{e.Status}, {e.ResponseBytes} bytes")}";
}
