// ART-07: a mapped secret's value anywhere in what an engine hands over is a deny, in any usual encoding.
using System.Text;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Sources;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using Xunit;
using static CabinCrew.Tests.Spec.Subjects;

namespace CabinCrew.Tests.Spec;

public sealed class MappedSecretsTests
{
    private const string Secret = "s3cret/Value+9";

    private static async Task<IReadOnlyList<PolicyVerdict>> Ask(PolicySubject subject)
    {
        var redactor = new Redactor();
        redactor.Learn("API_TOKEN", Secret);
        return await new MappedSecretsPolicySource(redactor).EvaluateAsync(subject, default);
    }

    public static TheoryData<string> Encodings =>
    [
        Secret, Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret)), Convert.ToBase64String(Encoding.UTF8.GetBytes("x" + Secret)),
        Convert.ToHexStringLower(Encoding.UTF8.GetBytes(Secret)), Uri.EscapeDataString(Secret),
    ];

    [Theory, Clause("ART-07"), MemberData(nameof(Encodings))]
    public async Task In_a_body_or_in_metadata_it_is_a_deny_that_names_the_secret_and_never_its_value(string spelled)
    {
        foreach (var artifact in (JudgedArtifact[])[Artifact("a", "{}", $"before {spelled} after"), Artifact("a", $$$"""{"metadata":{"x":["y {{{spelled}}}"]}}""")])
        {
            var verdict = Assert.Single(await Ask(Of() with { Artifacts = [artifact] }));
            Assert.Equal(Decision.Deny, verdict.Decision);
            Assert.Contains("API_TOKEN", verdict.Reason);
            Assert.DoesNotContain(Secret, verdict.Reason);
        }
    }

    [Fact, Clause("ART-07")]
    public async Task Spelled_with_json_escapes_or_as_a_member_name_it_is_found_too()
    {
        var escaped = string.Concat(Secret.Select(c => $"\\u{(int)c:x4}"));
        Assert.Equal(Decision.Deny, Assert.Single(await Ask(Of() with { Artifacts = [Artifact("a", $$$"""{"metadata":{"x":"{{{escaped}}}"}}""")] })).Decision);
        Assert.Equal(Decision.Deny, Assert.Single(await Ask(Of() with { Artifacts = [Artifact("a", $$$"""{"metadata":{"{{{escaped}}}":1}}""")] })).Decision);
    }

    [Fact, Clause("ART-07")]
    public async Task In_a_changed_line_or_a_path_it_is_a_deny()
    {
        Assert.Equal(Decision.Deny, Assert.Single(await Ask(Of(Update("a.txt", $"token={Secret}")))).Decision);
        Assert.Equal(Decision.Deny, Assert.Single(await Ask(Of(Create($"dir/{Secret}")))).Decision);
    }

    [Fact, Clause("ART-07")]
    public async Task Nothing_found_is_said_as_well() =>
        Assert.Equal("no mapped secret in any artifact", Assert.Single(await Ask(Of(Update("a.txt", "fine")) with { Artifacts = [Artifact("a", "{}", "fine")] })).Reason);

    [Fact, Clause("ART-07")]
    public async Task A_leak_is_outvoted_by_no_majority()
    {
        var redactor = new Redactor();
        redactor.Learn("API_TOKEN", Secret);
        PolicyVerdict yes = new("x", Decision.Allow, "fine");
        var set = PolicySet.Of([new ScriptedSource("a", yes), new ScriptedSource("b", yes), new MappedSecretsPolicySource(redactor)], AggregationMethod.Majority, TimeSpan.FromSeconds(5), redactor).Value;
        var judged = await set.JudgeAsync(Of() with { Artifacts = [Artifact("a", "{}", Secret)] }, TimeProvider.System, default);
        Assert.Equal(Decision.Deny, judged.Decision);
        var loaded = PolicySet.Load([new("builtin", "defaults")], "/", AggregationMethod.Majority, TimeSpan.FromSeconds(5), redactor).Value;
        Assert.Contains("mapped-secrets", loaded.SourceNames);
    }
}
