// One rule about messages: when all its conditions hold, its decision. Pure.
using System.Text.Json;
using CabinCrew.Governance.Policies.Rules;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Messages.Rules;

/// <param name="Line">Where it stands in its file.</param>
internal sealed record MessageRule(string Id, int Line, Decision Decision, string? Role, int Count, string Reason)
{
    public AddressConditions Address { get; init; } = new();
    public IReadOnlyList<ArgumentCondition> Arguments { get; init; } = [];
    /// <summary>Lines of any text among the arguments.</summary>
    public LinePattern? ArgumentText { get; init; }
    public CallFileConditions? File { get; init; }
    public AnnotationConditions? Annotations { get; init; }
    public FindingConditions? Findings { get; init; }

    /// <summary>It looks at who calls what, and at nothing that the caller or the server could add to get a milder rule.</summary>
    public bool IsOfAddressOnly => Arguments.Count == 0 && ArgumentText is null && File is null && Annotations is null && Findings is null;

    /// <summary>It looks at what is said in a call.</summary>
    private bool IsOfContent => Arguments.Count > 0 || ArgumentText is not null || File is not null;

    /// <summary>Null: it does not hold.</summary>
    public MessageMatch? Match(MessageSubject subject, CallView view, CancellationToken ct)
    {
        if (!Address.Hold(subject)) return null;
        if (Annotations?.Hold(subject) is false || Findings?.Hold(subject) is false) return null;
        // Nothing is called yet: there may be arguments with which an allow holds, and that is enough to show it; no other rule holds by what nobody said.
        if (subject.Kind == MessageKind.Listing && IsOfContent) return Decision == Decision.Allow ? MessageMatch.Plain : null;
        foreach (var condition in Arguments)
            if (!(view.Arguments is { IsPartial: false } known ? condition.Holds(known, every: Decision == Decision.Allow) : Decision != Decision.Allow)) return null;
        if (ArgumentText is not null && !view.Arguments.IsPartial && !view.HasLine(ArgumentText)) return null;
        if (File is null) return MessageMatch.Plain;
        return File.Match(subject.File, view, every: Decision == Decision.Allow, ct) is { } files ? new(files) : null;
    }
}

/// <param name="Files">Null: the rule does not look at files.</param>
internal sealed record MessageMatch(CallFileMatch? Files)
{
    public static readonly MessageMatch Plain = new((CallFileMatch?)null);
}

/// <summary>A call's arguments and paths, taken apart when the first rule asks for them.</summary>
internal sealed class CallView(MessageSubject subject)
{
    private List<string>? texts;
    private string[]?[]? names;

    public MessageArguments Arguments => subject.TakenApart;

    /// <summary>The names of a target's path; of one with a fault, of its spelling.</summary>
    public string[] NamesOf(int target)
    {
        names ??= new string[]?[subject.File!.Targets.Count];
        return names[target] ??= (subject.File!.Targets[target].Path ?? subject.File.Targets[target].Given).Split('/');
    }

    public bool HasLine(LinePattern pattern)
    {
        texts ??= [.. from value in Arguments.Values where value.Kind == JsonTokenType.String select value.Text()];
        var count = 0;
        foreach (var text in texts)
            foreach (var line in text.AsSpan().EnumerateLines())
                if (pattern.IsMatch(line) && ++count >= pattern.Min) return true;
        return false;
    }
}
