// What of a server's list the caller is shown: nothing that is in quarantine, nothing that policy denies, nothing in whose description something was found that is denied, or that nobody has said yes to (MCP-02, MCP-05).
using System.Globalization;
using System.Text.Json;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Mcp.Definitions;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Calls;

/// <param name="Hidden">What was taken out, each with its reason.</param>
internal sealed record Filtered(IReadOnlyList<string> Hidden);

internal sealed class ListFilter(DefinitionPins pins, IMessageJudge judge, DefinitionKind kind, string member)
{
    /// <summary>Findings that are not within one definition, and so are the whole list's.</summary>
    public static IReadOnlyList<MessageFinding> Rest(IReadOnlyList<MessageFinding> findings, string member) =>
        findings.Count == 0 ? findings : [.. findings.Where(f => IndexOf(f, member) is null)];

    /// <summary>Puts the cuts into <paramref name="edits"/>.</summary>
    /// <param name="scan">Of the whole message; a finding's place is a JSON pointer into the answer.</param>
    /// <param name="answer">The result, as the message carries it.</param>
    public async Task<Outcome<Filtered>> FilterAsync(MessageSubject subject, ScanReport scan, ReadOnlyMemory<byte> answer, MessageEdits edits, CancellationToken ct)
    {
        if (!DefinitionList.Read(kind, member, answer).Try(out var list, out var problem)) return problem;
        var offset = MessageEdits.OffsetOf(subject.Frame, answer);
        if (offset < 0) return Problem.Bug("an answer is no part of its message");
        if (!(await pins.ObserveAsync(subject.Server, [.. list.Definitions.Select(d => Kept(d, offset, scan.Cuts))], ct).ConfigureAwait(false)).Try(out var states, out problem)) return problem;
        if (!(await pins.BookAsync(subject.Server, ct).ConfigureAwait(false)).Try(out var book, out problem)) return problem;
        var found = scan.Findings.ToLookup(f => IndexOf(f, member) ?? -1);
        if (found.Any(g => g.Key >= states.Count)) return Problem.Bug("a detector found something in a definition that is not there");
        var hidden = new HashSet<int>();
        var why = new List<string>();
        for (var i = 0; i < states.Count; i++)
        {
            var definition = list.Definitions[i];
            var isSeen = definition.Key is { } key && book.Find(key) is { IsAcceptedByPerson: true };
            if (await ObjectionAsync(judge, pins.Mode, subject, definition, states[i], isSeen, [.. found[i]], ct).ConfigureAwait(false) is not { } objection) continue;
            hidden.Add(i);
            why.Add($"{kind.Word()} '{Plain.Text(definition.Key?.Name ?? "?", 100)}': {objection}");
        }
        list.TakeOut(hidden, offset, edits);
        return new Filtered(why);
    }

    // The digest is that of what the server wrote; what is kept of it has no secret in it.
    private static Definition Kept(Definition definition, int offset, IReadOnlyList<MessageCut> cuts)
    {
        if (cuts.Count == 0) return definition;
        var edits = new MessageEdits(definition.Json);
        foreach (var cut in cuts)
            if (cut.Offset - offset >= definition.From && cut.Offset - offset + cut.Length <= definition.From + definition.Length) edits.Replace(cut.Offset - offset - definition.From, cut.Length, cut.Instead);
        return edits.Any ? definition with { Kept = edits.Apply().Try(out var kept, out _) ? kept : "{}"u8.ToArray() } : definition;
    }

    /// <summary>Why a definition is not shown; null: it is.</summary>
    /// <param name="isSeen">A person has accepted this very definition.</param>
    internal static async ValueTask<string?> ObjectionAsync(IMessageJudge judge, PinMode mode, MessageSubject list, Definition definition, PinState state, bool isSeen, IReadOnlyList<MessageFinding> found, CancellationToken ct)
    {
        if (definition is not { Key: { } key, Digest: not null }) return "it cannot be pinned: it has no name, no canonical form, or is too long";
        if (state == PinState.Changed) return "in quarantine: another than the accepted one, or two of one name";
        if (state == PinState.New && mode == PinMode.Strict) return "in quarantine: not accepted yet";
        foreach (var finding in found)
        {
            if (finding.Decision == Decision.Deny) return $"{finding.Detector}/{finding.Rule}";
            // A list does not wait for anybody: whoever is to say yes says it to the definition.
            if (finding.Decision == Decision.RequireApproval && !isSeen) return $"{finding.Detector}/{finding.Rule}: a person must accept it first (`cabincrew mcp accept`)";
        }
        var judged = await judge.JudgeAsync(list with
        {
            Kind = MessageKind.Listing,
            Direction = MessageDirection.ToServer,
            Method = DefinitionKinds.UsedBy(key.Kind),
            Name = key.Name,
            Content = definition.Json,
            Pin = state,
            Annotations = DefinitionText.AnnotationsOf(JsonElement.Parse(definition.Json.Span)),
            Findings = found,
        }, ct).ConfigureAwait(false);
        return judged.Decision == Decision.Deny ? $"denied: {(judged.Violations.Count > 0 ? judged.Violations[0] : "by policy")}" : null;
    }

    // "/tools/3/description" is the fourth tool's.
    internal static int? IndexOf(MessageFinding finding, string member)
    {
        var place = finding.Place.AsSpan();
        if (!place.StartsWith("/") || !place[1..].StartsWith(member, StringComparison.Ordinal) || place.Length <= member.Length + 2 || place[member.Length + 1] != '/') return null;
        var rest = place[(member.Length + 2)..];
        var end = rest.IndexOf('/');
        return int.TryParse(end < 0 ? rest : rest[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;
    }
}
