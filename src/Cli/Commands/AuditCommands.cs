// audit verify|show|export: the record of what happened, checked by anyone who has the public key (AUD-03).
using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Cli.Views;
using CabinCrew.Ledger.Audit;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands;

internal static class AuditCommands
{
    private const int PageSize = 500;

    public static Command Audit() => new("audit", "Verify, show and export the audit log.") { Verify(), Show(), Export() };

    private static Command Verify()
    {
        var export = new Argument<string?>("EXPORT") { Description = "An export to verify offline; without it the store's own log is verified.", Arity = ArgumentArity.ZeroOrOne };
        var key = new Option<string?>("--key") { Description = "The trusted public key (PEM). Needed for an export: a key inside the export proves nothing.", HelpName = "PEM" };
        var head = new Option<string?>("--head") { Description = "A head saved earlier (its JSON): shows also a log that was rolled back as a whole.", HelpName = "FILE" };
        var command = new Command("verify", """
            Check every event, signature and link of the log, and its signed head. Names the first bad event.

            Examples:
              cabincrew audit verify
              cabincrew audit verify export.jsonl --key audit.pub.pem
            """) { export, key, head };
        command.Plain(async (parse, screen, ct) =>
        {
            if (!SavedHead(parse.GetValue(head)).Try(out var saved, out var problem)) return problem;
            Outcome<AuditReport> verified;
            if (parse.GetValue(export) is { } path)
            {
                if (parse.GetValue(key) is not { } pem) return new Problem(ProblemCode.InvalidArgument, "an export is verified against a public key that you trust: --key PEM") { Remedy = "The key's owner prints it with `cabincrew audit export --public-key`." };
                await using var file = File.OpenRead(path);
                verified = await AuditVerifier.VerifyAsync(file, await File.ReadAllTextAsync(pem, ct).ConfigureAwait(false), saved.Head, ct).ConfigureAwait(false);
            }
            else
            {
                if (Globals.PlaceOf(parse) is { HasStore: false } empty) return Globals.NoStore(empty);
                var opened = await Globals.OpenAsync(parse, null, ct).ConfigureAwait(false);
                if (!opened.Try(out var house, out problem)) return problem;
                await using (house)
                    verified = await AuditVerifier.VerifyStoreAsync(house.Ledger.Store, TenantId.Local, house.Ledger.Signer.PublicKeyPem, saved.Head, ct).ConfigureAwait(false);
            }
            if (!verified.Try(out var report, out problem)) return problem;
            if (screen.Json)
                screen.Document(new() { ["ok"] = true, ["tenant"] = report.Tenant, ["events"] = report.Events, ["chain_hash"] = report.Head.ChainHash, ["key_ref"] = report.Head.KeyRef, ["head_at"] = FlightDocument.Time(report.Head.Timestamp) });
            else
                screen.Check(true, "audit log", $"{report.Events} events, whole, in order, signed by {report.Head.KeyRef}; chain at {report.Head.ChainHash}", null);
            return 0;
        });
        return command;
    }

    private static Command Show()
    {
        var workflow = new Argument<string?>("WORKFLOW") { Description = "Only the events of this workflow.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("show", """
            Print audit events, oldest first.

            Examples:
              cabincrew audit show wf-7h3k9q2m
              cabincrew audit show --json | jq '.events[] | select(.severity == "critical")'
            """) { workflow };
        command.InHouse(async (parse, screen, house, ct) =>
        {
            var events = new JsonArray();
            var from = 1L;
            while (true)
            {
                if (!(await house.Ledger.Store.ReadAuditAsync(TenantId.Local, from, PageSize, ct).ConfigureAwait(false)).Try(out var page, out var problem)) return problem;
                foreach (var row in page.Rows)
                {
                    using var document = JsonDocument.Parse(row.Json);
                    if (parse.GetValue(workflow) is { } wanted && Text(document.RootElement, "workflow", "workflow_id") != wanted) continue;
                    if (screen.Json) events.Add(JsonNode.Parse(row.Json));
                    else screen.Line(Line(row.Sequence, document.RootElement));
                }
                if (page.Rows.Count < PageSize) break;
                from = page.Rows[^1].Sequence + 1;
            }
            if (screen.Json) screen.Document(new() { ["events"] = events });
            return 0;
        });
        return command;
    }

    private static Command Export()
    {
        var output = new Option<string?>("--output", "-o") { Description = "Where to (default: standard output).", HelpName = "FILE" };
        var publicKey = new Flag("--public-key") { Description = "Print only the public key that verifies the log." };
        var command = new Command("export", """
            Write the whole log as JSON Lines, with its signed head at the end.

            Examples:
              cabincrew audit export -o export.jsonl
              cabincrew audit export --public-key > audit.pub.pem
            """) { output, publicKey };
        command.InHouse(async (parse, screen, house, ct) =>
        {
            if (parse.Has(publicKey))
            {
                screen.Raw(house.Ledger.Signer.PublicKeyPem);
                return 0;
            }
            var path = parse.GetValue(output);
            await using var stream = path is null ? Console.OpenStandardOutput() : new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            var written = await AuditExport.WriteAsync(house.Ledger.Store, TenantId.Local, house.Ledger.Signer.PublicKeyPem, stream, ct).ConfigureAwait(false);
            if (!written.Try(out var head, out var problem)) return problem;
            if (path is not null) screen.Line($"wrote {head.Sequence} events to {Screen.Safe(path)}; verify with `cabincrew audit verify {Screen.Safe(path)} --key PEM`");
            return 0;
        });
        return command;
    }

    /// <summary>No file: no head to hold the log against.</summary>
    private static Outcome<Saved> SavedHead(string? file) => file is null
        ? new Saved(null)
        : AuditChain.ReadHead(File.ReadAllBytes(file)).Map(head => new Saved(head));

    private sealed record Saved(AuditHead? Head);

    private static string Line(long sequence, JsonElement e) =>
        $"{sequence,6}  {Time(Text(e, "timestamp"))}  {Screen.Safe(Text(e, "event_type") ?? "-"),-20} {Screen.Safe(Text(e, "workflow", "step_id") ?? "-"),-12} {Screen.Safe(Text(e, "message") ?? "")}";

    private static string Time(string? timestamp) =>
        DateTimeOffset.TryParse(timestamp, System.Globalization.CultureInfo.InvariantCulture, out var at) ? FlightDocument.Time(at) : Screen.Safe(timestamp ?? "-");

    private static string? Text(JsonElement e, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
            if (e.ValueKind != JsonValueKind.Object || !e.TryGetProperty(name, out e)) return null;
        return e.ValueKind == JsonValueKind.String ? e.GetString() : null;
    }
}
