// policy replay: what would have been decided, had other policies been in force.
using System.CommandLine;
using CabinCrew.Cli.Views;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Yaml;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workflows.Review;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Policy;

internal static class ReplayCommand
{
    public static Command Create()
    {
        var policies = new Option<string[]>("--policies", "-p")
        {
            Description = "Judge by this: a .rego file or a directory of them, a rules file (.yaml), a bundle (.tar.gz, git:, oci:), builtin:defaults, or a workflow file, for the policies it names. Several make one set. Default: what each flight's workflow named, as it is on disk now.",
            HelpName = "POLICY",
        };
        var then = new Flag("--as-then") { Description = "Judge each plan by the policies that judged it, as they were kept then: whatever differs was not reproducible." };
        var package = new Option<string?>("--package") { Description = $"Whose rules are the answer of Rego policies (default: {RegoPolicyOptions.DefaultPackage}).", HelpName = "NAME" };
        var since = Since.Option("plans judged");
        var all = new Flag("--all") { Description = "Also list the plans that would be judged the same." };
        var check = new Flag("--check") { Description = $"Exit with {(int)ProblemClass.Differs} if anything would be judged otherwise, or could not be judged." };
        var command = new Command("replay", """
            Judge every recorded plan again, under other policies, and print what would change. Try a policy on what really happened before it is in force.

            Each plan is judged on exactly what was recorded with it: its artifacts, who asked, when, the seed. A plan whose bytes are gone, or no longer hash to its plan-token,
            is named and not judged. Nothing is written: no state, no audit event. The result for leaked secrets is taken over, since no secret is on record.

            Examples:
              cabincrew policy replay --policies policies/
              cabincrew policy replay --policies cabincrew.yaml --since 30d --all
              cabincrew policy replay --policies dist/bundle.tar.gz --check --json
              cabincrew policy replay --as-then --check
            """) { policies, then, package, since, all, check };
        command.InHouse(async (parse, screen, house, ct) =>
        {
            if (!Since.Of(parse.GetValue(since)).Try(out var from, out var problem)) return problem;
            if (parse.GetValue(package) is { } name && !RegoPolicyOptions.IsPackage(name)) return new Problem(ProblemCode.InvalidArgument, $"'{name}' is no name of a package; write it without 'data.'");
            var asThen = parse.Has(then);
            if (asThen && parse.GetValue(policies) is { Length: > 0 }) return new Problem(ProblemCode.InvalidArgument, "--as-then and --policies are two different wishes; say one");
            var review = new PolicyReview(house.Ledger, house.Models.Load);
            PolicySet? set = null;
            if (parse.GetValue(policies) is { Length: > 0 } named && !(await PolicyChoice.LoadAsync(review, named, parse.GetValue(package), ct).ConfigureAwait(false)).Try(out set, out problem)) return problem;
            if (!(await RecordedPlans.ReadAsync(house.Ledger, TenantId.Local, from.At, ct).ConfigureAwait(false)).Try(out var recorded, out problem)) return problem;
            List<RejudgedPlan> judged = [];
            foreach (var plan in recorded.Plans) judged.Add(asThen ? await review.JudgeAsOfThenAsync(plan, ct).ConfigureAwait(false) : await review.JudgeAsync(plan, set, ct).ConfigureAwait(false));
            ReplayView.Show(screen, recorded, judged, set, parse.Has(all));
            return parse.Has(check) && (recorded.Unread.Count > 0 || judged.Exists(j => j.Changes || j.Now is null)) ? (int)ProblemCode.PolicyReplayDiffers.Entry().Class : 0;
        });
        return command;
    }
}
