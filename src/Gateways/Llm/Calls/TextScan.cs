// Looks through a prompt or an answer, and takes out what the configuration wants taken out (LLM-03, MCP-06): a document as the MCP gateway looks at one, a stream by its texts, each as a whole
// however it was cut into events. What is spelled by escapes within a text (a tool call's arguments are JSON in a string) is looked at once more as what it means.
// Invariant: what cannot be cut out where it stands is a deny, and never passes as it is.
using System.Text;
using System.Text.Json;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Calls;

/// <param name="Goes">The message without what was found in it; the very one where nothing was cut out.</param>
/// <param name="Cuts">Of a stream: what was taken out of which text.</param>
public sealed record TextReport(ScanReport Report, Carried Goes, IReadOnlyDictionary<Piece, List<TextEdit>> Cuts);

/// <param name="key">For the placeholders of what is cut out.</param>
public sealed class TextScan(TextDetection prompts, TextDetection answers, CommandScan commands, byte[] key)
{
    private const int EscapesMax = 4;

    private readonly Redaction redaction = new(key);

    /// <summary>What these detectors make of a text depends on nothing else.</summary>
    public string Digests { get; } = $"{prompts.Digest}\n{answers.Digest}\n{commands.Digest}";

    /// <param name="kept">Remembers what is cut out of a prompt, for its answer. Null: it stays out.</param>
    /// <param name="sent">What of a stream has gone out.</param>
    /// <param name="hold">Of a stream of which more is to come.</param>
    public TextReport Run(Carried carried, Exchange said, bool isPrompt, PlaceholderScope? kept, Sent sent, StreamHold? hold, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var detection = isPrompt ? prompts : answers;
        var texts = carried.IsStream ? StreamTexts.Of(carried, hold is null ? null : hold.IsOver) : null;
        var judged = texts?.Json ?? carried.Documents[0].Json;
        var found = detection.Detect(judged, TextOrigin.Server, out var notAsked);
        List<MessageFinding> findings = [.. found.Select(f => Told(f) with { Place = texts?.PlaceOf(f.Place) ?? f.Place })];
        List<string> secrets = [.. found.Where(f => f.Detector is Detectors.Secrets or Detectors.Mapped).Select(f => Raw(judged, f))];
        var (goes, cuts) = (carried, new Dictionary<Piece, List<TextEdit>>());
        if (found.Any(f => f.Redact) || sent.HasCuts)
        {
            if (kept is not null)
                foreach (var one in found.Where(f => f.Redact && f.Detector != Detectors.Mapped)) kept.Of(one.Rule, Raw(judged, one));
            if (!Without(carried, texts, judged, found, sent, ref cuts).Try(out goes, out var why))
            {
                goes = carried;
                findings.Add(new(TextDetection.NotAll, "cannot-cut", "", Decision.Deny, $"what was found cannot be cut out where it stands: {why.Message}"));
            }
        }
        foreach (var piece in goes.Pieces)
        {
            Escaped(detection, piece, findings, secrets);
            Alone(detection, piece, findings, secrets);
        }
        if (!isPrompt) findings.AddRange(Commands(said));
        // Nobody has looked at all of it: then nobody says so.
        IReadOnlyList<string> ran = findings.Exists(f => f.Detector == TextDetection.NotAll) ? [] : [.. detection.Looking(TextOrigin.Server).Except(notAsked)];
        return new(new(findings, [], ran) { Secrets = secrets }, goes, cuts);
    }

    private Outcome<Carried> Without(Carried carried, StreamTexts? texts, ReadOnlyMemory<byte> judged, IReadOnlyList<Finding> found, Sent sent, ref Dictionary<Piece, List<TextEdit>> cuts)
    {
        if (texts is null) return Carried.Of(redaction.Cut(judged, found), int.MaxValue);
        if (!texts.Edits(redaction.Cuts(judged, found)).Try(out var edits, out var problem) || !sent.With(edits).Try(out edits, out problem)) return problem;
        cuts = edits;
        return carried.With(edits);
    }

    private static string Raw(ReadOnlyMemory<byte> json, Finding finding) => JsonText.Unescape(json.Span.Slice(finding.Start, finding.Length));

    private static MessageFinding Told(Finding finding) => new(finding.Detector, finding.Rule, finding.Place, finding.Decision, finding.Reason);

    // Whether the text is JSON is not asked: who reads it may be milder than any rule here. What is escaped may hold what is escaped again.
    private static void Escaped(TextDetection detection, Piece piece, List<MessageFinding> findings, List<string> secrets)
    {
        var text = piece.Text;
        for (var round = 1; Escapes.Decode(text) is { } meant; round++, text = meant)
        {
            if (round > EscapesMax)
            {
                if (Escapes.SpellsLetters(text)) findings.Add(new(TextDetection.NotAll, "too-deep", piece.Place, Decision.Deny, $"letters are escaped more than {EscapesMax} times over, and were not looked into"));
                return;
            }
            Look(detection, meant, piece, "it is spelled with escapes, out of which nothing is cut", findings, secrets);
        }
    }

    // What stands in each of several events by itself is something else when all of it is joined: of a key ten times over, no detector knows one.
    private static void Alone(TextDetection detection, Piece piece, List<MessageFinding> findings, List<string> secrets)
    {
        if (piece.Parts.Count < 2 || !StreamPlace.Of(piece.Place).MayStandAlone) return;
        Look(detection, string.Join(StreamTexts.Break, piece.Parts.Select(p => piece.Text.Substring(p.From, p.Chars)).Distinct(StringComparer.Ordinal)), piece, "it stands in an event by itself, out of which nothing is cut", findings, secrets);
    }

    private static void Look(TextDetection detection, string text, Piece piece, string whole, List<MessageFinding> findings, List<string> secrets)
    {
        var json = Carried.Quoted(text);
        foreach (var found in detection.Detect(json, TextOrigin.Server))
        {
            if (found.Detector is Detectors.Secrets or Detectors.Mapped) secrets.Add(Raw(json, found));
            if (found.Redact) findings.Add(Told(found) with { Place = piece.Place, Decision = Decision.Deny, Reason = $"{found.Reason}; {whole}" });
            else if (!findings.Exists(f => f.Detector == found.Detector && f.Rule == found.Rule && f.Place == piece.Place)) findings.Add(Told(found) with { Place = piece.Place });
        }
    }

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
