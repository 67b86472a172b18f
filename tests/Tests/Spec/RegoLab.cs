// A directory with Rego in it, and what a policy set made of it says.
using System.Text.Json;
using CabinCrew.Governance.Policies;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class RegoLab : IDisposable
{
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("cabincrew-rego-").FullName;

    public Redactor Redactor { get; } = new();

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);

    /// <summary>A module of the package that is asked; a text that begins with <c>package</c> is taken whole.</summary>
    public RegoLab Write(string path, string text)
    {
        var full = Path.Combine(Directory, path);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, path.EndsWith(".rego", StringComparison.Ordinal) && !text.StartsWith("package", StringComparison.Ordinal) ? $"package cabincrew.preflight\n\n{text}\n" : text);
        return this;
    }

    public Outcome<PolicySet> Load(string value = "p.rego", RegoPolicyOptions? options = null, TimeSpan? limit = null) =>
        PolicySet.Load([new("rego", value) { Rego = options }], Directory, AggregationMethod.MostRestrictive, limit ?? TimeSpan.FromSeconds(20), Redactor);

    public string Refused(string value = "p.rego", RegoPolicyOptions? options = null)
    {
        var problem = Load(value, options).Problem;
        Assert.Equal(ProblemCode.PolicyInvalid, problem?.Code);
        Assert.NotEmpty(problem!.Remedy ?? "");
        return problem.Message;
    }

    /// <summary>Without what the sources say that are part of every set.</summary>
    public async Task<Judgement> JudgeAsync(PolicySubject? subject = null, string value = "p.rego", RegoPolicyOptions? options = null, TimeSpan? limit = null)
    {
        var judged = await Load(value, options, limit).Value.JudgeAsync(subject ?? Subjects.Of(Subjects.Update("src/a.cs", "x")), TimeProvider.System, default);
        return judged with { Evaluations = [.. judged.Evaluations.Where(e => e.PolicyId is not ("mapped-secrets" or "detectors/scanned"))] };
    }

    public async Task<string> DeniedAsync(PolicySubject? subject = null, TimeSpan? limit = null)
    {
        var judged = await JudgeAsync(subject, limit: limit);
        Assert.Equal(Decision.Deny, judged.Decision);
        return Assert.Single(judged.Violations);
    }

    public static IReadOnlyList<string> Texts(PolicyEvaluation evaluation, string member) =>
        evaluation.Evidence is { } evidence && evidence.TryGetProperty(member, out var list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray().Select(e => e.GetString()!)] : [];
}
