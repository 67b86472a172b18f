// APR: a request bound to one token; an answer that counts only from the right person, once, in time, for that token.
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Approvals;
using CabinCrew.Governance.Policies;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class ApprovalTests
{
    internal static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
    internal static readonly Digest Plan = Digest.Of("plan"u8), Other = Digest.Of("other"u8);

    private static Identity Person(string name, params string[] roles) => new(name, true, roles, name, null, null);

    internal static IdentityBook Book(bool self = false, DateTimeOffset? until = null, params Identity[] more) => new(
        [
            Person("rita", "maintainer", "security"), Person("mia", "maintainer"), Person("sam", "security"), Person("both", "maintainer", "security"),
            Person("deputy"), Person("outsider", "reader"), new("robot", false, ["maintainer", "security"], "robot", null, null), .. more,
        ],
        [new("sam", "deputy", ["security"], until ?? Now.AddDays(1)), new("rita", "outsider", ["maintainer"], Now.AddDays(1))], self, "maintainer");

    internal static Caller Me(IdentityBook book, string name) => book.Authenticate(new(name, 99_001, null, null)).Value;

    internal static ApprovalRequest Request(params RoleNeed[] needs) => new()
    {
        ApprovalId = "apr-1",
        WorkflowId = "wf-1",
        StepId = "headers",
        Reason = "why",
        RequiredRole = needs.Length > 0 ? needs[0].Role : "maintainer",
        PlanTokenHash = Plan,
        Extensions = new(needs, "rita", Now.AddHours(-1), Now.AddHours(1), "summary", ["defaults/x"]),
    };

    internal static Answer Yes(Digest? shown = null) => new("apr-1", true, shown ?? Plan, null);

    internal static Outcome<ApprovalResponse> Verify(
        ApprovalRequest request, string who, Answer? answer = null, IReadOnlyList<ApprovalResponse>? earlier = null, IdentityBook? book = null, DateTimeOffset? now = null, Digest? current = null) =>
        ApprovalDesk.Verify(answer ?? Yes(), request, earlier ?? [], current ?? Plan, Me(book ?? Book(), who), book ?? Book(), now ?? Now);

    private static ApprovalTally Tally(ApprovalRequest request, IReadOnlyList<ApprovalResponse> responses, IdentityBook? book = null, DateTimeOffset? now = null, Digest? current = null) =>
        ApprovalDesk.Tally(request, responses, current ?? Plan, book ?? Book(), now ?? Now);

    private static List<ApprovalResponse> Answers(ApprovalRequest request, params string[] people)
    {
        List<ApprovalResponse> responses = [];
        foreach (var person in people) responses.Add(Verify(request, person, earlier: responses).Value);
        return responses;
    }

    private static readonly RoleNeed Maintainer = new("maintainer", 1), Security = new("security", 1);

    [Fact, Clause("APR-01")]
    public void A_request_says_who_must_approve_what_why_and_until_when_and_is_bound_to_the_token()
    {
        var subject = Subjects.Of(Subjects.Create("a.cs", "x"), Subjects.Update("b.cs", "y", "z"), Subjects.Delete("c"));
        var judgement = new Judgement(Decision.RequireApproval, AggregationMethod.MostRestrictive,
            [new() { Source = PolicyOrigin.Custom, PolicyId = "defaults/default", Decision = Decision.RequireApproval, Reason = "r", EvaluatedAt = Now }],
            [new("maintainer", 1, ["ordinary"]), new("security", 2, ["pipeline", "ordinary"])], [], []);
        var request = ApprovalRequests.Create("apr-9", subject, judgement, Plan, Now, TimeSpan.FromHours(72)).Value;
        Assert.Equal(("apr-9", "wf-1", "headers", "maintainer", Plan), (request.ApprovalId, request.WorkflowId, request.StepId, request.RequiredRole, request.PlanTokenHash));
        Assert.Equal("ordinary; pipeline", request.Reason);
        Assert.Equal([Maintainer, new RoleNeed("security", 2)], request.Extensions.Needs);
        Assert.Equal(("rita", Now, Now.AddHours(72)), (request.Extensions.Requester, request.Extensions.RequestedAt, request.Extensions.ExpiresAt));
        Assert.Equal("3 files (1 created, 1 deleted, 1 updated), 3 lines added, 0 deleted", request.Extensions.Summary);
        Assert.Equal(["defaults/default"], request.Extensions.TriggeredPolicies);
        Assert.False(ApprovalRequests.Create("apr-9", subject, judgement with { Decision = Decision.Allow }, Plan, Now, null).Ok);
    }

    [Fact, Clause("APR-02")]
    public void An_accepted_answer_is_recorded_with_the_person_the_role_the_time_and_the_token()
    {
        var response = Verify(Request(Maintainer), "mia", Yes() with { Reason = "looks right" }).Value;
        Assert.Equal(("apr-1", true, "mia", "looks right", Now), (response.ApprovalId, response.Approved, response.Approver, response.Reason, response.Timestamp));
        Assert.Equal((Plan, "os_user", null), (response.Extensions.PlanTokenHash, response.Extensions.AuthenticatedBy, response.Extensions.DelegatedFrom));
        Assert.Equal(["maintainer"], response.Extensions.Roles);
        Assert.Equal(ApprovalState.Granted, Tally(Request(Maintainer), [response]).State);
    }

    [Fact, Clause("APR-03")]
    public void What_is_no_valid_answer_is_refused_each_with_its_code()
    {
        var request = Request(new RoleNeed("maintainer", 2));
        Assert.Equal(ProblemCode.ApprovalNotFound, Verify(request, "mia", Yes() with { ApprovalId = "apr-2" }).Problem!.Code);
        Assert.Equal(ProblemCode.ApprovalTokenMismatch, Verify(request, "mia", Yes(Other)).Problem!.Code);
        Assert.Equal(ProblemCode.ApprovalTokenMismatch, Verify(request, "mia", current: Other).Problem!.Code);
        Assert.Equal(ProblemCode.ApprovalTokenMismatch, Verify(request, "mia", Yes(Other), current: Other).Problem!.Code);
        Assert.Equal(ProblemCode.ApprovalTokenMismatch, Verify(request, "mia", new("apr-1", true, default, null)).Problem!.Code);
        Assert.Equal(ProblemCode.ApprovalRoleMissing, Verify(request, "sam").Problem!.Code);
        Assert.Equal(ProblemCode.ApprovalRoleMissing, Verify(request, "robot").Problem!.Code);
        Assert.Equal(ProblemCode.ApprovalBySelf, Verify(request, "rita").Problem!.Code);
        Assert.Equal(ProblemCode.ApprovalBySelf, Verify(request, "outsider").Problem!.Code);
        Assert.Equal(ProblemCode.ApprovalExpired, Verify(request, "mia", now: Now.AddHours(1)).Problem!.Code);
        var first = Verify(request, "mia").Value;
        Assert.Equal(ProblemCode.ApprovalAlreadyAnswered, Verify(request, "mia", earlier: [first]).Problem!.Code);
        Assert.Equal(ProblemCode.ApprovalClosed, Verify(request, "sam", earlier: Answers(request, "mia", "both")).Problem!.Code);
        Assert.Equal(ProblemCode.InvalidArgument, Verify(request, "mia", Yes() with { Reason = "\u001b[2J" }).Problem!.Code);
        var stranger = new Caller("stranger", ["maintainer"], true, "token");
        Assert.Equal(ProblemCode.ApprovalNotAuthenticated, ApprovalDesk.Verify(Yes(), request, [], Plan, stranger, Book(), Now).Problem!.Code);
    }

    [Fact, Clause("APR-03")]
    public void The_requester_approves_only_where_the_identities_file_allows_it()
    {
        var response = Verify(Request(Maintainer), "rita", book: Book(self: true)).Value;
        Assert.Equal(ApprovalState.Granted, Tally(Request(Maintainer), [response], Book(self: true)).State);
        Assert.Equal(ApprovalState.Open, Tally(Request(Maintainer), [response]).State);
    }

    [Fact, Clause("APR-04")]
    public void One_rejection_rejects_whatever_else_was_said()
    {
        var request = Request(new RoleNeed("maintainer", 2));
        List<ApprovalResponse> responses = [.. Answers(request, "mia")];
        responses.Add(Verify(request, "both", Yes() with { Approved = false, Reason = "no" }, responses).Value);
        Assert.Equal(ApprovalState.Rejected, Tally(request, responses).State);
        Assert.Equal("rejected by both: no", Tally(request, responses).Why);
        Assert.Equal(ProblemCode.ApprovalClosed, Verify(request, "mia", earlier: responses).Problem!.Code);
    }

    [Fact, Clause("APR-04")]
    public void A_request_expires_unless_all_approvals_came_in_time()
    {
        var request = Request(new RoleNeed("maintainer", 2));
        var one = Answers(request, "mia");
        Assert.Equal(ApprovalState.Open, Tally(request, one, now: Now.AddMinutes(59)).State);
        Assert.Equal(ApprovalState.Expired, Tally(request, one, now: Now.AddHours(1)).State);
        var late = one[0] with { Approver = "both", Timestamp = Now.AddHours(2) };
        Assert.Equal(ApprovalState.Expired, Tally(request, [.. one, late], now: Now.AddHours(3)).State);
        Assert.Equal(ApprovalState.Granted, Tally(request, Answers(request, "mia", "both"), now: Now.AddHours(3)).State);
    }

    [Fact, Clause("APR-05")]
    public void Several_people_of_several_roles_are_counted_once_each_where_they_help_most()
    {
        var request = Request(Maintainer, Security);
        Assert.Equal([Security], Tally(request, Answers(request, "mia")).Outstanding);
        Assert.Equal(ApprovalState.Granted, Tally(request, Answers(request, "mia", "both")).State);
        Assert.Equal(ApprovalState.Granted, Tally(request, Answers(request, "both", "mia")).State);
        Assert.Equal(ApprovalState.Granted, Tally(request, Answers(request, "both", "sam")).State);
        Assert.Single(Tally(request, Answers(request, "both")).Outstanding);
        var two = Request(new RoleNeed("security", 2));
        Assert.Equal([Security], Tally(two, Answers(two, "both")).Outstanding);
    }

    [Fact, Clause("APR-05")]
    public void A_deputy_answers_in_anothers_name_and_the_record_says_so()
    {
        var request = Request(new RoleNeed("security", 2));
        var deputy = Verify(request, "deputy").Value;
        Assert.Equal("sam", deputy.Extensions.DelegatedFrom);
        Assert.Equal([Security], Tally(request, [deputy]).Outstanding);
        // The same authority does not count twice, whoever uses it.
        Assert.Equal(ProblemCode.ApprovalAlreadyAnswered, Verify(request, "sam", earlier: [deputy]).Problem!.Code);
        Assert.Equal(ProblemCode.ApprovalAlreadyAnswered, Verify(request, "deputy", earlier: Answers(request, "sam")).Problem!.Code);
        Assert.Equal(ApprovalState.Granted, Tally(request, [deputy, .. Answers(request, "both")]).State);
        // When the delegation has ended, so has the approval that rested on it.
        Assert.Equal([new RoleNeed("security", 2)], Tally(request, [deputy], Book(until: Now)).Outstanding);
    }

    [Fact, Clause("APR-05")]
    public void A_role_lost_since_the_answer_no_longer_counts()
    {
        var request = Request(Maintainer);
        var book = Book(more: Person("temp", "maintainer"));
        var response = Verify(request, "temp", book: book).Value;
        Assert.Equal(ApprovalState.Granted, Tally(request, [response], book).State);
        Assert.Equal(ApprovalState.Open, Tally(request, [response], Book(more: Person("temp", "reader"))).State);
        Assert.Equal(ApprovalState.Open, Tally(request, [response]).State);
    }

    [Fact]
    public void A_request_that_names_no_need_is_not_approved_by_nobody()
    {
        Assert.Equal([Maintainer], Tally(Request(), []).Outstanding);
        Assert.Equal(ApprovalState.Open, Tally(Request(), []).State);
        Assert.Equal(ApprovalState.Open, Tally(Request(new RoleNeed("maintainer", 0)), []).State);
    }
}
