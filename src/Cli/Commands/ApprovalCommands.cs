// approvals, approve, reject: people answer for a plan that they were shown, and for no other (APR-03).
using System.CommandLine;
using CabinCrew.Cli.Views;
using CabinCrew.Governance.Approvals;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workflows.Stages;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands;

internal static class ApprovalCommands
{
    private const int TokenPrefixMin = 12;

    public static Command List()
    {
        var command = new Command("approvals", """
            List the open requests for approval: what is asked, of whom, and for which plan-token.

            Example:
              cabincrew approvals --json
            """);
        command.InHouse(async (_, screen, house, ct) =>
        {
            if (!(await house.Flights.ApprovalsAsync(ct).ConfigureAwait(false)).Try(out var pending, out var problem)) return problem;
            ApprovalView.List(screen, pending);
            return 0;
        }, nothing: screen =>
        {
            ApprovalView.List(screen, []);
            return 0;
        });
        return command;
    }

    public static Command Approve() => Answering("approve", approved: true, """
        Approve a plan. On a terminal the plan is shown and you are asked; elsewhere say which plan-token you reviewed.

        Examples:
          cabincrew approve apr-4m2p8x1c
          cabincrew approve apr-4m2p8x1c --token 9f86d081884c --reason "reviewed with Kim"
        """);

    public static Command Reject() => Answering("reject", approved: false, """
        Reject a plan; the flight fails, with your reason in its record.

        Example:
          cabincrew reject apr-4m2p8x1c --reason "touches the payment code"
        """);

    private static Command Answering(string name, bool approved, string description)
    {
        var id = new Argument<string>("APPROVAL") { Description = "The approval's id, or a workflow's id when it has one open request." };
        var token = new Option<string?>("--token") { Description = $"The plan-token that you reviewed, as `show` prints it; its first {TokenPrefixMin} digits are enough.", HelpName = "SHA256" };
        var reason = new Option<string?>("--reason") { Description = "Why; it goes into the record.", HelpName = "TEXT" };
        var command = new Command(name, description) { id, token, reason };
        command.InHouse(async (parse, screen, house, ct) =>
        {
            var found = await house.Flights.FindApprovalAsync(parse.GetValue(id)!, ct).ConfigureAwait(false);
            if (!found.Try(out var pending, out var problem))
                // Let the desk refuse it, so that the attempt is on record.
                return (await house.Flights.AnswerAsync(new(parse.GetValue(id)!, approved, Digest.Of([]), null), house.Caller, ct).ConfigureAwait(false)).Problem ?? problem;
            if (!(await ShownAsync(screen, house, pending, parse.GetValue(token), approved, ct).ConfigureAwait(false)).Try(out var shown, out problem)) return problem;
            var answered = await house.Flights.AnswerAsync(new(pending.Request.ApprovalId, approved, shown, parse.GetValue(reason)), house.Caller, ct).ConfigureAwait(false);
            if (!answered.Try(out var response, out problem)) return problem;
            ApprovalView.Answered(screen, pending, response);
            return 0;
        });
        return command;
    }

    /// <summary>The token that this person answers for: the one named, or the one shown right here and confirmed.</summary>
    private static async Task<Outcome<Digest>> ShownAsync(Screen screen, House house, PendingApproval pending, string? named, bool approved, CancellationToken ct)
    {
        var current = pending.Step.Token!.Token;
        if (named is not null)
        {
            if (Digest.TryParse(named, out var whole)) return whole;
            var hex = named.StartsWith(Digest.Prefix, StringComparison.Ordinal) ? named[Digest.Prefix.Length..] : named;
            if (hex.Length < TokenPrefixMin || !hex.All(char.IsAsciiHexDigitLower))
                return new Problem(ProblemCode.InvalidArgument, $"--token takes at least {TokenPrefixMin} hex digits of the plan-token");
            // A prefix that is not the current token's is an answer for another plan: let it be refused as that.
            return current.Hex.StartsWith(hex, StringComparison.Ordinal) ? current : Digest.Of(System.Text.Encoding.UTF8.GetBytes(hex));
        }
        if (!approved) return current;
        if (!screen.Interactive)
            return new Problem(ProblemCode.InvalidArgument, "say which plan you reviewed: --token is needed where there is no terminal")
                { Remedy = $"cabincrew show {pending.Flight.Id}; cabincrew approve {pending.Request.ApprovalId} --token {current.Hex[..TokenPrefixMin]}" };

        var loaded = await FrozenPlans.LoadAsync(house.Ledger, TenantId.Local, pending.Flight, pending.Step.Id, ct).ConfigureAwait(false);
        if (!loaded.Try(out var bytes, out var problem)) return problem;
        if (bytes.VerifyToken() is { } mismatch) return mismatch;
        var hidden = FlightView.Show(screen, pending.Flight, [pending.Step], new Dictionary<StepId, FrozenBytes> { [pending.Step.Id] = bytes });
        if (hidden.Words is { } words) screen.Note($"{words}; look at them with: cabincrew show {pending.Flight.Id} --json");
        return screen.Ask($"Approve this plan as {house.Caller.Name}?")
            ? current
            : new Problem(ProblemCode.Cancelled, "not approved; the request stays open");
    }
}
