// What is asked of people when a judgement says require_approval, and the request made of it (APR-01, APR-07). Pure.
using CabinCrew.Governance.Approvals.Calls;
using CabinCrew.Governance.Policies;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Gateways.Firewall.Holds;

/// <param name="Binding">Asked again at the moment of use: what the approval would have to be for then.</param>
public sealed record HeldRequest(HeldMessage Message, Func<CancellationToken, ValueTask<Outcome<Digest>>> Binding, IReadOnlyList<RoleNeedReason> Needs, IReadOnlyList<string> Policies)
{
    private const int ReasonsMax = 20;

    public ApprovalRequest Ask(string approvalId, WorkflowId call, Digest binding, DateTimeOffset now, TimeSpan expiry)
    {
        var reasons = Needs.SelectMany(n => n.Reasons).Distinct(StringComparer.Ordinal).ToList();
        var shown = string.Join("; ", reasons.Take(ReasonsMax));
        return new()
        {
            ApprovalId = approvalId,
            WorkflowId = call.ToString(),
            StepId = HeldCallEntries.Step,
            Reason = reasons.Count > ReasonsMax ? $"{shown}; and {reasons.Count - ReasonsMax} more reasons" : shown,
            RequiredRole = Needs[0].Role,
            PlanTokenHash = binding,
            Extensions = new(
                [.. Needs.Select(n => new RoleNeed(n.Role, n.Count))], Message.Caller, now, now + expiry,
                $"{Message.Method} {Message.Name} at {Message.Server}, {Message.Bytes} bytes", Policies),
        };
    }
}
