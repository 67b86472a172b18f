// What a rule about messages looks at, each condition by itself. Pure. Conditions on who calls what are known for every message; those on arguments and files are not known for a
// listing, where nothing is called yet.
using System.Text.Json;
using CabinCrew.Governance.Policies.Rules;

namespace CabinCrew.Governance.Policies.Messages.Rules;

/// <summary>Who calls what, and nothing of what is said.</summary>
internal sealed record AddressConditions
{
    public IReadOnlyList<MessageDirection>? Direction { get; init; }
    public IReadOnlyList<MessageKind>? Kind { get; init; }
    public WordGlob? Server { get; init; }
    public WordGlob? Method { get; init; }
    public WordGlob? Name { get; init; }
    public WordGlob? Tool { get; init; }
    public WordGlob? Prompt { get; init; }
    public WordGlob? Resource { get; init; }
    public WordGlob? Caller { get; init; }
    /// <summary>At least one role of the caller's.</summary>
    public WordGlob? CallerRole { get; init; }
    public IReadOnlyList<string>? CallerKind { get; init; }
    public WordGlob? AuthenticatedBy { get; init; }
    public IReadOnlyList<PinState>? Pin { get; init; }

    /// <summary>Without a word on kind or direction a rule speaks of what is asked: requests, notifications and listings, not answers.</summary>
    public bool Hold(MessageSubject subject) =>
        (Kind is { } kinds ? IsKind(kinds, subject.Kind) : subject.Kind != MessageKind.Response)
        && (Direction is not { } directions || directions.Contains(subject.Direction))
        && (Method?.IsMatch(subject.Method) ?? true)
        && (Tool is null || IsNamed(subject, "tools/call", Tool))
        && (Prompt is null || IsNamed(subject, "prompts/get", Prompt))
        && (Resource is null || (subject.Method.StartsWith("resources/", StringComparison.Ordinal) && subject.Name is { } uri && Resource.IsMatch(uri)))
        && (Name is null || (subject.Name is { } name && Name.IsMatch(name)))
        && (Server?.IsMatch(subject.Server) ?? true)
        && (Caller?.IsMatch(subject.Caller.Name) ?? true)
        && (CallerRole is null || AnyRole(subject.Caller.Roles))
        && (CallerKind is null || CallerKind.Contains(subject.Caller.Kind()))
        && (AuthenticatedBy?.IsMatch(subject.Caller.AuthenticatedBy) ?? true)
        && (Pin is null || Pin.Contains(subject.Pin));

    // A listing is judged as the request that would use what is listed.
    private static bool IsKind(IReadOnlyList<MessageKind> kinds, MessageKind kind) => kinds.Contains(kind) || (kind == MessageKind.Listing && kinds.Contains(MessageKind.Request));

    private static bool IsNamed(MessageSubject subject, string method, WordGlob names) => subject.Method == method && subject.Name is { } name && names.IsMatch(name);

    private bool AnyRole(IReadOnlyList<string> roles)
    {
        for (var i = 0; i < roles.Count; i++)
            if (CallerRole!.IsMatch(roles[i])) return true;
        return false;
    }
}

/// <summary>What a server says of its tool.</summary>
internal sealed record AnnotationConditions(IReadOnlyList<(string Member, bool Value)> Hints)
{
    public bool Hold(MessageSubject subject)
    {
        if (subject.Annotations is not { } annotations) return false;
        foreach (var (member, value) in Hints)
            if (MessageAnnotations.Hint(annotations, member) != value) return false;
        return true;
    }
}

/// <summary>What a detector found: at least so many of these.</summary>
internal sealed record FindingConditions(WordGlob? Detector, WordGlob? Rule, int Min)
{
    public bool Hold(MessageSubject subject)
    {
        var count = 0;
        foreach (var finding in subject.Findings)
            if ((Detector?.IsMatch(finding.Detector) ?? true) && (Rule?.IsMatch(finding.Rule) ?? true)) count++;
        return count >= Min;
    }
}

/// <summary>One argument: some value at the pointer is as said; or, where <paramref name="Present"/> is false, there is none.</summary>
internal sealed record ArgumentCondition(string Shown, string[] Pointer)
{
    public WordGlob? Is { get; init; }
    public PathGlob? Paths { get; init; }
    public LinePattern? Pattern { get; init; }
    public double? Min { get; init; }
    public double? Max { get; init; }
    public long? CharsMin { get; init; }
    public bool Present { get; init; } = true;

    /// <param name="every">Every value at the pointer must be as said, and there must be one.</param>
    public bool Holds(MessageArguments arguments, bool every)
    {
        var found = false;
        foreach (var value in arguments.Values)
        {
            if (!MessageArguments.IsAt(value, Pointer) && !IsInside(value)) continue;
            if (!Present) return false;
            if (IsAsSaid(value)) found = true;
            else if (every) return false;
            if (found && !every) return true;
        }
        return Present ? found : !arguments.IsPartial;
    }

    // For presence alone, a value deep inside tells of the object or list that the pointer means.
    private bool IsInside(ArgumentValue value) => IsPresenceOnly && value.Path.Length > Pointer.Length && MessageArguments.IsAt(value with { Path = value.Path[..Pointer.Length] }, Pointer);

    private bool IsPresenceOnly => Is is null && Paths is null && Pattern is null && Min is null && Max is null && CharsMin is null;

    private bool IsAsSaid(ArgumentValue value)
    {
        if (IsPresenceOnly) return true;
        if ((Min is not null || Max is not null) && (value.Number() is not { } number || number < Min || number > Max)) return false;
        if (Is is null && Paths is null && Pattern is null && CharsMin is null) return true;
        if (value.Kind is JsonTokenType.StartObject or JsonTokenType.StartArray) return false;
        var text = value.Text();
        return (Is?.IsMatch(text) ?? true) && (Paths?.IsMatch(text) ?? true) && (Pattern is null || AnyLine(text)) && !(text.Length < CharsMin);
    }

    private bool AnyLine(string text)
    {
        foreach (var line in text.AsSpan().EnumerateLines())
            if (Pattern!.IsMatch(line)) return true;
        return false;
    }
}
