// engine check: the conformance checks of ENG and ART on any engine, with a report that its author can act on.
using System.CommandLine;
using System.Text.Json.Nodes;
using CabinCrew.Orchestrator.Engines.Conformance;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Cli.Commands;

internal static class EngineCommands
{
    public static Command Engine() => new("engine", "For engine authors.") { Check() };

    private static Command Check()
    {
        var engine = new Argument<string>("ENGINE") { Description = "A path to an executable or to a directory with cabincrew-engine.json, or a built-in name." };
        var config = new Option<string?>("--config") { Description = "The step's config: a JSON object, or @FILE. Default: {}.", HelpName = "JSON" };
        var workspace = new Option<string?>("--workspace") { Description = "A directory to plan on (default: a small one made for the check). It is never changed.", HelpName = "DIR" };
        var command = new Command("check", """
            Run an engine through the protocol: determinism, no writes, receipt, exit codes, artifacts, take-off, behaviour on bad input.

            Examples:
              cabincrew engine check ./engines/hello.sh
              cabincrew engine check ./my-engine --config '{"greeting": "hi"}' --workspace .
            """) { engine, config, workspace };
        command.Plain(async (parse, screen, ct) =>
        {
            if (!Config(parse.GetValue(config)).Try(out var json, out var problem)) return problem;
            var checkedEngine = await EngineCheck.RunAsync(parse.GetValue(engine)!, Directory.GetCurrentDirectory(), json, parse.GetValue(workspace), ct).ConfigureAwait(false);
            if (!checkedEngine.Try(out var report, out problem)) return problem;
            if (screen.Json)
            {
                screen.Document(new()
                {
                    ["engine"] = report.Engine, ["digest"] = report.Digest.ToString(), ["ok"] = report.Ok,
                    ["findings"] = new JsonArray([.. report.Findings.Select(f => (JsonNode)new JsonObject { ["clause"] = f.Clause, ["name"] = f.Name, ["ok"] = f.Ok, ["detail"] = f.Detail })]),
                });
            }
            else
            {
                screen.Title($"{report.Engine}  {report.Digest}");
                foreach (var f in report.Findings) screen.Check(f.Ok, $"{f.Clause} {f.Name}", f.Detail, null);
                screen.Line($"\n{report.Findings.Count(f => f.Ok)} of {report.Findings.Count} checks passed.");
            }
            return report.Ok ? 0 : ProblemCode.EngineFailed.ExitCode();
        });
        return command;
    }

    private static Outcome<System.Text.Json.JsonElement> Config(string? text)
    {
        try
        {
            var bytes = text is null ? "{}"u8.ToArray() : text.StartsWith('@') ? File.ReadAllBytes(text[1..]) : System.Text.Encoding.UTF8.GetBytes(text);
            return StrictJson.Parse(bytes).Then<System.Text.Json.JsonElement>(e => e.ValueKind == System.Text.Json.JsonValueKind.Object ? e : new Problem(ProblemCode.InvalidArgument, "--config takes a JSON object"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.IoFailed, $"the config file cannot be read: {e.Message}");
        }
    }
}
