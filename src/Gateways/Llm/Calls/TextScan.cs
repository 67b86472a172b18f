// Looks through all texts of a prompt or an answer, and takes out what the configuration wants taken out (LLM-03, MCP-06). A text is looked at as a whole, however it was cut into events;
// JSON within a text is looked at once more as what it means, since escapes hide words there.
// Invariant: what cannot be cut out where it stands is a deny, and never passes as it is.
using System.Text;
using System.Text.Json;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Calls;

/// <param name="Replaced">Texts that go on without what was found in them.</param>
public sealed record TextReport(ScanReport Report, IReadOnlyDictionary<Piece, string> Replaced);

/// <param name="key">For the placeholders of what is cut out.</param>
public sealed class TextScan(TextDetection prompts, TextDetection answers, CommandScan commands, byte[] key)
{
    private const int NestedMax = 4;

    private readonly Redaction redaction = new(key);

    /// <param name="kept">Remembers what is cut out of a prompt, for its answer. Null: it stays out.</param>
    public TextReport Run(Carried carried, Exchange said, bool isPrompt, PlaceholderScope? kept, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var detection = isPrompt ? prompts : answers;
        var ran = detection.Looking(TextOrigin.Server);
        var judged = carried.Judged();
        var found = detection.Detect(judged, TextOrigin.Server);
        List<MessageFinding> findings = [.. found.Select(Told)];
        List<string> secrets = [.. found.Where(f => f.Detector is Detectors.Secrets or Detectors.Mapped).Select(f => Raw(judged, f))];
        Dictionary<Piece, string> replaced = [];
        if (found.Any(f => f.Redact))
        {
            if (kept is not null)
                foreach (var one in found.Where(f => f.Redact && f.Detector != Detectors.Mapped)) kept.Of(one.Rule, Raw(judged, one));
            Replace(carried, redaction.Cut(judged, found), replaced, findings);
        }
        foreach (var piece in carried.Pieces) Within(detection, replaced.GetValueOrDefault(piece, piece.Text), piece.Place, findings, secrets);
        if (!isPrompt) findings.AddRange(Commands(said));
        // Nobody has looked at all of it: then nobody says so.
        if (findings.Exists(f => f.Detector == TextDetection.NotAll)) ran = [];
        return new(new(findings, [], ran) { Secrets = secrets }, replaced);
    }

    /// <summary>What these detectors make of a text depends on nothing else.</summary>
    public string Digests { get; } = $"{prompts.Digest}\n{answers.Digest}\n{commands.Digest}";

    private static string Raw(ReadOnlyMemory<byte> json, Finding finding) => JsonText.Unescape(json.Span.Slice(finding.Start, finding.Length));

    private static MessageFinding Told(Finding finding) => new(finding.Detector, finding.Rule, finding.Place, finding.Decision, finding.Reason);

    private static void Replace(Carried carried, ReadOnlyMemory<byte> without, Dictionary<Piece, string> replaced, List<MessageFinding> findings)
    {
        var texts = JsonElement.Parse(without.Span);
        var places = carried.Pieces.ToDictionary(p => p.Place, StringComparer.Ordinal);
        HashSet<string> left = [.. places.Keys];
        foreach (var member in texts.EnumerateObject())
        {
            // The name of a member that was itself cut, or a number: it goes on as it came, and must not.
            if (!places.TryGetValue(member.Name, out var piece)) continue;
            left.Remove(member.Name);
            if (member.Value.GetString() is { } text && text != piece.Text) replaced[piece] = text;
        }
        var number = carried.Numbers.FirstOrDefault(n => !texts.TryGetProperty(Carried.NumberMark + n.Place, out var digits) || digits.GetString() != n.Digits);
        if (left.Count > 0 || number.Place is not null)
            findings.Add(new(TextDetection.NotAll, "cannot-cut", left.FirstOrDefault() is null ? number.Place! : "", Decision.Deny, "what was found stands in a name or a number, out of which nothing can be cut"));
    }

    // Only where something is escaped can it say other than the text that was looked through; and what is escaped may hold such a text again.
    private static void Within(TextDetection detection, string text, string place, List<MessageFinding> findings, List<string> secrets, int depth = 1)
    {
        if (!text.Contains('\\', StringComparison.Ordinal) || NestedJson.Of(text) is not { } nested) return;
        var bytes = Encoding.UTF8.GetBytes(text);
        foreach (var found in detection.Detect(bytes, TextOrigin.Server))
        {
            if (found.Detector is Detectors.Secrets or Detectors.Mapped) secrets.Add(Raw(bytes, found));
            findings.Add(Told(found) with { Place = place, Decision = found.Redact ? Decision.Deny : found.Decision, Reason = found.Redact ? $"{found.Reason}; it is spelled with escapes, out of which nothing is cut" : found.Reason });
        }
        foreach (var inner in Strings(nested))
        {
            if (depth < NestedMax) Within(detection, inner, place, findings, secrets, depth + 1);
            else if (inner.Contains('\\', StringComparison.Ordinal) && NestedJson.Of(inner) is not null)
                findings.Add(new(TextDetection.NotAll, "too-deep", place, Decision.Deny, $"JSON stands within JSON more than {NestedMax} deep, and was not looked into"));
        }
    }

    private static IEnumerable<string> Strings(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => [json.GetString()!],
        JsonValueKind.Array => json.EnumerateArray().SelectMany(Strings),
        JsonValueKind.Object => json.EnumerateObject().SelectMany(m => Strings(m.Value)),
        _ => [],
    };

    // What a model asks an agent to run is looked at as what an agent asks a tool to run.
    private IEnumerable<MessageFinding> Commands(Exchange said) => said.ToolCalls.SelectMany((call, i) =>
    {
        if (NestedJson.Of(call.Arguments) is not { ValueKind: JsonValueKind.Object }) return [];
        var subject = new MessageSubject
        {
            Gateway = MessageSubject.LlmGateway, Tenant = TenantId.Local, Caller = new("", null, [], ""), Session = "", Server = "", Direction = MessageDirection.ToServer, Kind = MessageKind.Request,
            Method = "tools/call", Name = call.Name, Arguments = Encoding.UTF8.GetBytes(call.Arguments), Now = default,
        };
        return (commands.In(subject) ?? []).Select(f => f with { Place = $"/tool_calls/{i}{f.Place}" });
    });
}
