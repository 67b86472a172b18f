// Who used which model how much, told from the log: exchanges, tokens, dollars, and what was refused, cut or held. Reads; writes nothing.
using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Gateways.Llm.Usage;

public enum UsageBy
{
    /// <summary>As its provider calls it.</summary>
    Model,
    Caller,
    Provider,
    /// <summary>UTC.</summary>
    Day,
}

/// <param name="Exchanges">How many of them there were, however many providers were asked in each.</param>
/// <param name="Answers">That providers gave.</param>
/// <param name="Refused">Prompts and answers that did not go on, with what came to no judgement.</param>
/// <param name="Redacted">Prompts and answers out of which something was cut.</param>
/// <param name="Held">Prompts and answers that waited for people.</param>
/// <param name="UsdMicros">Millionths of a dollar, of the answers with a price.</param>
/// <param name="Unpriced">Answers whose cost nobody knows: no price in the configuration, or nothing counted by the provider.</param>
public sealed record UsageRow(string Key, long Exchanges, long Answers, long Refused, long Redacted, long Held, long InputTokens, long OutputTokens, long UsdMicros, long Unpriced);

/// <param name="Rows">By dollars, tokens and key; days in their order.</param>
public sealed record UsageReport(IReadOnlyList<UsageRow> Rows, UsageRow Total)
{
    public const string Others = "(others)", Nothing = "-";

    private const int PageSize = 1000, RowsMax = 10_000;

    public static async Task<Outcome<UsageReport>> ReadAsync(IStore store, TenantId tenant, DateTimeOffset? since, UsageBy by, CancellationToken ct)
    {
        Dictionary<string, Tally> rows = new(StringComparer.Ordinal);
        var total = new Tally();
        for (var from = 1L; ;)
        {
            if (!(await store.ReadAuditAsync(tenant, from, PageSize, ct).ConfigureAwait(false)).Try(out var page, out var problem)) return problem;
            foreach (var row in page.Rows)
            {
                if (Told.Of(row.Json) is not { } told || told.At < since) continue;
                var key = told.Key(by);
                if (!rows.TryGetValue(key, out var tally) && !rows.TryGetValue(key = rows.Count < RowsMax ? key : Others, out tally)) rows[key] = tally = new();
                tally.Add(told);
                total.Add(told);
            }
            if (page.Rows.Count < PageSize) break;
            from = page.Rows[^1].Sequence + 1;
        }
        var all = rows.Select(r => r.Value.Row(r.Key));
        return new UsageReport(
            [.. by == UsageBy.Day ? all.OrderBy(r => r.Key, StringComparer.Ordinal) : all.OrderByDescending(r => r.UsdMicros).ThenByDescending(r => r.InputTokens + r.OutputTokens).ThenBy(r => r.Key, StringComparer.Ordinal)], total.Row("total"));
    }

    /// <summary>One event of a gateway for language models.</summary>
    private sealed record Told(DateTimeOffset At, string Caller, string? Model, string? Provider, string? Exchange, bool IsAnswer, bool Refused, bool Redacted, bool Held, long InputTokens, long OutputTokens, long? UsdMicros)
    {
        public static Told? Of(string json)
        {
            // Most events of a log may be of flights: a look at the text spares the parsing.
            if (!json.Contains($"\"gateway_type\":\"{MessageSubject.LlmGateway}\"", StringComparison.Ordinal)) return null;
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 256 });
            var told = document.RootElement;
            if (Text(told, "gateway", "gateway_type") != MessageSubject.LlmGateway || !DateTimeOffset.TryParse(Text(told, "timestamp"), CultureInfo.InvariantCulture, out var at) || In(told, "extensions", "data") is not { } data) return null;
            // Of a stream that goes on while it comes, the event of its end says all of it.
            if (Text(data, "stream") == "begins") return null;
            var isJudged = Text(told, "event_type") == AuditEventTypes.MessageJudged;
            return new(at, Text(told, "extensions", "actor") ?? Nothing, Text(told, "gateway", "model"), Text(data, "server"), isJudged ? Text(data, "session") : null, isJudged && Text(data, "kind") == MessageKind.Response.Word(),
                Text(told, "extensions", "problem") is not null, Text(data, "instead") is not null, isJudged && Text(data, "decision") == Decision.RequireApproval.Word(), Number(data, "input_tokens") ?? 0, Number(data, "output_tokens") ?? 0, Number(data, "usd_micros"));
        }

        public string Key(UsageBy by) => by switch
        {
            UsageBy.Caller => Caller,
            UsageBy.Provider => Provider ?? Nothing,
            UsageBy.Day => At.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            _ => Model ?? Nothing,
        };

        private static JsonElement? In(JsonElement e, params ReadOnlySpan<string> path)
        {
            foreach (var name in path)
                if (e.ValueKind != JsonValueKind.Object || !e.TryGetProperty(name, out e)) return null;
            return e;
        }

        private static string? Text(JsonElement e, params ReadOnlySpan<string> path) => In(e, path) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

        private static long? Number(JsonElement e, string name) => In(e, name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var value) ? value : null;
    }

    private sealed class Tally
    {
        // A log has many exchanges, and their names are long.
        private readonly HashSet<UInt128> exchanges = [];
        private long answers, refused, redacted, held, input, output, usd, unpriced;

        public void Add(Told told)
        {
            if (told.Exchange is { } id) exchanges.Add(BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(id))));
            if (told.IsAnswer)
            {
                answers++;
                if (told.UsdMicros is null) unpriced++;
            }
            if (told.Refused) refused++;
            if (told.Redacted) redacted++;
            if (told.Held) held++;
            (input, output, usd) = (input + told.InputTokens, output + told.OutputTokens, usd + (told.UsdMicros ?? 0));
        }

        public UsageRow Row(string key) => new(key, exchanges.Count, answers, refused, redacted, held, input, output, usd, unpriced);
    }
}
