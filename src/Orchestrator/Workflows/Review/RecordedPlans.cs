// Every plan that was ever judged, as the log has it: also those that a newer plan of the same step replaced. Reads; writes nothing.
using CabinCrew.Ledger;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Workflows.Review;

/// <param name="Flight">As it stood when the judgement was written.</param>
/// <param name="JudgedAt">When policies began to look at it, or else when the judgement was written.</param>
/// <param name="IsCurrent">False: the step has made a newer plan since.</param>
public sealed record RecordedPlan(FlightState Flight, StepId StepId, DateTimeOffset JudgedAt, bool IsCurrent)
{
    public StepFlight Step => Flight.Steps[StepId];

    public StepDefinition Definition => Flight.DefinitionOf(StepId);

    public JudgementRecord Judgement => Step.Judgement!;

    /// <summary>Null: judged before they were kept, so that who asked, and when, can only be guessed.</summary>
    public JudgementInputs? Inputs => Step.JudgedWith;
}

/// <param name="Plans">In the order of their judgement.</param>
/// <param name="Unread">Flights whose log cannot be read, and why.</param>
/// <param name="IsCut">There are more flights than the store lists at once: the oldest are not among these.</param>
public sealed record RecordedPlans(IReadOnlyList<RecordedPlan> Plans, IReadOnlyList<(WorkflowId Workflow, Problem Problem)> Unread, bool IsCut)
{
    private const int FlightsMax = 10_000;

    public static async Task<Outcome<RecordedPlans>> ReadAsync(LedgerRoom ledger, TenantId tenant, DateTimeOffset? since, CancellationToken ct)
    {
        if (!(await ledger.Store.ListAsync(tenant, new(CountMax: FlightsMax), ct).ConfigureAwait(false)).Try(out var headers, out var problem)) return problem;
        List<RecordedPlan> plans = [];
        List<(WorkflowId, Problem)> unread = [];
        foreach (var header in headers)
        {
            // A flight that nobody touched since holds no judgement since.
            if (since is { } from && header.UpdatedAt < from) continue;
            var read = await OfAsync(ledger, tenant, header.Workflow, ct).ConfigureAwait(false);
            if (read.Try(out var own, out problem)) plans.AddRange(own.Where(p => since is null || p.JudgedAt >= since));
            else unread.Add((header.Workflow, problem));
        }
        return new RecordedPlans([.. plans.OrderBy(p => p.JudgedAt).ThenBy(p => p.Flight.Id.ToString(), StringComparer.Ordinal)], unread, headers.Count == FlightsMax);
    }

    public static async Task<Outcome<IReadOnlyList<RecordedPlan>>> OfAsync(LedgerRoom ledger, TenantId tenant, WorkflowId id, CancellationToken ct)
    {
        if (!(await ledger.Store.ReadAsync(tenant, id, ct).ConfigureAwait(false)).Try(out var snapshot, out var problem)) return problem;
        return Of(id, snapshot.Entries);
    }

    private static Outcome<IReadOnlyList<RecordedPlan>> Of(WorkflowId id, IReadOnlyList<WalEntry> entries)
    {
        FlightState? state = null;
        List<RecordedPlan> plans = [];
        foreach (var entry in entries)
        {
            if (!FlightFold.Apply(id, state, entry.EntryType, entry.Data, entry.Sequence, entry.Timestamp).Try(out state, out var problem)) return problem;
            if (entry.EntryType != WalEntryTypes.Judged || !StepId.TryParse(entry.Data.GetProperty("step_id").GetString(), out var step)) continue;
            plans.Add(new(state, step, state.Steps[step].JudgedWith?.Now ?? entry.Timestamp, IsCurrent: true));
        }
        var newest = plans.Select((p, i) => (p.StepId, i)).GroupBy(p => p.StepId).ToDictionary(g => g.Key, g => g.Max(p => p.i));
        return Outcome.Of<IReadOnlyList<RecordedPlan>>([.. plans.Select((p, i) => p with { IsCurrent = newest[p.StepId] == i && state!.Steps[p.StepId].Judgement is not null })]);
    }
}
