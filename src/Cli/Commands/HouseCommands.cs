// init, schema, doctor, completion: the things around flights.
using System.CommandLine;
using System.Text.Json.Nodes;
using CabinCrew.Orchestrator.Engines.Sandbox;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Schemas;

namespace CabinCrew.Cli.Commands;

internal static class HouseCommands
{
    public static Command Init()
    {
        var command = new Command("init", """
            Write a first workflow file for the directory you stand in, and an identities file with you in it. Overwrites nothing.

            Example:
              cd my-repository && cabincrew init && cabincrew plan
            """);
        command.Plain(async (_, screen, _) =>
        {
            await Task.CompletedTask.ConfigureAwait(false);
            if (!Composition.Me(null, null).Try(out var me, out var problem)) return problem;
            if (!WorkflowInit.Plan(Directory.GetCurrentDirectory(), me.OsUser).Try(out var files, out problem)) return problem;
            if (!WorkflowInit.Write(Directory.GetCurrentDirectory(), files).Try(out var written, out problem)) return problem;
            if (screen.Json) screen.Document(new() { ["written"] = new JsonArray([.. written.Select(w => (JsonNode)w)]) });
            else
            {
                foreach (var path in written) screen.Line($"wrote {path}");
                screen.Line("Next: read cabincrew.yaml, then `cabincrew plan`.");
            }
            return 0;
        });
        return command;
    }

    public static Command Schema()
    {
        var name = new Argument<string?>("NAME") { Description = "Which schema; without it the names are listed.", Arity = ArgumentArity.ZeroOrOne };
        name.CompletionSources.Add(_ => SchemaCatalog.Names.Select(n => new System.CommandLine.Completions.CompletionItem(n)));
        var command = new Command("schema", """
            Print a JSON schema: for editors (workflow, rules, identities) and for every document that crosses a process boundary.

            Examples:
              cabincrew schema
              cabincrew schema workflow > .vscode/cabincrew.schema.json
            """) { name };
        command.Plain((parse, screen) => parse.GetValue(name) is { } wanted
            ? SchemaCatalog.Text(wanted).Map(text => { screen.Raw(text.EndsWith('\n') ? text : text + "\n"); return 0; })
            : Names(screen));
        return command;
    }

    public static Command Doctor()
    {
        var command = new Command("doctor", """
            Tell what this machine can and cannot do, found out by trying, and how to mend it. Exit code 9 where engines cannot be isolated.

            Examples:
              cabincrew doctor
              cabincrew doctor --json
            """);
        command.Plain(async (_, screen, ct) =>
        {
            var report = await Machine.ExamineAsync(ct).ConfigureAwait(false);
            if (screen.Json)
            {
                screen.Document(new()
                {
                    ["ok"] = report.Ok,
                    ["findings"] = new JsonArray([.. report.Findings.Select(f => (JsonNode)new JsonObject { ["name"] = f.Name, ["ok"] = f.Ok, ["level"] = f.Level, ["detail"] = f.Detail, ["remedy"] = f.Remedy })]),
                });
            }
            else
            {
                foreach (var finding in report.Findings) screen.Check(finding.Ok, finding.Name, finding.Detail, finding.Remedy);
                screen.Line(report.Ok ? "This machine can isolate engines."
                    : report.Findings.Any(f => f is { Name: "reduced isolation", Level: "ok" }) ? "This machine cannot isolate engines fully; flights are refused until that is mended, but for those that may fly with `--reduced-isolation`."
                    : "This machine cannot isolate engines; flights are refused until that is mended.");
            }
            return report.Ok ? 0 : ProblemCode.SandboxUnavailable.ExitCode();
        });
        return command;
    }

    private static Outcome<int> Names(Screen screen)
    {
        if (screen.Json) screen.Document(new() { ["schemas"] = new JsonArray([.. SchemaCatalog.Names.Select(n => (JsonNode)n)]) });
        else foreach (var name in SchemaCatalog.Names) screen.Line(name);
        return 0;
    }
}
