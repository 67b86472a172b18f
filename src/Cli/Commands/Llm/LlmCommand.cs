// `cabincrew llm`: the gateway between callers and language models, and one table of the verbs around it.
using System.CommandLine;
using CabinCrew.Cli.Commands.Mcp;
using CabinCrew.Gateways.Llm.Configuration;
using CabinCrew.Gateways.Llm.Endpoint;
using CabinCrew.Gateways.Llm.Recordings;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Server;
using CabinCrew.Telemetry;

namespace CabinCrew.Cli.Commands.Llm;

internal static class LlmCommand
{
    private static readonly Func<Command>[] Verbs = [RouteCommand.Create, UsageCommand.Create, () => TailCommand.Create(MessageSubject.LlmGateway, "who asked which model of which provider")];

    internal static Option<string?> Config() => new("--config", "-c") { Description = $"The gateway's configuration (default: {LlmFile.DefaultName} beside the store).", HelpName = "FILE" };

    public static Command Create()
    {
        var config = Config();
        var record = new Option<string?>("--record") { Description = "Keep each exchange that passed, redacted, in this directory.", HelpName = "DIR" };
        var replay = new Option<string?>("--replay") { Description = "Answer from the exchanges in this directory; no provider is asked.", HelpName = "DIR" };
        var command = new Command("llm", """
            Stand between callers and language models: every prompt and every answer is judged, recorded, and held where a person must say yes. Speaks the
            APIs of OpenAI (chat completions, responses, embeddings) and Anthropic (messages), and rerank: clients change their base URL, nothing else.

            Providers' keys live here only; callers have keys of their own. Credentials are cut out of prompts before they leave, and out of answers. A
            streamed answer is held until all of it was judged, or goes on as it is judged where `streams` says so. docs/guides/llm.md has a
            configuration to begin with.

            --record keeps what passed, redacted, one file for each exchange; --replay answers from those files and asks nobody: agents can be tested.

            Examples:
              cabincrew llm                                       the configuration cabincrew-llm.yaml
              cabincrew llm --config gateway.yaml
              cabincrew llm --record recorded                     keep each exchange that passed
              cabincrew llm --replay recorded                     the same answers again: no provider, no key, no network
              cabincrew llm route request.json                    where a request would go, and why
              cabincrew llm tail --denied                         what is decided, as it happens
              cabincrew llm usage --since 7d                      tokens and dollars, by model
            """) { config, record, replay };
        foreach (var verb in Verbs) command.Subcommands.Add(verb());
        command.Plain(async (parse, screen, ct) =>
        {
            var place = Globals.PlaceOf(parse);
            if (!LlmFile.Read(parse.GetValue(config) ?? Path.Combine(place.Root, LlmFile.DefaultName)).Try(out var definition, out var problem)) return problem;
            var (to, from) = (parse.GetValue(record), parse.GetValue(replay));
            if (to is not null && from is not null) return new Problem(ProblemCode.InvalidArgument, "--record and --replay cannot both be") { Remedy = "What is replayed is recorded already." };
            var recordings = (to ?? from) is { } directory ? new RecordingMode(to is null, Path.GetFullPath(directory)) : null;
            if (!(await Globals.OpenAsync(parse, null, ct).ConfigureAwait(false)).Try(out var house, out problem)) return problem;
            await using (house) return await RunAsync(definition, recordings, screen, house, ct).ConfigureAwait(false);
        });
        return command;
    }

    private static string Told(RecordingMode? recordings) => recordings switch
    {
        null => "",
        { Replays: true } => $"; answers come from {recordings.Directory}, no provider is asked",
        _ => $"; exchanges are recorded in {recordings.Directory}",
    };

    private static async Task<Outcome<int>> RunAsync(LlmDefinition definition, RecordingMode? recordings, Screen screen, House house, CancellationToken ct)
    {
        var surroundings = new LlmSurroundings((kind, value, stop) => SecretReader.ReadAsync(new SecretSource(kind, value, []), stop), house.Models.Load) { Recordings = recordings };
        if (!(await LlmHost.OpenAsync(definition, GatewayListener.Hosts(definition.Listen), house.Ledger, house.Identities, surroundings, ct).ConfigureAwait(false)).Try(out var host, out var problem)) return problem;
        await using (host)
        {
            if (!(await host.AbandonLeftAsync(ct).ConfigureAwait(false)).Try(out var left, out problem)) return problem;
            if (left > 0) screen.Aside($"{left} held message(s) of a gateway that died were closed; none was forwarded");
            if (!(await GatewayListener.StartAsync(definition.Listen, "/v1", definition.RequestBytesMax, host.Endpoint.Handle, ct).ConfigureAwait(false)).Try(out var listener, out problem)) return problem;
            await using (listener)
            {
                GatewayListener? metrics = null;
                if (definition.Metrics is { } at && !(await GatewayListener.StartAsync(at, LlmMetricsPage.Path, 0, new LlmMetricsPage(host.Metrics!, GatewayListener.Hosts(at)).Handle, ct).ConfigureAwait(false)).Try(out metrics, out problem)) return problem;
                await using var counted = metrics;
                using var traced = definition.Traces is { } to ? OtlpTraces.Start(TracedProvider.SourceName, to, Globals.ProgramVersion) : null;
                screen.Aside($"listening on {listener.Address}{Told(recordings)}{(metrics is null ? "" : $"; metrics at {metrics.Address}")}");
                await Task.Delay(Timeout.Infinite, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        return 0;
    }
}
