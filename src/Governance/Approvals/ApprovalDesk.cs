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
    public const int ReasonCharsMax = 4000;

    /// <summary>Verifies one answer; the result is what may be recorded. Refusals: the approval_* codes.</summary>
    public static Outcome<ApprovalResponse> Verify(
        Answer answer, ApprovalRequest request, IReadOnlyList<ApprovalResponse> earlier, Digest currentToken, Caller caller, IdentityBook book,
        DateTimeOffset now)
    {
        if (answer.ApprovalId != request.ApprovalId) return Refuse(ProblemCode.ApprovalNotFound, request, "The answer is for another request.");
        if (!answer.ShownToken.IsSet || answer.ShownToken != request.PlanTokenHash || request.PlanTokenHash != currentToken)
            return Refuse(ProblemCode.ApprovalTokenMismatch, request, "The answer was given for another plan-token than the current one.")
                .With("shown", answer.ShownToken.IsSet ? answer.ShownToken.ToString() : "none").With("current", currentToken.ToString());
        if (answer.Reason is { } reason && (reason.Length > ReasonCharsMax || reason.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t'))))
            return Refuse(ProblemCode.InvalidArgument, request, $"A reason has at most {ReasonCharsMax} characters, and no control characters.");

        var tally = Tally(request, earlier, currentToken, book, now);
        switch (tally.State)
        {
            case ApprovalState.Expired: return Refuse(ProblemCode.ApprovalExpired, request, $"The request expired at {request.Extensions.ExpiresAt:yyyy-MM-dd'T'HH:mm:ssK}.");
            case ApprovalState.Granted: return Refuse(ProblemCode.ApprovalClosed, request, "The request has all its approvals.");
            case ApprovalState.Rejected: return Refuse(ProblemCode.ApprovalClosed, request, "The request was rejected.");
        }

        if (Unfit(caller, request, book, now) is { } unfit) return unfit;
        if (earlier.Any(r => r.ApprovalId == request.ApprovalId && r.Approver == caller.Name))
            return Refuse(ProblemCode.ApprovalAlreadyAnswered, request, $"'{caller.Name}' has already answered.");
        return Choose(answer, request, earlier, currentToken, caller, book, now);
    }

    /// <summary>Counts at the moment of use: only responses bound to the current token, from people who still hold the role.
    /// One person counts once, for one role. Any rejection rejects.</summary>
    public static ApprovalTally Tally(
        ApprovalRequest request, IReadOnlyList<ApprovalResponse> responses, Digest currentToken, IdentityBook book, DateTimeOffset now)
    {
        var needs = ApprovalMatching.Needs(request);
        var mine = responses.Where(r => r.ApprovalId == request.ApprovalId).ToList();
        if (mine.FirstOrDefault(r => !r.Approved) is { } no) return new(ApprovalState.Rejected, needs, $"rejected by {no.Approver}{(no.Reason is null ? "" : $": {no.Reason}")}");
        var expires = request.Extensions.ExpiresAt;
        var counted = request.PlanTokenHash == currentToken
            ? mine.Where(r => r.Extensions.PlanTokenHash == currentToken && (expires is null || r.Timestamp < expires)).ToList()
            : [];
        var voices = counted
            .Select(r => (Principal: r.Extensions.DelegatedFrom ?? r.Approver, Roles: RolesUsable(r, request, book, now)))
            .GroupBy(v => v.Principal, StringComparer.Ordinal)
            .Select(g => (IReadOnlyCollection<string>)g.SelectMany(v => v.Roles).ToHashSet(StringComparer.Ordinal)).ToList();
        var outstanding = ApprovalMatching.Outstanding(needs, voices);
        if (outstanding.Count == 0) return new(ApprovalState.Granted, [], null);
        if (expires <= now) return new(ApprovalState.Expired, outstanding, "expired before all approvals were given");
        return new(ApprovalState.Open, outstanding, request.PlanTokenHash == currentToken ? null : "the request is bound to another plan-token");
    }

    // What a recorded approval is still good for: the person is one, is not the requester, and holds the role now, in the same name as then.
    private static IEnumerable<string> RolesUsable(ApprovalResponse response, ApprovalRequest request, IdentityBook book, DateTimeOffset now)
    {
        if (!book.IsHuman(response.Approver) || IsRequester(response.Approver, response.Extensions.DelegatedFrom, request, book)) return [];
        return book.RolesOf(response.Approver, now)
            .Where(h => h.DelegatedFrom == response.Extensions.DelegatedFrom && response.Extensions.Roles.Contains(h.Role, StringComparer.Ordinal))
            .Select(h => h.Role);
    }

    private static bool IsRequester(string approver, string? delegatedFrom, ApprovalRequest request, IdentityBook book)
    {
        var requester = request.Extensions.Requester;
        return !book.SelfApproval
            && (Same(approver, requester) || (delegatedFrom is not null && Same(delegatedFrom, requester)));
    }

    private static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    private static Problem? Unfit(Caller caller, ApprovalRequest request, IdentityBook book, DateTimeOffset now)
    {
        if (!caller.Human) return Refuse(ProblemCode.ApprovalRoleMissing, request, $"'{caller.Name}' is automation; approval is a person's.");
        // The caller was authenticated against a book; it must be this one.
        if (!book.IsHuman(caller.Name)) return Refuse(ProblemCode.ApprovalNotAuthenticated, request, $"'{caller.Name}' is no person of the identities file.");
        if (!book.SelfApproval && Same(caller.Name, request.Extensions.Requester)) return Refuse(ProblemCode.ApprovalBySelf, request, $"'{caller.Name}' requested this, and cannot answer it.");
        var needed = ApprovalMatching.Needs(request).Select(n => n.Role).ToHashSet(StringComparer.Ordinal);
        var held = book.RolesOf(caller.Name, now).Where(h => needed.Contains(h.Role)).ToList();
        if (held.Count == 0)
            return Refuse(ProblemCode.ApprovalRoleMissing, request, $"'{caller.Name}' holds none of the roles that this needs: {string.Join(", ", needed.Order(StringComparer.Ordinal))}.");
        return held.All(h => IsRequester(caller.Name, h.DelegatedFrom, request, book))
            ? Refuse(ProblemCode.ApprovalBySelf, request, $"'{caller.Name}' holds the role only in the name of '{request.Extensions.Requester}', who requested this.")
            : null;
    }

    // In whose name: one's own where that helps, else the first delegator's that does.
    private static Outcome<ApprovalResponse> Choose(
        Answer answer, ApprovalRequest request, IReadOnlyList<ApprovalResponse> earlier, Digest currentToken, Caller caller, IdentityBook book, DateTimeOffset now)
    {
        var needed = ApprovalMatching.Needs(request).Select(n => n.Role).ToHashSet(StringComparer.Ordinal);
        var open = Open(Tally(request, earlier, currentToken, book, now));
        ApprovalResponse? fallback = null;
        foreach (var name in book.RolesOf(caller.Name, now).Where(h => needed.Contains(h.Role)).GroupBy(h => h.DelegatedFrom))
        {
            if (IsRequester(caller.Name, name.Key, request, book)) continue;
            var principal = name.Key ?? caller.Name;
            if (earlier.Any(r => r.ApprovalId == request.ApprovalId && (r.Extensions.DelegatedFrom ?? r.Approver) == principal)) continue;
            var response = new ApprovalResponse
            {
                ApprovalId = request.ApprovalId,
                Approved = answer.Approved,
                Approver = caller.Name,
                Reason = string.IsNullOrWhiteSpace(answer.Reason) ? null : answer.Reason,
                Timestamp = now,
                Extensions = new(currentToken, [.. name.Select(h => h.Role).Order(StringComparer.Ordinal)], caller.AuthenticatedBy, name.Key),
            };
            if (!answer.Approved || Open(Tally(request, [.. earlier, response], currentToken, book, now)) < open) return response;
            fallback ??= response;
        }

        // Holding a role of which enough have spoken: recorded, and harmless.
        return fallback is not null ? fallback
            : Refuse(ProblemCode.ApprovalAlreadyAnswered, request, $"Whoever '{caller.Name}' could answer for has already answered.");
    }

    private static int Open(ApprovalTally tally) => tally.Outstanding.Sum(n => n.Count);

    private static Problem Refuse(ProblemCode code, ApprovalRequest request, string why) => new(code, why) { Where = $"approval {request.ApprovalId}" };
}
