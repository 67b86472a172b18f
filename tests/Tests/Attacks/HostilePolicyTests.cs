// Policies and plans that try to get past the judgement: typing errors that would weaken a rule, patterns that explode, rules that a plan could talk into.
using System.Diagnostics;
using System.Text;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Sources;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Tests.Spec;
using Xunit;

namespace CabinCrew.Tests.Attacks;

public sealed class HostilePolicyTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("cabincrew-policy-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private static Outcome<IPolicySource> Read(string yaml) => RulesPolicySource.Of("rules:t.yaml", "t", Encoding.UTF8.GetBytes(yaml), "t.yaml", checkExamples: true);

    [Theory, Clause("PRE-04")]
    [InlineData("version: 1\nrules:\n- {id: a, when: {paths: x}, decision: deny, reason: r}", "t.yaml:1:1: 'default' is missing")]
    [InlineData("version: 1\ndefault: allow\nrules: []", "expected 1 to 500 rules, found 0")]
    [InlineData("version: 1\ndefault: allow", "'rules' is missing")]
    [InlineData("version: 1\ndefault: alow\nrules:\n- {id: a, when: {paths: x}, decision: deny, reason: r}", "did you mean 'allow'?")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, when: {pathes: x}, decision: deny, reason: r}", "t.yaml:4:18: unknown key 'pathes'; did you mean 'paths'?")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, when: {added_line: x}, decision: deny, reason: r}", "did you mean 'added_lines'?")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, when: {change: creat}, decision: deny, reason: r}", "did you mean 'create'?")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, when: {}, decision: deny, reason: r}", "'when' has no condition")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, decision: deny, reason: r}", "'when' is missing")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, when: {paths: []}, decision: deny, reason: r}", "expected 1 to 200 patterns")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, when: {paths: '!x'}, decision: deny, reason: r}", "only exclusions")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, when: {paths: '../x'}, decision: deny, reason: r}", "relative to the workspace")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, when: {paths: '[a-z]'}, decision: deny, reason: r}", "mean nothing here")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, when: {paths: '{a,b'}, decision: deny, reason: r}", "braces")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, when: {paths: 'a**b'}, decision: deny, reason: r}", "stand alone")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, when: {paths: '{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}'}, decision: deny, reason: r}", "alternatives")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, when: {added_lines: '('}, decision: deny, reason: r}", "no regular expression")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, when: {added_lines: '(?=x)'}, decision: deny, reason: r}", "backtracking")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, when: {added_lines: '(a)\\1'}, decision: deny, reason: r}", "backtracking")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, when: {added_lines: '((a{1,900}){1,900}){1,900}'}, decision: deny, reason: r}", "too large")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, when: {paths: x}, decision: deny, role: security, reason: r}", "go with 'decision: require_approval' only")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, when: {paths: x}, decision: require_approval, count: 0, reason: r}", "from 1 to 20")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, when: {paths: x}, decision: deny, reason: r}\n- {id: a, when: {paths: y}, decision: warn, reason: r}", "the rule id 'a' is taken")]
    [InlineData("version: 1\ndefault: deny\nrules:\n- {id: a, when: {added_lines: '// ok'}, decision: allow, reason: r}", "whoever makes the plan could add")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, when: {paths: '*.cs'}, decision: deny, reason: r, examples: {match: [a.cs, b.md]}}", "t.yaml:4:86: the rule 'a' does not match this example")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, when: {paths: '*.cs'}, decision: deny, reason: r, examples: {no_match: [a.cs]}}", "matches this example, which it must not")]
    [InlineData("version: 1\ndefault: allow\nrules:\n- {id: a, when: {paths: '*.cs'}, decision: deny, reason: r, examples: {match: [{path: a.cs, chnge: create}]}}", "did you mean 'change'?")]
    public void A_rules_file_that_might_not_mean_what_its_author_thinks_is_refused(string yaml, string says)
    {
        var read = Read(yaml);
        Assert.Equal(ProblemCode.PolicyInvalid, read.Problem!.Code);
        Assert.Contains(says, read.Problem.Message);
    }

    [Theory]
    [InlineData("(a+)+$")]
    [InlineData("(a|aa)+$")]
    [InlineData("(.*)*x")]
    [InlineData("^(([a-z])+.)+[A-Z]([a-z])+$")]
    public async Task A_pattern_that_explodes_elsewhere_stays_linear(string pattern)
    {
        var read = Read($"version: 1\ndefault: deny\nrules:\n- {{id: a, when: {{added_lines: '{pattern}'}}, decision: deny, reason: r}}");
        Assert.True(read.Ok, read.Problem?.Message);
        var clock = Stopwatch.StartNew();
        await read.Value.EvaluateAsync(Subjects.Of(Subjects.Update("a", new string('a', 50_000) + "!")), default);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"took {clock.Elapsed}");
    }

    [Fact]
    public async Task A_plan_of_many_files_is_judged_in_time()
    {
        var set = PolicySet.Load([new("builtin", "defaults")], "/", AggregationMethod.MostRestrictive, TimeSpan.FromSeconds(60), new Redactor()).Value;
        var subject = Subjects.Of([.. Enumerable.Range(0, 3000).Select(i => Subjects.Update($"src/deep/tree/of/{i % 50}/file{i}.cs", "some line of code();", "another = one;"))]);
        var clock = Stopwatch.StartNew();
        var judged = await set.JudgeAsync(subject, TimeProvider.System, default);
        Assert.Equal(Decision.RequireApproval, judged.Decision);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"took {clock.Elapsed}");
        Assert.All(judged.Evaluations, e => Assert.True((e.Evidence?.GetRawText().Length ?? 0) < 20_000));
    }

    [Fact]
    public void A_policy_path_that_is_a_directory_a_device_or_nothing_is_refused()
    {
        foreach (var path in (string[])[".", "/dev/zero", "none.yaml", "a\0b"])
            Assert.Equal(ProblemCode.PolicyInvalid, PolicySet.Load([new("rules", path)], directory, AggregationMethod.MostRestrictive, TimeSpan.FromSeconds(1), new Redactor()).Problem!.Code);
    }

    [Theory]
    [InlineData("deploy/.ENV", "API_TOKEN=abcdefgh12345678")]
    [InlineData("sub/.Git/hooks/x", "x")]
    public async Task Writing_a_name_in_capitals_escapes_no_prohibition(string path, string line)
    {
        var set = PolicySet.Load([new("builtin", "defaults")], "/", AggregationMethod.MostRestrictive, TimeSpan.FromSeconds(30), new Redactor()).Value;
        Assert.Equal(Decision.Deny, (await set.JudgeAsync(Subjects.Of(Subjects.Create(path, line)), TimeProvider.System, default)).Decision);
    }
}
