// llm route: where a request would go, and why. Nothing is sent.
using System.CommandLine;
using System.Text.Json.Nodes;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Llm.Calls;
using CabinCrew.Gateways.Llm.Configuration;
using CabinCrew.Gateways.Llm.Endpoint;
using CabinCrew.Gateways.Llm.Routing;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Files;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Llm;

internal static class RouteCommand
{
    public static Command Create()
    {
        var config = LlmCommand.Config();
        var request = new Argument<string>("REQUEST") { Description = "A request's body, a JSON file." };
        var path = new Option<string?>("--path") { Description = "The API that it is sent to (default: /v1/chat/completions).", HelpName = "PATH" };
        var caller = new Option<string?>("--caller") { Description = "Who asks: a name of the file's keys or certificates, or any.", HelpName = "NAME" };
        var roles = new Option<string[]>("--role") { Description = "A role of the caller, besides those of the file (may be repeated).", HelpName = "ROLE" };
        var headers = new Option<string[]>("--header") { Description = "A header that the caller sends (may be repeated).", HelpName = "NAME=VALUE" };
        var turn = new Option<int>("--turn") { Description = "Where targets take turns: the number of the request, as the log tells it (default: 1).", DefaultValueFactory = _ => 1, HelpName = "N" };
        var explain = new Flag("--explain") { Description = "Show as well who is passed over, and why." };
        var command = new Command("route", """
            Say where a request would go, which providers stand by, and why. The same request and configuration give the same answer. Nothing is sent.

            Detectors look through the request where a condition asks for what they find; mapped secrets are not known here.

            Examples:
              cabincrew llm route request.json --explain
              cabincrew llm route request.json --caller ci --header x-purpose=summary
              cabincrew llm route request.json --path /v1/messages --json
            """) { request, config, path, caller, roles, headers, turn, explain };
        command.Plain((parse, screen) =>
        {
            var place = Globals.PlaceOf(parse);
            if (!LlmFile.Read(parse.GetValue(config) ?? Path.Combine(place.Root, LlmFile.DefaultName)).Try(out var definition, out var problem)) return problem;
            var at = parse.GetValue(path) ?? LlmApi.All[0].Path;
            if (LlmApi.At(at) is not { } api) return new Problem(ProblemCode.InvalidArgument, $"there is no API at '{Screen.Safe(at)}'{NearMatch.Hint(at, [.. LlmApi.All.Select(a => a.Path)])}") { Remedy = $"There are {string.Join(", ", LlmApi.All.Select(a => a.Path))}." };
            if (!PlainFile.Read(Path.GetFullPath(parse.GetValue(request)!), definition.RequestBytesMax, ProblemCode.InvalidArgument).Try(out var file, out problem)) return problem;
            if (!Prompt.Read(api, file.Bytes, definition.RequestBytesMax).Try(out var prompt, out problem)) return problem.At(parse.GetValue(request)!);
            if (!Sent(parse.GetValue(headers) ?? []).Try(out var sent, out problem)) return problem;
            if (!TextDetection.Of(definition.Detectors.Prompts, new Redactor()).Try(out var detection, out problem)) return problem;
            if (parse.GetValue(turn) < 1) return new Problem(ProblemCode.InvalidArgument, "--turn: expected 1 or more");
            var scan = new TextScan(detection, detection, new CommandScan(definition.Detectors.Commands), []);
            var who = Caller(definition, parse.GetValue(caller) ?? "", parse.GetValue(roles) ?? []);
            RouteRequest Known(Prompt of) => RouteRequest.Of(of, who, definition.Context) with
            {
                Header = name => sent.GetValueOrDefault(name), Findings = new(() => LlmGate.FoundBy(scan, of.Carried, of.Said, CancellationToken.None)), Turn = parse.GetValue(turn) - 1,
            };
            var router = new Router(definition.Models);
            if (!Prepared.Of(prompt, router.Find(prompt.Said.Model), definition.Rewrites, Known).Try(out var prepared, out problem)) return problem;
            var providers = definition.Providers.ToDictionary(p => p.Name, StringComparer.Ordinal);
            if (!router.Choose(prepared.Request, t => providers[t.Provider].AskedIn(api, t), _ => false).Try(out var route, out problem)) return problem;
            route = route with { Steps = [.. route.Steps.Select(s => Tried(prepared.Prompt, s))] };
            if (screen.Json) screen.Document(Document(prompt, route));
            else Show(screen, route, parse.Has(explain));
            return 0;
        });
        return command;
    }

    // What cannot be told in a provider's API is refused when its turn comes.
    private static RouteStep Tried(Prompt prompt, RouteStep step) =>
        Outgoing.Of(prompt, step).Problem is { } problem ? step with { Reason = $"{step.Reason}; refused there: {problem.Message}" } : step;

    private static void Show(Screen screen, Route route, bool isWhole)
    {
        for (var i = 0; i < route.Steps.Count; i++) screen.Line($"{i + 1}. {Screen.Safe(route.Steps[i].Provider)}  {Screen.Safe(route.Steps[i].Model)}  ({Screen.Safe(route.Steps[i].Reason)})");
        foreach (var passed in isWhole ? route.PassedOver : []) screen.Line($"-  {Screen.Safe(passed.Target.Provider)}  {Screen.Safe(passed.Model)}  (passed over: {Screen.Safe(passed.Reason)})");
    }

    private static JsonObject Document(Prompt prompt, Route route) => new()
    {
        ["model"] = prompt.Said.Model, ["route"] = route.Chosen.Name,
        ["steps"] = new JsonArray([.. route.Steps.Select(s => (JsonNode)Line(s.Target, s.Model, s.Reason))]),
        ["passed_over"] = new JsonArray([.. route.PassedOver.Select(p => (JsonNode)Line(p.Target, p.Model, p.Reason))]),
    };

    private static JsonObject Line(RouteTarget target, string model, string reason) => new JsonObject { ["provider"] = target.Provider, ["model"] = model, ["reason"] = reason };

    private static MessageCaller Caller(LlmDefinition definition, string name, IReadOnlyList<string> roles)
    {
        var known = definition.Callers.Keys.Select(k => k.Grant).Concat(definition.Callers.Certificates.Select(c => c.Grant)).FirstOrDefault(g => g.Name == name);
        return new(name, known?.Human, [.. known?.Roles ?? [], .. roles], "");
    }

    private static Outcome<Dictionary<string, string>> Sent(IReadOnlyList<string> headers)
    {
        Dictionary<string, string> sent = new(StringComparer.OrdinalIgnoreCase);
        foreach (var header in headers)
            if (header.Split('=', 2) is not [{ Length: > 0 } name, var value]) return new Problem(ProblemCode.InvalidArgument, $"--header: expected NAME=VALUE, found '{Screen.Safe(header)}'");
            else sent[name] = value;
        return sent;
    }
}
