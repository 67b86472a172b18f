// Plans to be judged, made for tests.
using System.Text;
using System.Text.Json;
using CabinCrew.Governance.Policies;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Wire;
using Xunit;

namespace CabinCrew.Tests.Spec;

internal static class Subjects
{
    public static readonly JsonElement Nothing = JsonDocument.Parse("{}").RootElement.Clone();

    public static PolicySubject Of(params JudgedChange[] changes) => new()
    {
        Tenant = TenantId.Local,
        WorkflowId = WorkflowId.Parse("wf-1"),
        WorkflowName = "tidy",
        StepId = StepId.Parse("headers"),
        Requester = "rita",
        Now = DateTimeOffset.UnixEpoch,
        EngineId = "patch",
        OutsideEffects = false,
        Sandboxed = true,
        Config = Nothing,
        Context = Nothing,
        Artifacts = [],
        Changes = [.. changes.OrderBy(c => c.Change.Path)],
    };

    public static JudgedChange Update(string path, params string[] added) => Change(path, FileKind.Regular, FileKind.Regular, added);

    public static JudgedChange Create(string path, params string[] added) => Change(path, null, FileKind.Regular, added);

    public static JudgedChange Delete(string path) => Change(path, FileKind.Regular, null, []);

    public static JudgedChange Change(string path, FileKind? before, FileKind? after, string[] added, bool binary = false) => new(
        new(WorkspacePath.Parse(path), before is { } b ? new(b, Digest.Of("a"u8), 1) : null, after is { } a ? new(a, Digest.Of("b"u8), 1) : null),
        binary, [.. added.Select((t, i) => new NumberedLine(i + 1, t))], []);

    public static JudgedArtifact Artifact(string name, string document, string? body = null, ArtifactRole role = ArtifactRole.Evidence)
    {
        var metadata = JsonDocument.Parse(document).RootElement.Clone();
        Assert.True(ArtifactName.TryParse(name, out var parsed));
        return new(parsed, role, "report", "write", null, metadata.TryGetProperty("metadata", out var m) ? m : Nothing,
            Encoding.UTF8.GetBytes(document), body is null ? null : Encoding.UTF8.GetBytes(body));
    }
}

/// <summary>A source that says what it is told, or misbehaves as it is told.</summary>
internal sealed class ScriptedSource(string name, Func<CancellationToken, ValueTask<IReadOnlyList<PolicyVerdict>>> answer) : IPolicySource
{
    public ScriptedSource(string name, params PolicyVerdict[] verdicts) : this(name, _ => new(verdicts)) { }

    public string Name => name;
    public PolicyOrigin Origin => PolicyOrigin.Custom;
    public Digest Digest { get; } = Digest.Of(Encoding.UTF8.GetBytes(name));
    public int Asked { get; private set; }

    public ValueTask<IReadOnlyList<PolicyVerdict>> EvaluateAsync(PolicySubject subject, CancellationToken ct)
    {
        Asked++;
        return answer(ct);
    }
}
