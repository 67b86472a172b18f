// policy init: the starter library, written out to be read, tuned and added to.
using System.CommandLine;
using System.Text.Json.Nodes;
using CabinCrew.Governance.Policies.Rego.Authoring;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Policy;

internal static class InitCommand
{
    public static Command Create()
    {
        var directory = new Argument<string>("DIRECTORY") { Description = "Where to (default: policies).", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => "policies" };
        var only = new Option<string[]>("--only") { Description = $"Only this policy and what it needs (may be repeated): {string.Join(", ", StarterPolicies.Names)}.", HelpName = "NAME" };
        only.CompletionSources.Add(_ => StarterPolicies.Names.Select(n => new System.CommandLine.Completions.CompletionItem(n)));
        var command = new Command("init", """
            Write the starter library of policies with its tests: protected paths, secrets, deletions, size, pipelines, dependencies, containers, Terraform plans,
            freeze windows, limits of agents, two persons for production. Overwrites nothing. They are tuned by data.yaml, and tell in their files what they stop.

            Examples:
              cabincrew policy init && cabincrew policy test
              cabincrew policy init ops/policies --only freeze --only production
            """) { directory, only };
        command.Plain((parse, screen, _) =>
        {
            var to = parse.GetValue(directory)!;
            if (!StarterPolicies.Write(to, parse.GetValue(only) ?? []).Try(out var written, out var problem)) return problem;
            if (screen.Json) screen.Document(new() { ["directory"] = to, ["written"] = new JsonArray([.. written.Select(w => (JsonNode)w)]) });
            else
            {
                screen.Line($"wrote {written.Count} files to {Screen.Safe(to)}");
                screen.Line($"Next: read {Screen.Safe(Path.Combine(to, "data.yaml"))}, then `cabincrew policy test {Screen.Safe(to)}`. A workflow names them: policies: [ {{ rego: {Screen.Safe(to)} }} ]");
            }
            return 0;
        });
        return command;
    }
}
