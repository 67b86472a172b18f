// approvals, approve, reject: people answer for a plan or a held call that they were shown, and for no other (APR-03, APR-07).
using System.CommandLine;
using CabinCrew.Cli.Views;
using CabinCrew.Governance.Approvals.Calls;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workflows.Stages;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Cli.Commands;

internal static class ApprovalCommands
{
    private const int TokenPrefixMin = 12;

    public static Command List()
    {
        var command = new Command("approvals", """
            List the open requests for approval: what is asked, of whom, and for which plan-token; for a call that a gateway holds, for which binding.

            Example:
              cabincrew approvals --json
            """);
        command.InHouse(async (_, screen, house, ct) =>
        {
            if (!(await house.Flights.ApprovalsAsync(ct).ConfigureAwait(false)).Try(out var pending, out var problem)) return problem;
            if (!(await house.Calls.ListAsync(ct).ConfigureAwait(false)).Try(out var calls, out problem)) return problem;
            ApprovalView.List(screen, pending, calls);
            return 0;
        }, nothing: screen =>
        {
            ApprovalView.List(screen, [], []);
            return 0;
        });
        return command;
    }

    public static Command Approve() => Answering("approve", approved: true, """
        Approve a plan, or a call that a gateway holds. On a terminal it is shown and you are asked; elsewhere say which plan-token (of a call: which binding) you reviewed.

        Examples:
          cabincrew approve apr-4m2p8x1c
          cabincrew approve apr-4m2p8x1c --token 9f86d081884c --reason "reviewed with Kim"
        """);

    public static Command Reject() => Answering("reject", approved: false, """
        Reject a plan or a held call; the flight fails, or the caller hears no, with your reason in the record.

        Example:
          cabincrew reject apr-4m2p8x1c --reason "touches the payment code"
        """);

    private static Command Answering(string name, bool approved, string description)
    {
        var id = new Argument<string>("APPROVAL") { Description = "The approval's id, or a held call's, or a workflow's id when it has one open request." };
        var token = new Option<string?>("--token") { Description = $"The plan-token or binding that you reviewed, as `show` prints it; its first {TokenPrefixMin} digits are enough.", HelpName = "SHA256" };
        var reason = new Option<string?>("--reason") { Description = "Why; it goes into the record.", HelpName = "TEXT" };
        var command = new Command(name, description) { id, token, reason };
        command.InHouse(async (parse, screen, house, ct) =>
        {
            var given = new Given(parse.GetValue(id)!, approved, parse.GetValue(token), parse.GetValue(reason));
            if ((await house.Flights.FindApprovalAsync(given.Id, ct).ConfigureAwait(false)).Try(out var pending, out var problem)) return await AnswerFlightAsync(screen, house, pending, given, ct).ConfigureAwait(false);
            if (problem.Code == ProblemCode.ApprovalNotFound && (await house.Calls.FindAsync(given.Id, ct).ConfigureAwait(false)).Try(out var call, out _)) return await AnswerCallAsync(screen, house, call, given, ct).ConfigureAwait(false);
            // Let the desk refuse it, so that the attempt is on record.
            return (await house.Flights.AnswerAsync(new(given.Id, approved, Digest.Of([]), null), house.Caller, ct).ConfigureAwait(false)).Problem ?? problem;
        });
        return command;
    }

    /// <summary>What was typed.</summary>
    private sealed record Given(string Id, bool Approved, string? Token, string? Reason);

    /// <summary>What is to be answered: a plan or a held call.</summary>
    /// <param name="Current">The plan-token or the binding.</param>
    /// <param name="Look">The command that shows it.</param>
    private sealed record Question(string What, ApprovalRequest Request, Digest Current, string Look, Func<Task<Outcome<Done>>> Show);

