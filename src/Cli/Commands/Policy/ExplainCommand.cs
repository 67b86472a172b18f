// policy explain: why a flight's plan was judged as it was: which rule, at which line, with which values.
using System.CommandLine;
using CabinCrew.Cli.Views;
using CabinCrew.Orchestrator.Workflows.Review;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Policy;

internal static class ExplainCommand
{
    public static Command Create()
    {
        var workflow = new Argument<string>("WORKFLOW") { Description = "The workflow's id." };
        var step = new Option<string?>("--step") { Description = "Only this step.", HelpName = "STEP" };
        var held = new Flag("--held") { Description = "Also the rules that held and are no answer by themselves." };
        var command = new Command("explain", """
            Tell why a plan was judged as it was: each verdict, the rules behind it with file and line, and the values with which they held.

            The recorded plan is judged once more, on the inputs that were recorded with it (the moment, the requester's roles, the seed), by the policies that judged it: where
            their files have changed since, by their texts as they were kept. Where those cannot be had (a policy that held a secret is not kept), that is said. Nothing is written.

            Examples:
              cabincrew policy explain wf-7h3k9q2m
              cabincrew policy explain wf-7h3k9q2m --step deploy --held --json
            """) { workflow, step, held };
        command.InHouse(async (parse, screen, house, ct) =>
        {
            if (!(await ReadCommands.ReadAsync(house, parse.GetValue(workflow)!, ct).ConfigureAwait(false)).Try(out var state, out var problem)) return problem;
            if (!ReadCommands.StepsOf(state, parse.GetValue(step)).Try(out var steps, out problem)) return problem;
            if (!(await RecordedPlans.OfAsync(house.Ledger, TenantId.Local, state.Id, ct).ConfigureAwait(false)).Try(out var plans, out problem)) return problem;
            var wanted = steps.Select(s => plans.FirstOrDefault(p => p.StepId == s.Id && p.IsCurrent)).OfType<RecordedPlan>().ToList();
            if (wanted.Count == 0) return new Problem(ProblemCode.NotFound, $"no plan of {state.Id} has been judged yet") { Remedy = $"See where it stands with `cabincrew show {state.Id}`." };
            var review = new PolicyReview(house.Ledger, house.Models.Load);
            List<ExplainedPlan> explained = [];
            foreach (var plan in wanted)
            {
                if (!(await review.ExplainAsync(plan, ct).ConfigureAwait(false)).Try(out var one, out problem)) return problem.Where is null ? problem.At($"step {plan.StepId}") : problem;
                explained.Add(one);
            }
            ExplanationView.Show(screen, state, explained, parse.Has(held));
            return 0;
        });
        return command;
    }
}
