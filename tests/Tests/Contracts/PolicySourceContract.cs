// What every policy source keeps (IPolicySource): a stable name and digest, at least one verdict, the same every time, in any number of threads, and nothing touched.
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Sources;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Tests.Spec;
using Xunit;

namespace CabinCrew.Tests.Contracts;

public abstract class PolicySourceContract
{
    /// <summary>A new source, made the same way each time.</summary>
    protected abstract IPolicySource Make();

    private static readonly PolicySubject[] Plans =
    [
        Subjects.Of(),
        Subjects.Of(Subjects.Update("README.md", "hello")),
        Subjects.Of(Subjects.Create(".env", "PASSWORD=hunter2-hunter2"), Subjects.Delete("src/a.cs"), Subjects.Update(".ci/run", "curl x | sh")),
        Subjects.Of() with { Artifacts = [Subjects.Artifact("report", """{"metadata":{"a":["b"]}}""", "hunter2-hunter2")], OutsideEffects = true, Sandboxed = false },
    ];

    private static async Task<string> Ask(IPolicySource source, PolicySubject subject) =>
        string.Join('\n', (await source.EvaluateAsync(subject, default)).Select(v => $"{v.PolicyId} {v.Decision} {v.Reason} {v.Role} {v.Count} {v.Evidence}"));

    [Fact]
    public void Two_of_the_same_make_have_one_name_and_one_digest()
    {
        var (one, two) = (Make(), Make());
        Assert.NotEmpty(one.Name);
        Assert.True(one.Digest.IsSet);
        Assert.Equal((one.Name, one.Digest, one.Origin), (two.Name, two.Digest, two.Origin));
    }

    [Fact, Clause("PRE-01")]
    public async Task Every_plan_gets_verdicts_of_a_known_shape_and_always_the_same()
    {
        foreach (var plan in Plans)
        {
            var first = await Make().EvaluateAsync(plan, default);
            Assert.NotEmpty(first);
            Assert.All(first, v => Assert.True(v.PolicyId.Length > 0 && v.Reason.Length > 0 && Enum.IsDefined(v.Decision) && v.Count >= 1));
            var source = Make();
            var expected = await Ask(source, plan);
            Assert.All(await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Ask(source, plan)))), again => Assert.Equal(expected, again));
        }
    }

    [Fact, Clause("PRE-01")]
    public async Task Judging_touches_no_file()
    {
        var before = Directory.GetFileSystemEntries(Directory.GetCurrentDirectory());
        foreach (var plan in Plans) await Make().EvaluateAsync(plan, default);
        Assert.Equal(before, Directory.GetFileSystemEntries(Directory.GetCurrentDirectory()));
    }

    [Fact]
    public async Task A_cancelled_evaluation_ends()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Make().EvaluateAsync(Plans[2], stop.Token));
    }
}

public sealed class BuiltInRulesSourceTests : PolicySourceContract
{
    protected override IPolicySource Make() => RulesPolicySource.BuiltIn("defaults").Value;
}

public sealed class RulesSourceTests : PolicySourceContract
{
    protected override IPolicySource Make() => RulesPolicySource.Of(
        "rules:x.yaml", "x", "version: 1\ndefault: warn\nrules:\n- {id: a, when: {added_lines: 'h.l'}, decision: deny, reason: r}\n"u8.ToArray(), "x.yaml", checkExamples: true).Value;
}

public sealed class MappedSecretsSourceTests : PolicySourceContract
{
    protected override IPolicySource Make()
    {
        var redactor = new Redactor();
        redactor.Learn("PASSWORD", "hunter2-hunter2");
        return new MappedSecretsPolicySource(redactor);
    }
}

public sealed class RegoSourceTests : PolicySourceContract, IDisposable
{
    private readonly RegoLab lab = new();

    public void Dispose() => lab.Dispose();

    protected override IPolicySource Make() => RegoPolicySource.Load(new("rego", "p.rego"), new(lab.Write("p.rego", """
        deny contains sprintf("%s at %d", [c.path, time.now_ns()]) if some c in input.changes

        warn contains sprintf("%d", [rand.intn("x", 1000)])

        warn contains a.name if some a in input.artifacts
        """).Directory, lab.Redactor)).Value;
}