    private static async Task<Outcome<int>> AnswerFlightAsync(Screen screen, House house, PendingApproval pending, Given given, CancellationToken ct)
    {
        var question = new Question("plan", pending.Request, pending.Step.Token!.Token, $"cabincrew show {pending.Flight.Id}", () => ShowAsync(screen, house, pending, ct));
        if (!(await ShownAsync(screen, house, question, given).ConfigureAwait(false)).Try(out var token, out var problem)) return problem;
        var answered = await house.Flights.AnswerAsync(new(pending.Request.ApprovalId, given.Approved, token, given.Reason), house.Caller, ct).ConfigureAwait(false);
        if (!answered.Try(out var response, out problem)) return problem;
        ApprovalView.Answered(screen, pending, response);
        return 0;
    }

    private static async Task<Outcome<int>> AnswerCallAsync(Screen screen, House house, PendingCall pending, Given given, CancellationToken ct)
    {
        var request = pending.Call.Request;
        var question = new Question("call", request, request.PlanTokenHash, $"cabincrew show {pending.Call.Id}", () =>
        {
            HeldCallView.Show(screen, pending.Call);
            return Task.FromResult(Done.Ok);
        });
        if (!(await ShownAsync(screen, house, question, given).ConfigureAwait(false)).Try(out var binding, out var problem)) return problem;
        var answered = await house.Calls.AnswerAsync(new(request.ApprovalId, given.Approved, binding, given.Reason), house.Caller, HeldCalls.CommandLine, ct).ConfigureAwait(false);
        if (!answered.Try(out var response, out problem)) return problem;
        HeldCallView.Answered(screen, pending.Call, response);
        return 0;
    }

    /// <summary>What this person answers for: the digest named, or the one shown right here and confirmed.</summary>
    private static async Task<Outcome<Digest>> ShownAsync(Screen screen, House house, Question question, Given given)
    {
        var current = question.Current;
        if (given.Token is { } named)
        {
            if (Digest.TryParse(named, out var whole)) return whole;
            var hex = named.StartsWith(Digest.Prefix, StringComparison.Ordinal) ? named[Digest.Prefix.Length..] : named;
            if (hex.Length < TokenPrefixMin || !hex.All(char.IsAsciiHexDigitLower))
                return new Problem(ProblemCode.InvalidArgument, $"--token takes at least {TokenPrefixMin} hex digits of the plan-token");
            // A prefix that is not the current token's is an answer for another plan: let it be refused as that.
            return current.Hex.StartsWith(hex, StringComparison.Ordinal) ? current : Digest.Of(System.Text.Encoding.UTF8.GetBytes(hex));
        }
        if (!given.Approved) return current;
        if (!screen.Interactive)
            return new Problem(ProblemCode.InvalidArgument, $"say which {question.What} you reviewed: --token is needed where there is no terminal")
                { Remedy = $"{question.Look}; cabincrew approve {question.Request.ApprovalId} --token {current.Hex[..TokenPrefixMin]}" };
        if (!(await question.Show().ConfigureAwait(false)).Try(out _, out var problem)) return problem;
        return screen.Ask($"Approve this {question.What} as {house.Caller.Name}?")
            ? current
            : new Problem(ProblemCode.Cancelled, "not approved; the request stays open");
    }

    private static async Task<Outcome<Done>> ShowAsync(Screen screen, House house, PendingApproval pending, CancellationToken ct)
    {
        var loaded = await FrozenPlans.LoadAsync(house.Ledger, TenantId.Local, pending.Flight, pending.Step.Id, ct).ConfigureAwait(false);
        if (!loaded.Try(out var bytes, out var problem)) return problem;
        if (bytes.VerifyToken() is { } mismatch) return mismatch;
        var hidden = FlightView.Show(screen, pending.Flight, [pending.Step], new Dictionary<StepId, FrozenBytes> { [pending.Step.Id] = bytes });
        if (hidden.Words is { } words) screen.Note($"{words}; look at them with: cabincrew show {pending.Flight.Id} --json");
        return Done.Ok;
    }
}
