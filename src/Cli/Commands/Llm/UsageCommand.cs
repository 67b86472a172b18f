// llm usage: who used which model how much, and what it cost, from the log.
using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using System.Text.Json.Nodes;
using CabinCrew.Cli.Rendering;
using CabinCrew.Gateways.Llm.Usage;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Llm;

internal static class UsageCommand
{
    private static readonly (string Word, UsageBy By)[] Groups = [("model", UsageBy.Model), ("caller", UsageBy.Caller), ("provider", UsageBy.Provider), ("day", UsageBy.Day)];

    public static Command Create()
    {
        var since = Since.Option("what was said");
        var by = new Option<string>("--by") { Description = "Add up by model (as its provider calls it), caller, provider or day (UTC).", DefaultValueFactory = _ => Groups[0].Word, HelpName = "WHAT" };
        by.CompletionSources.Add(_ => Groups.Select(g => new CompletionItem(g.Word)));
        var command = new Command("usage", """
            Add up what went through the gateways for language models, from the signed log: exchanges, what was refused, cut and held, the tokens that providers counted, and dollars.

            Dollars are known where the configuration has a `price` and the provider counted; UNPRICED says for how many answers they are not. What a refused answer cost is in it. That nobody changed the log is
            another question: `cabincrew audit verify`.

            Examples:
              cabincrew llm usage
              cabincrew llm usage --since 7d --by caller
              cabincrew llm usage --by day --json | jq .total.usd
            """) { since, by };
        command.InHouse(async (parse, screen, house, ct) =>
        {
            if (!Since.Of(parse.GetValue(since)).Try(out var from, out var problem)) return problem;
            var word = parse.GetValue(by)!;
            if (Array.Find(Groups, g => g.Word == word) is not { Word: not null } group) return new Problem(ProblemCode.InvalidArgument, $"--by takes {string.Join(", ", Groups.Select(g => g.Word))}, not '{Screen.Safe(word)}'");
            if (!(await UsageReport.ReadAsync(house.Ledger.Store, TenantId.Local, from.At, group.By, ct).ConfigureAwait(false)).Try(out var report, out problem)) return problem;
            if (screen.Json) screen.Document(new() { ["by"] = word, ["since"] = from.At?.UtcDateTime.ToString("o", CultureInfo.InvariantCulture), ["rows"] = new JsonArray([.. report.Rows.Select(r => (JsonNode)Of(r, word))]), ["total"] = Of(report.Total, null) });
            else if (report.Rows.Count == 0) screen.Line("nothing was said");
            else screen.Table(Table(report, word));
            return 0;
        });
        return command;
    }

    private static JsonObject Of(UsageRow row, string? keyed)
    {
        var told = new JsonObject
        {
            ["exchanges"] = row.Exchanges, ["answers"] = row.Answers, ["refused"] = row.Refused, ["redacted"] = row.Redacted, ["held"] = row.Held,
            ["input_tokens"] = row.InputTokens, ["output_tokens"] = row.OutputTokens, ["usd"] = row.UsdMicros / 1_000_000m, ["unpriced"] = row.Unpriced,
        };
        if (keyed is not null) told.Insert(0, keyed, row.Key);
        return told;
    }

    private static TextTable Table(UsageReport report, string by)
    {
        var table = new TextTable(new(by, Flexible: true), new("exchanges", Right: true), new("refused", Right: true), new("redacted", Right: true), new("held", Right: true), new("tokens in", Right: true), new("tokens out", Right: true), new("usd", Right: true), new("unpriced", Right: true));
        foreach (var row in report.Rows.Append(report.Total))
            table.Add(row.Key, Count(row.Exchanges), Count(row.Refused), Count(row.Redacted), Count(row.Held), Count(row.InputTokens), Count(row.OutputTokens), (row.UsdMicros / 1_000_000m).ToString("0.000000", CultureInfo.InvariantCulture), Count(row.Unpriced));
        return table;
    }

    private static string Count(long count) => count.ToString(CultureInfo.InvariantCulture);
}
