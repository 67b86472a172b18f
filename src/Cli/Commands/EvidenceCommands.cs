// audit verify|show|export and token explain: evidence that an outsider can check.
using System.CommandLine;
using System.Text.Json.Nodes;
using CabinCrew.Cli.Views;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workflows.Stages;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands;

internal static class EvidenceCommands
{
    public static Command Token()
    {
        var workflow = new Argument<string>("WORKFLOW") { Description = "The workflow's id." };
        var step = new Option<string?>("--step") { Description = "The step (default: every step that has a token).", HelpName = "STEP" };
        var explain = new Command("explain", """
            Show everything that a plan-token binds, each with its hash, and recompute it from the stored bytes.

            Examples:
              cabincrew token explain wf-7h3k9q2m
              cabincrew token explain wf-7h3k9q2m --json | jq -cSj '.tokens[0].canonical' | sha256sum
            """) { workflow, step };
        explain.InHouse(async (parse, screen, house, ct) =>
        {
            if (!(await ReadCommands.ReadAsync(house, parse.GetValue(workflow)!, ct).ConfigureAwait(false)).Try(out var state, out var problem)) return problem;
            if (!ReadCommands.StepsOf(state, parse.GetValue(step)).Try(out var steps, out problem)) return problem;
            var explained = new List<TokenExplanation>();
            foreach (var flight in steps.Where(s => s.Token is not null))
            {
                var loaded = await FrozenPlans.LoadAsync(house.Ledger, TenantId.Local, state, flight.Id, ct).ConfigureAwait(false);
                if (!loaded.Try(out var bytes, out problem)) return problem;
                if (!bytes.Recompute().Try(out var actual, out problem)) return problem;
                explained.Add(new(flight, actual, PlanTokens.CanonicalForm(flight.Plan!.TokenInputs(state.Id, flight.Id)),
                    TokenSigning.Verify(flight.Token!, house.Ledger.Signer.PublicKeyPem)));
            }
            if (explained.Count == 0) return new Problem(ProblemCode.NotFound, $"workflow {state.Id} has no plan-token yet");
            TokenView.Explain(screen, state, explained);
            return explained.TrueForAll(e => e.Matches) ? 0 : ProblemCode.TokenMismatch.ExitCode();
        });
        return new Command("token", "Explain plan-tokens.") { explain };
    }
}
