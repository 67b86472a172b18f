// mcp replay: what would have become of recorded calls, had another configuration been in force.
using System.CommandLine;
using System.Text.Json;
using CabinCrew.Cli.Views;
using CabinCrew.Gateways.Mcp.Configuration;
using CabinCrew.Gateways.Mcp.Review;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Mcp;

internal static class McpReplayCommand
{
    public static Command Create()
    {
        var choice = new TrialChoice();
        var since = Since.Option("what was judged");
        var messages = new Flag("--messages") { Description = "Every recorded message, and not only what callers asked of servers." };
        var all = new Flag("--all") { Description = "Also list what would be judged the same, and what was not kept." };
        var check = new Flag("--check") { Description = $"Exit with {(int)ProblemClass.Differs} if anything would be judged otherwise, or could not be judged." };
        var cases = new Flag("--as-cases") { Description = "Print what was kept as cases for `cabincrew mcp test`, each expecting what was decided then." };
        var command = new Command("replay", """
            Judge recorded calls again, under another configuration or other policies, and print what would change. Try a policy on what agents really did before it is in force.

            Calls are judged on what was kept of them (`record: calls` in the gateway's configuration): what was said, who said it, when. What was not kept is counted and not judged. Credentials are not
            kept: where one was taken out that is said (redacted), what was found of it then is taken over, and a policy that looks at it may decide otherwise than it would have. Files are looked at as they
            are now. Limits and people's answers are no part of it. Nothing is written.

            Examples:
              cabincrew mcp replay --policies policies/mcp
              cabincrew mcp replay --config strict.yaml --since 7d --check --json
              cabincrew mcp replay --as-cases --since 1d > calls.jsonl
            """) { since, messages, all, check, cases };
        choice.AddTo(command);
        command.InHouse(async (parse, screen, house, ct) =>
        {
            if (!Since.Of(parse.GetValue(since)).Try(out var from, out var problem)) return problem;
            if (!choice.Of(parse).Try(out var definition, out problem)) return problem;
            if (!(await RecordedMessages.ReadAsync(house.Ledger, TenantId.Local, from.At, callsOnly: !parse.Has(messages), ct).ConfigureAwait(false)).Try(out var recorded, out problem)) return problem;
            if (parse.Has(cases))
            {
                foreach (var kept in recorded.Messages)
                    if (RecordedCases.Of(kept) is { } one) screen.Raw(JsonSerializer.Serialize(one, TrialCaseJson.Default.TrialCase) + "\n");
                return 0;
            }
            if (!(await AssembledJudge.BuildAsync(definition, house.Ledger.Redactor, house.Identities.DefaultRole, house.Models.Load, house.Ledger.Clock, ct).ConfigureAwait(false)).Try(out var judge, out problem)) return problem;
            var review = new MessageReview(definition, judge, house.Ledger.Clock);
            List<RejudgedMessage> judged = [];
            foreach (var message in recorded.Messages) judged.Add(await review.JudgeAsync(message, ct).ConfigureAwait(false));
            MessageReplayView.Show(screen, recorded, judged, judge, parse.Has(all));
            return parse.Has(check) && (recorded.Unread.Count > 0 || judged.Exists(j => j.Changes || j.Now is null)) ? (int)ProblemCode.PolicyReplayDiffers.Entry().Class : 0;
        });
        return command;
    }
}
