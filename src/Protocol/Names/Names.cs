// Names that cannot be wrong: each is checked once, at the edge, and passed on as its own type.
using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace CabinCrew.Protocol;

/// <summary>A tenant. The embedded, single-user case has one: <see cref="Local"/>.</summary>
public readonly record struct TenantId
{
    private readonly string? text;
    private TenantId(string text) => this.text = text;
    public static readonly TenantId Local = new("local");
    public static bool TryParse(string? s, out TenantId id) => Plain.Try(s, out id, t => new(t));
    public override string ToString() => text ?? throw new InvalidOperationException("an unset tenant was used");
}

/// <summary>One run of a workflow, for example <c>wf-20260131-7h3k9q2m</c>. Also the id of its stream in the store.</summary>
public readonly record struct WorkflowId
{
    private readonly string? text;
    private WorkflowId(string text) => this.text = text;
    public static bool TryParse(string? s, out WorkflowId id) => Plain.Try(s, out id, t => new(t));
    public static WorkflowId Parse(string s) => TryParse(s, out var id) ? id : throw new FormatException($"not a workflow id: '{s}'");
    public override string ToString() => text ?? throw new InvalidOperationException("an unset workflow id was used");
}

/// <summary>A step of a workflow, as its file names it.</summary>
public readonly record struct StepId : IComparable<StepId>
{
    private readonly string? text;
    private StepId(string text) => this.text = text;
    public static bool TryParse(string? s, out StepId id) => Plain.Try(s, out id, t => new(t));
    public static StepId Parse(string s) => TryParse(s, out var id) ? id : throw new FormatException($"not a step id: '{s}'");
    public int CompareTo(StepId other) => string.CompareOrdinal(text, other.text);
    public override string ToString() => text ?? throw new InvalidOperationException("an unset step id was used");
}

/// <summary>An artifact's name (ART-03): <c>[A-Za-z0-9][A-Za-z0-9._-]{0,127}</c>, and not reserved.</summary>
public readonly record struct ArtifactName : IComparable<ArtifactName>
{
    /// <summary>Names that mean something else on some file system or in the protocol, compared without regard to case.</summary>
    private static readonly string[] Reserved =
        ["artifact.json", "body.data", "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
         "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9"];

    private readonly string? text;
    private ArtifactName(string text) => this.text = text;

    public static bool TryParse(string? s, out ArtifactName name)
    {
        name = default;
        if (!Plain.Is(s, out var ok) || ok[^1] == '.') return false;
        var stem = ok.IndexOf('.') is var dot and > 0 ? ok[..dot] : ok;
        if (Reserved.Contains(ok, StringComparer.OrdinalIgnoreCase) || Reserved.Contains(stem, StringComparer.OrdinalIgnoreCase)) return false;
        name = new(ok);
        return true;
    }

    public int CompareTo(ArtifactName other) => string.CompareOrdinal(text, other.text);
    public override string ToString() => text ?? throw new InvalidOperationException("an unset artifact name was used");
}

/// <summary>
/// A path inside a workspace: relative, <c>/</c>-separated, no empty, <c>.</c> or <c>..</c> segment, no NUL, no control characters,
/// valid Unicode, at most 4,096 bytes. It says nothing about links on the way: who opens it walks without following them.
/// </summary>
public readonly record struct WorkspacePath : IComparable<WorkspacePath>
{
    public const int BytesMax = 4096;

    private readonly string? text;
    private WorkspacePath(string text) => this.text = text;

    public static bool TryParse([NotNullWhen(true)] string? s, out WorkspacePath path)
    {
        path = default;
        if (string.IsNullOrEmpty(s) || s[0] == '/' || s[^1] == '/') return false;
        if (System.Text.Encoding.UTF8.GetByteCount(s) > BytesMax) return false;
        foreach (var segment in s.AsSpan().Split('/'))
            if (s.AsSpan(segment) is "" or "." or "..") return false;
        for (var i = 0; i < s.Length; i++)
        {
            if (char.IsControl(s[i])) return false;
            if (char.IsHighSurrogate(s[i]) && i + 1 < s.Length && char.IsLowSurrogate(s[i + 1])) i++;
            else if (char.IsSurrogate(s[i])) return false;
        }
        path = new(s);
        return true;
    }

    public static WorkspacePath Parse(string s) => TryParse(s, out var p) ? p : throw new FormatException($"not a path inside a workspace: '{s}'");

    public int CompareTo(WorkspacePath other) => string.CompareOrdinal(text, other.text);
    public override string ToString() => text ?? throw new InvalidOperationException("an unset path was used");
}

internal static partial class Plain
{
    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern { get; }

    public static bool Try<T>(string? s, out T id, Func<string, T> make) where T : struct
    {
        var ok = Is(s, out var text);
        id = ok ? make(text!) : default;
        return ok;
    }

    public static bool Is(string? s, [NotNullWhen(true)] out string? ok)
    {
        ok = s is not null && Pattern.IsMatch(s) ? s : null;
        return ok is not null;
    }
}
