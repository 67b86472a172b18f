// mcp tail, llm tail: what the gateways of a kind decide, as it happens, read from the log that they write.
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Cli.Commands.Mcp;

internal static class TailCommand
{
    private const int PageSize = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    /// <param name="gateway">As records and the command line call it.</param>
    /// <param name="told">What there is to see.</param>
    public static Command Create(string gateway, string told)
    {
        var last = new Option<int>("--last", "-n") { Description = "Begin with so many earlier events (default: 10).", DefaultValueFactory = _ => 10, HelpName = "N" };
        var follow = new Flag("--no-follow") { Description = "Print them and end." };
        var denied = new Flag("--denied") { Description = "Only what did not go on." };
        var command = new Command("tail", $"""
            Watch what the gateways decide: {told}, and what became of it. One line each; with --json one document a line.

            Examples:
              cabincrew {gateway} tail
              cabincrew {gateway} tail --denied --last 100 --no-follow
            """) { last, follow, denied };
        command.InHouse(async (parse, screen, house, ct) =>
        {
            // The end of the log is found by its head, the beginning by how many are wanted.
            var wanted = Math.Clamp(parse.GetValue(last), 0, 100_000);
            List<string> earlier = [];
            var from = 1L;
            var live = false;
            while (!ct.IsCancellationRequested)
            {
                if (!(await house.Ledger.Store.ReadAuditAsync(TenantId.Local, from, PageSize, ct).ConfigureAwait(false)).Try(out var page, out var problem)) return problem;
                foreach (var row in page.Rows)
                {
                    if (Line(gateway, row.Json, parse.Has(denied), screen.Json) is not { } line) continue;
                    if (live) Print(screen, line);
                    else earlier.Add(line);
                }
                if (page.Rows.Count > 0) from = page.Rows[^1].Sequence + 1;
                if (page.Rows.Count == PageSize) continue;
                if (!live)
                {
                    foreach (var line in earlier.TakeLast(wanted)) Print(screen, line);
                    earlier.Clear();
                    live = true;
                    if (parse.Has(follow)) return 0;
                }
                await Task.Delay(Pause, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            return 0;
        });
        return command;
    }

    private static void Print(Screen screen, string line)
    {
        if (screen.Json) screen.Raw(line + "\n");
        else screen.Line(line);
    }

    private static string? Line(string kind, string json, bool deniedOnly, bool asJson)
    {
        // Most events of a log are of flights; a look at the text spares the parsing.
        if (!json.Contains("\"gateway\":", StringComparison.Ordinal)) return null;
        using var document = JsonDocument.Parse(json);
        var e = document.RootElement;
        if (!e.TryGetProperty("gateway", out var gateway) || gateway.ValueKind != JsonValueKind.Object || Text(gateway, "gateway_type") != kind) return null;
        var decision = Text(gateway, "policy_decision") ?? "-";
        var refused = Text(e, "extensions", "problem");
        if (deniedOnly && refused is null && decision != Decision.Deny.Word()) return null;
        if (asJson) return json;
        var at = DateTimeOffset.TryParse(Text(e, "timestamp"), CultureInfo.InvariantCulture, out var when) ? when.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture) : "-";
        return $"{at}  {Screen.Safe(decision),-16}  {Screen.Safe(Text(e, "extensions", "actor") ?? "-"),-12}  {Screen.Safe(Text(e, "message") ?? "")}";
    }

    private static string? Text(JsonElement e, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
            if (e.ValueKind != JsonValueKind.Object || !e.TryGetProperty(name, out e)) return null;
        return e.ValueKind == JsonValueKind.String ? e.GetString() : null;
    }
}
