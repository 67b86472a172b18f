// The one verifier of approvals, whatever channel an answer comes by (APR-03, APR-05, APR-06). Pure.
using CabinCrew.Governance.Access;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Governance.Approvals;

/// <summary>A person's answer as it comes in, not yet believed.</summary>
/// <param name="ShownToken">The plan-token that the person was shown.</param>
public sealed record Answer(string ApprovalId, bool Approved, Digest ShownToken, string? Reason);

public enum ApprovalState { Open, Granted, Rejected, Expired }

/// <param name="Outstanding">What is still needed.</param>
public sealed record ApprovalTally(ApprovalState State, IReadOnlyList<RoleNeed> Outstanding, string? Why);

public static partial class ApprovalDesk
{
    /// <summary>Verifies one answer; the result is what may be recorded. Refusals: the approval_* codes.</summary>
    public static Outcome<ApprovalResponse> Verify(
        Answer answer, ApprovalRequest request, IReadOnlyList<ApprovalResponse> earlier, Digest currentToken, Caller caller, IdentityBook book,
        DateTimeOffset now) => throw new NotImplementedException();

    /// <summary>Counts at the moment of use: only responses bound to the current token, from people who still hold the role.
    /// One person counts once, for one role. Any rejection rejects.</summary>
    public static ApprovalTally Tally(
        ApprovalRequest request, IReadOnlyList<ApprovalResponse> responses, Digest currentToken, IdentityBook book, DateTimeOffset now) => throw new NotImplementedException();
}
