// llm route: where a request would go, and why. Nothing is sent.
using System.CommandLine;
using System.Text.Json.Nodes;
using CabinCrew.Gateways.Llm.Configuration;
using CabinCrew.Gateways.Llm.Routing;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Governance.Files;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Llm;

internal static class RouteCommand
{
    public static Command Create()
    {
        var config = LlmCommand.Config();
        var request = new Argument<string>("REQUEST") { Description = "A request's body, a JSON file." };
        var path = new Option<string?>("--path") { Description = "The API that it is sent to (default: /v1/chat/completions).", HelpName = "PATH" };
        var command = new Command("route", """
            Say where a request would go, which providers stand by, and why. The same request and configuration give the same answer. Nothing is sent.

            Examples:
              cabincrew llm route request.json
              cabincrew llm route request.json --path /v1/messages --json
            """) { request, config, path };
        command.Plain((parse, screen) =>
        {
            var place = Globals.PlaceOf(parse);
            if (!LlmFile.Read(parse.GetValue(config) ?? Path.Combine(place.Root, LlmFile.DefaultName)).Try(out var definition, out var problem)) return problem;
            var at = parse.GetValue(path) ?? LlmApi.All[0].Path;
            if (LlmApi.At(at) is not { } api) return new Problem(ProblemCode.InvalidArgument, $"there is no API at '{Screen.Safe(at)}'{NearMatch.Hint(at, [.. LlmApi.All.Select(a => a.Path)])}") { Remedy = $"There are {string.Join(", ", LlmApi.All.Select(a => a.Path))}." };
            if (!PlainFile.Read(Path.GetFullPath(parse.GetValue(request)!), definition.RequestBytesMax, ProblemCode.InvalidArgument).Try(out var file, out problem)) return problem;
            if (!Prompt.Read(api, file.Bytes, definition.RequestBytesMax).Try(out var prompt, out problem)) return problem.At(parse.GetValue(request)!);
            var speaks = definition.Providers.ToDictionary(p => p.Name, p => p.Speaks(api.Family), StringComparer.Ordinal);
            if (!new Router(definition.Models).Choose(prompt.Said.Model, Digest.Of(file.Bytes), p => speaks[p], _ => false).Try(out var route, out problem)) return problem;
            if (screen.Json)
                screen.Document(new()
                {
                    ["model"] = prompt.Said.Model, ["route"] = route.Chosen.Name,
                    ["steps"] = new JsonArray([.. route.Steps.Select(s => (JsonNode)new JsonObject { ["provider"] = s.Provider, ["model"] = s.Model, ["reason"] = s.Reason })]),
                });
            else
                for (var i = 0; i < route.Steps.Count; i++) screen.Line($"{i + 1}. {Screen.Safe(route.Steps[i].Provider)}  {Screen.Safe(route.Steps[i].Model)}  ({Screen.Safe(route.Steps[i].Reason)})");
            return 0;
        });
        return command;
    }
}
