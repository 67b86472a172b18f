// The end of a doubt (ORC-05): a person has looked at what a take-off did and says so. The flight ends as FAILED and gives the workspace free.
// Nothing is run, completed or undone here; what is still missing is the business of a new plan.
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Approvals;
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using static CabinCrew.Protocol.LifecycleState;

namespace CabinCrew.Orchestrator.Workflows;

internal static class Settlement
{
    /// <summary>Why this person may not, or need not, settle; null: they may.</summary>
    public static Problem? Refuse(FlightState state, Caller caller, IdentityBook identities, DateTimeOffset now, string finding)
    {
        if (string.IsNullOrWhiteSpace(finding) || finding.Length > ApprovalDesk.ReasonCharsMax || finding.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')))
            return new Problem(ProblemCode.InvalidArgument, $"say what you found: a text of at most {ApprovalDesk.ReasonCharsMax} characters, without control characters");
        if (!caller.Human || !identities.IsHuman(caller.Name) || identities.RolesOf(caller.Name, now).All(h => h.Role != identities.DefaultRole))
            return new Problem(ProblemCode.ApprovalRoleMissing, $"'{caller.Name}' is no person with the role {identities.DefaultRole}, who settles what is in doubt");
        return Unsettled(state).Any() ? null
            : new Problem(ProblemCode.InvalidArgument, "no take-off of this flight is in doubt") { Remedy = $"See it with `cabincrew show {state.Id}`." };
    }

    public static Batch Build(FlightState state, FlightAudit audit, Caller caller, string finding)
    {
        var ends = Unsettled(state).Select(s => (Step: s, Problem: new Problem(ProblemCode.TakeOffOutcomeUnknown, $"settled by {caller.Name}: {finding}").At($"step {s.Id}"))).ToList();
        return new()
        {
            Entries =
            [
                .. ends.Select(e => FlightEntries.StepFailed(e.Step.Id, TakeoffRunning, e.Problem, null)),
                FlightEntries.Failed(ProblemRecord.From(ends[0].Problem), ends[0].Step.Id, null),
            ],
            Audit =
            [
                .. ends.SelectMany(e => (AuditEvent[])
                [
                    audit.Event(AuditEventTypes.TakeOffSettled, e.Step.Id, TakeoffRunning, $"settled by {caller.Name}: {finding}", Severity.Warning, caller.Name),
                    audit.Moved(e.Step.Id, TakeoffRunning, Failed),
                ]),
                audit.Event(AuditEventTypes.WorkflowFailed, ends[0].Step.Id, Failed, $"{ends[0].Problem.Code.Id()}: {ends[0].Problem.Message}", Severity.Error),
            ],
            Lock = LockMove.Release,
            Intent = IntentMove.Clear,
        };
    }

    // Also a change that was decided and can no longer be completed: the workspace was touched in between. While it can be, resume does it.
    private static IEnumerable<StepFlight> Unsettled(FlightState state) => state.Steps.Values.Where(s => s.State == TakeoffRunning
        && (s.InDoubt is not null || (s.TakeOff is { } record && WorkspaceCommit.Precheck(state.Definition.Workspace, [.. record.Changes.Select(c => c.ToChange())], redo: true).Problem is not null)));
}
