// Makes the request that people answer (APR-01): bound to one plan-token, with what is needed and why. Pure.
using System.Text.Json;
using CabinCrew.Governance.Policies;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Governance.Approvals;

public static class ApprovalRequests
{
    private const int ReasonsMax = 20;

    /// <param name="approvalId">A new id.</param>
    /// <param name="expiresAfter">Null: never.</param>
    /// <param name="summary">What the plan does; null: said in numbers.</param>
    public static Outcome<ApprovalRequest> Create(
        string approvalId, PolicySubject subject, Judgement judgement, Digest planToken, DateTimeOffset now, TimeSpan? expiresAfter,
        JsonElement? engineOutput = null, IReadOnlyList<EvidenceRef>? evidence = null, string? summary = null)
    {
        if (judgement.Decision != Decision.RequireApproval || judgement.Needs.Count == 0)
            return Problem.Bug($"an approval was requested although the judgement is {judgement.Decision.Word()}");
        var reasons = judgement.Needs.SelectMany(n => n.Reasons).Distinct(StringComparer.Ordinal).ToList();
        var shown = string.Join("; ", reasons.Take(ReasonsMax));
        return new ApprovalRequest
        {
            ApprovalId = approvalId,
            WorkflowId = subject.WorkflowId.ToString(),
            StepId = subject.StepId.ToString(),
            Reason = reasons.Count > ReasonsMax ? $"{shown}; and {reasons.Count - ReasonsMax} more reasons" : shown,
            RequiredRole = judgement.Needs[0].Role,
            EngineOutput = engineOutput,
            Evidence = evidence,
            PlanTokenHash = planToken,
            Extensions = new(
                [.. judgement.Needs.Select(n => new RoleNeed(n.Role, n.Count))], subject.Requester, now, expiresAfter is { } span ? now + span : null,
                summary ?? Summary(subject),
                [.. judgement.Evaluations.Where(e => e.Decision >= Decision.Warn).Select(e => e.PolicyId).Distinct(StringComparer.Ordinal)]),
        };
    }

    /// <summary>For example: <c>3 files (1 created, 2 updated), 10 lines added, 2 deleted; effects outside the workspace</c>.</summary>
    public static string Summary(PolicySubject subject)
    {
        var words = subject.Changes.GroupBy(c => c.Change.Word, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Count()} {g.Key}d");
        var (added, deleted) = (subject.Changes.Sum(c => c.AddedLines.Count), subject.Changes.Sum(c => c.DeletedLines.Count));
        var files = subject.Changes.Count switch
        {
            0 => "no file changes",
            1 => $"1 file ({words.Single()}), {added} lines added, {deleted} deleted",
            var n => $"{n} files ({string.Join(", ", words)}), {added} lines added, {deleted} deleted",
        };
        return files + (subject.OutsideEffects ? "; effects outside the workspace" : "") + (subject.Sandboxed ? "" : "; not sandboxed");
    }
}
