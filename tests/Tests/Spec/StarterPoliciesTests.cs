// The starter library in policies/: its own tests pass and reach nearly everything, it is formatted and without findings, and its twins of `builtin: defaults` decide alike.
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Rego;
using CabinCrew.Governance.Policies.Rego.Authoring;
using CabinCrew.Governance.Policies.Rules;
using CabinCrew.Governance.Policies.Sources;
using CabinCrew.Governance.Yaml;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Wire;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax.Formatting;
using CabinCrew.Rego.Values;
using CabinCrew.Tests.Tidy;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class StarterPoliciesTests
{
    private const double CoverageMin = 97;

    private static readonly PolicyFiles Library = Read("policies");
    private static readonly PolicyCheck Checked = PolicyCheck.Of(Library, PolicyCheck.SchemaFor(Library, null).Value!);

    // Only twins: the rest of the library says more than the defaults do.
    private static readonly Lazy<PreparedQuery> Twins = new(() =>
    {
        var files = PolicyFiles.Of(StarterPages.All.Where(p => p.Twins.Count > 0).Select(p => p.Name).Append("findings").Select(n => ($"{n}.rego", StarterPolicies.Text($"{n}.rego"))));
        var check = PolicyCheck.Of(files, PolicyCheck.SchemaFor(files, null).Value!);
        return check.Program!.Prepare("data.cabincrew.preflight").Value!;
    });

    [Fact]
    public void The_library_has_no_finding() => Repository.None(Checked.Findings.Select(f => f.Error.ToString()), "Findings of policy check:");

    [Fact]
    public void Its_input_is_checked_by_the_schema() => Assert.True(Checked.HasInputSchema);

    [Fact]
    public void Its_tests_pass()
    {
        var report = PolicyTests.Run(Checked.Program!, Library, new(), default);
        Assert.True(report.Results.Count > 100);
        Repository.None(report.Results.Where(r => r.Outcome != PolicyTestOutcome.Passed).Select(r => $"{r.Package}.{r.Name}: {string.Join("; ", TestDocuments.Details(r))}"), "Tests that do not pass:");
    }

    [Fact]
    public void Its_tests_reach_nearly_every_line()
    {
        var report = PolicyTests.Run(Checked.Program!, Library, new(Coverage: true), default);
        Repository.None(report.Coverage.Where(f => f.Percent < CoverageMin && !f.File.EndsWith("testing.rego", StringComparison.Ordinal)).Select(f => $"{f.File}: {f.Percent:0.0} %, not reached: {string.Join(", ", f.UncoveredRows)}"), "Too little coverage:");
    }

    [Fact]
    public void It_is_formatted() =>
        Repository.None(Library.Modules.Where(m => RegoFormatter.Format(m.Module!) != m.Text).Select(m => m.Name), "Run `cabincrew policy fmt --write`:");

    [Fact]
    public void Every_policy_has_tests() =>
        Repository.None(StarterPolicies.Names.Append("findings").Where(n => !StarterPolicies.Files.Contains($"{n}_test.rego")), "Policies without tests:");

    [Fact]
    public void The_program_ships_what_the_repository_has()
    {
        Assert.Equal(Repository.Files.Where(f => f.StartsWith("policies/", StringComparison.Ordinal)).Select(f => f["policies/".Length..]), StarterPolicies.Files);
        foreach (var file in StarterPolicies.Files) Assert.Equal(Repository.Text($"policies/{file}"), StarterPolicies.Text(file));
    }

    [Theory]
    [InlineData("freeze")]
    [InlineData("protected_paths")]
    [InlineData("terraform")]
    public void A_single_policy_stands_on_its_own(string name)
    {
        using var tree = new TempTree();
        Assert.True(StarterPolicies.Write(tree["p"], [name]).Ok);
        var files = PolicyFiles.Read(["p"], tree.Root).Value!;
        var check = PolicyCheck.Of(files, PolicyCheck.SchemaFor(files, null).Value!);
        Assert.Empty(check.Findings);
        var report = PolicyTests.Run(check.Program!, files, new(), default);
        Assert.NotEmpty(report.Results);
        Assert.True(report.Passed);
    }

    [Fact]
    public void Nothing_is_overwritten()
    {
        using var tree = new TempTree();
        tree.File("p/freeze.rego", "mine");
        Assert.Contains("there already", StarterPolicies.Write(tree["p"], []).Problem!.Message);
        Assert.Single(Directory.GetFiles(tree["p"]));
        Assert.Contains("did you mean 'freeze'?", StarterPolicies.Write(tree["q"], ["freze"]).Problem!.Message);
        Assert.False(Directory.Exists(tree["q"]));
    }

    [Fact]
    public void Every_default_rule_has_a_twin()
    {
        var rules = Defaults().Rules.Select(r => r.Id).Append("default").Order(StringComparer.Ordinal);
        Assert.Equal(rules, StarterPages.All.SelectMany(p => p.Twins).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_twins_decide_like_the_defaults_on_every_example_of_theirs()
    {
        var plans = Examples();
        Assert.True(plans.Count > 100);
        foreach (var plan in plans) await SameAsync(plan);
    }

    [Fact]
    public async Task The_twins_decide_like_the_defaults_on_mixtures_of_them()
    {
        var changes = Examples().Where(p => p.Changes.Count is > 0 and < 5).SelectMany(p => p.Changes).ToArray();
        var random = new Random(20260302);
        for (var i = 0; i < 200; i++)
        {
            var some = Enumerable.Range(0, random.Next(1, 9)).Select(_ => changes[random.Next(changes.Length)]).DistinctBy(c => c.Change.Path).OrderBy(c => c.Change.Path);
            await SameAsync(Subjects.Of([.. some]) with { OutsideEffects = random.Next(8) == 0, Sandboxed = random.Next(8) > 0 });
        }
    }

    private static async Task SameAsync(PolicySubject plan)
    {
        var rules = await RulesPolicySource.BuiltIn(BuiltInRules.DefaultsName).Value!.EvaluateAsync(plan, default);
        var theirs = rules.Where(v => v.Decision != Decision.Allow).Select(v => $"{v.PolicyId["defaults/".Length..]} {v.Decision.Word()} {v.Role} {v.Count}").Order(StringComparer.Ordinal);
        Assert.True(InputDocument.Write(plan, new Redactor()).Try(out var document, out _));
        var answers = Twins.Value.Evaluate(Value.FromJson(document.Span), null, new() { NowNanoseconds = (plan.Now - DateTimeOffset.UnixEpoch).Ticks * 100 });
        Assert.Null(answers.Error);
        using var answer = System.Text.Json.JsonDocument.Parse(answers.Value!.ToJson());
        Assert.True(RegoDecision.Read(answer.RootElement, "p").Try(out var verdicts, out var problem), problem?.Message);
        var ours = verdicts.Where(v => v.Decision != Decision.Allow).Select(v => $"{v.PolicyId["p/".Length..]} {v.Decision.Word()} {v.Role} {v.Count}").Order(StringComparer.Ordinal);
        Assert.True(theirs.SequenceEqual(ours), $"{string.Join(", ", plan.Changes.Select(c => $"{c.Change.Word} {c.Change.Path}"))}\n  the defaults: {string.Join("; ", theirs)}\n  their twins:  {string.Join("; ", ours)}");
    }

    private static RulesFile Defaults() => ((RulesPolicySource)RulesPolicySource.BuiltIn(BuiltInRules.DefaultsName).Value!).File;

    private static List<PolicySubject> Examples()
    {
        var map = YamlNodes.Read(BuiltInRules.Text(BuiltInRules.DefaultsName), "defaults.yaml", ProblemCode.PolicyInvalid).Value!;
        return
        [
            .. from rule in map.TakeList("rules")!.Items.Cast<YamlMap>()
               let examples = rule.TakeMap("examples")
               where examples is not null
               from key in (string[])["match", "no_match"]
               let list = examples.TakeList(key)
               where list is not null
               from item in list.Items
               select RuleExamples.Subject(item)!,
        ];
    }

    private static PolicyFiles Read(string path)
    {
        var read = PolicyFiles.Read([path], Repository.Root);
        Assert.True(read.Ok, read.Problem?.Message);
        return read.Value;
    }
}
