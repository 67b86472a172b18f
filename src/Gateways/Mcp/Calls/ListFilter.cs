// What of a server's list the caller is shown: nothing that is in quarantine, nothing that policy denies, nothing whose description is held to be an injection (MCP-02, MCP-05).
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
    /// <param name="findings">Of the whole message; a place is a JSON pointer into the answer.</param>
    /// <param name="answer">The result, as the message carries it.</param>
    public async Task<Outcome<Filtered>> FilterAsync(MessageSubject subject, IReadOnlyList<MessageFinding> findings, ReadOnlyMemory<byte> answer, MessageEdits edits, CancellationToken ct)
    {
        if (!DefinitionList.Read(kind, member, answer).Try(out var list, out var problem)) return problem;
        if (!(await pins.ObserveAsync(subject.Server, list.Definitions, ct).ConfigureAwait(false)).Try(out var states, out problem)) return problem;
        var offset = MessageEdits.OffsetOf(subject.Frame, answer);
        if (offset < 0) return Problem.Bug("an answer is no part of its message");
        var found = findings.ToLookup(f => IndexOf(f, member) ?? -1);
        if (found.Any(g => g.Key >= states.Count)) return Problem.Bug("a detector found something in a definition that is not there");
        var hidden = new HashSet<int>();
        var why = new List<string>();
        for (var i = 0; i < states.Count; i++)
        {
            var definition = list.Definitions[i];
            if (await ObjectionAsync(subject, definition, states[i], [.. found[i]], ct).ConfigureAwait(false) is not { } objection) continue;
            hidden.Add(i);
            why.Add($"{kind.Word()} '{Plain.Text(definition.Key?.Name ?? "?", 100)}': {objection}");
        }
        list.TakeOut(hidden, offset, edits);
        return new Filtered(why);
    }

    private async ValueTask<string?> ObjectionAsync(MessageSubject list, Definition definition, PinState state, IReadOnlyList<MessageFinding> found, CancellationToken ct)
    {
        if (definition is not { Key: { } key, Digest: not null }) return "it cannot be pinned: it has no name, no canonical form, or is too long";
        if (state == PinState.Changed) return "in quarantine: another than the accepted one, or two of one name";
        if (state == PinState.New && pins.Mode == PinMode.Strict) return "in quarantine: not accepted yet";
        foreach (var finding in found)
            if (finding.Decision == Decision.Deny) return $"{finding.Detector}/{finding.Rule}";
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
    private static int? IndexOf(MessageFinding finding, string member)
    {
        var place = finding.Place.AsSpan();
        if (!place.StartsWith("/") || !place[1..].StartsWith(member, StringComparison.Ordinal) || place.Length <= member.Length + 2 || place[member.Length + 1] != '/') return null;
        var rest = place[(member.Length + 2)..];
        var end = rest.IndexOf('/');
        return int.TryParse(end < 0 ? rest : rest[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;
    }
}
