// The author's bench: what policy check finds, how tests are run and told, what coverage and JUnit say, and that nothing is half read.
using System.Text.RegularExpressions;
using System.Xml.Linq;
using CabinCrew.Governance.Policies.Rego.Authoring;
using CabinCrew.Protocol;
using CabinCrew.Rego.Syntax;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class PolicyAuthoringTests
{
    private const string Policy = """
        package cabincrew.preflight

        deny contains "too many" if input.totals.files_deleted > data.limits.deleted
        """;

    private static PolicyFiles Files(params (string, string)[] texts) => PolicyFiles.Of(texts);

    private static PolicyCheck Check(params (string, string)[] texts)
    {
        var files = Files(texts);
        return PolicyCheck.Of(files, PolicyCheck.SchemaFor(files, null).Value!);
    }

    private static PolicyTestReport Run(string tests, PolicyTestOptions? options = null)
    {
        var files = Files(("p.rego", Policy), ("p_test.rego", "package p_test\n\nimport data.cabincrew.preflight\n\n" + tests));
        var check = PolicyCheck.Of(files, new(null));
        Assert.True(check.Program is not null, string.Join('\n', check.Findings.Select(f => f.Error)));
        return PolicyTests.Run(check.Program, files, options ?? new(), default);
    }

    private static PolicyTestResult One(string tests) => Assert.Single(Run(tests).Results);

    [Theory]
    [InlineData("deny contains \"x\" if input.totals.file_deleted > 1", "rego_type_error", "files_deleted")]
    [InlineData("deny contains x if { x := input.step.id; count(1) > 0 }", "rego_type_error", "count")]
    [InlineData("deny contains x if x > 1", "rego_unsafe_var_error", "x")]
    [InlineData("deny contains msg { msg := 1 }", "rego_parse_error", "")]
    [InlineData("deny contains deny", "rego_recursion_error", "")]
    [InlineData("deny contains http.send({})", "rego_type_error", "")]
    public void What_is_wrong_is_an_error_with_its_place(string rule, string code, string says)
    {
        var check = Check(("p.rego", $"package cabincrew.preflight\n\n{rule}\n"));
        Assert.Null(check.Program);
        var finding = check.Errors.First();
        Assert.Equal(code, finding.Error.Code);
        Assert.Equal(3, finding.Error.Location.Row);
        Assert.Contains(says, finding.Error.ToString());
    }

    [Theory]
    [InlineData("dney contains \"x\" if input.totals.files_deleted > 1", "deny")]
    [InlineData("violation contains \"x\" if input.totals.files_deleted > 1", "deny")]
    [InlineData("allow if input.totals.files_deleted == 0", "decision")]
    [InlineData("decision := \"alow\"", "allow")]
    [InlineData("decision := true", "one of allow, warn")]
    [InlineData("deny := \"no\" if input.totals.files_deleted > 1", "deny contains")]
    public void What_is_hardly_meant_is_a_warning(string rule, string says)
    {
        var check = Check(("p.rego", $"package cabincrew.preflight\n\n{rule}\n"));
        Assert.NotNull(check.Program);
        Assert.Contains(check.Findings, f => f.IsWarning && f.Error.Message.Contains(says, StringComparison.Ordinal));
    }

    [Fact]
    public void A_package_that_nobody_asks_is_a_warning() =>
        Assert.Contains("cabincrew.preflight", Assert.Single(Check(("p.rego", Policy.Replace("preflight", "prefligth", StringComparison.Ordinal))).Findings, f => f.Error.Code == "near-package").Error.Message);

    [Fact]
    public void Two_tests_of_one_name_are_a_warning() =>
        Assert.Contains(Check(("p.rego", Policy), ("t.rego", "package p_test\n\ntest_a if 1 == 1\n\ntest_a if 2 == 3\n")).Findings, f => f.Error.Code == "same-test");

    [Fact]
    public void Packages_that_are_not_ours_are_checked_without_a_schema()
    {
        var check = Check(("p.rego", "package admission\n\ndeny contains \"x\" if input.request.kind\n"));
        Assert.False(check.HasInputSchema);
        Assert.NotNull(check.Program);
        Assert.True(PolicyCheck.SchemaFor(Files(("p.rego", Policy)), "none").Ok);
    }

    [Fact]
    public void Without_a_module_nothing_is_good() => Assert.Single(PolicyCheck.Of(Files(), new(null)).Errors);

    [Fact]
    public void A_test_that_is_true_passes()
    {
        var test = One("test_a if count(preflight.deny) == 1 with input as {\"totals\": {\"files_deleted\": 3}} with data.limits as {\"deleted\": 2}");
        Assert.Equal(PolicyTestOutcome.Passed, test.Outcome);
        Assert.Equal(("p_test", "test_a", 5), (test.Package, test.Name, test.Location.Row));
    }

    [Theory]
    [InlineData("test_a if 1 == 2")]
    [InlineData("test_a := false")]
    [InlineData("test_a := \"yes\"")]
    [InlineData("test_a if input.nothing")]
    public void Everything_but_true_fails(string test) => Assert.Equal(PolicyTestOutcome.Failed, One(test).Outcome);

    [Fact]
    public void A_failure_tells_what_did_not_hold_what_did_and_what_was_printed()
    {
        var test = One("test_a if {\n\tprint(\"looking at\", 3)\n\tfound := preflight.deny with input as {\"totals\": {\"files_deleted\": 3}} with data.limits as {\"deleted\": 2}\n\tfound == {\"something else\"}\n}");
        Assert.Equal(PolicyTestOutcome.Failed, test.Outcome);
        var missed = Assert.Single(test.Missed);
        Assert.Equal((8, "found == {\"something else\"}"), (missed.Location.Row, missed.Text));
        Assert.Contains(test.Fired, r => r.Path == "data.cabincrew.preflight.deny" && r.Location.Row == 3);
        Assert.Equal(["looking at 3"], test.Printed);
        Assert.Contains("p_test.rego:8:2: does not hold: found == {\"something else\"}", TestDocuments.Details(test));
    }

    [Fact]
    public void An_error_of_a_built_in_is_an_error_unless_the_author_says_otherwise()
    {
        const string test = "test_a if not to_number(\"x\") == 1";
        Assert.Equal(PolicyTestOutcome.Error, One(test).Outcome);
        Assert.Contains("to_number", One(test).Error!.Message);
        Assert.NotEqual(PolicyTestOutcome.Error, Assert.Single(Run(test, new(Strict: false)).Results).Outcome);
    }

    [Fact]
    public void What_is_to_be_done_is_named_and_not_run()
    {
        var test = One("todo_test_a if 1 == 2");
        Assert.Equal(PolicyTestOutcome.Todo, test.Outcome);
        Assert.True(Run("todo_test_a if 1 == 2").Passed);
    }

    private const string Cases = """
        test_add[tc.note] if {
        	some tc in [{"note": "small", "a": 1, "want": 2}, {"note": "wrong", "a": 2, "want": 2}, {"note": "large", "a": 3, "want": 4}]
        	got := tc.a + 1
        	got == tc.want
        }
        """;

    [Fact]
    public void A_test_with_cases_in_its_head_passes_where_each_of_them_holds()
    {
        var failed = One(Cases);
        Assert.Equal(PolicyTestOutcome.Failed, failed.Outcome);
        Assert.Equal([("small", true), ("wrong", false), ("large", true)], failed.Cases.Select(c => (c.Text, c.Passed)));
        Assert.Equal(["got == tc.want"], failed.Cases[1].Missed.Select(m => m.Text));
        Assert.Equal(["FAIL  wrong", "      p_test.rego:8:2: does not hold: got == tc.want"], TestDocuments.Details(failed).Take(2));
        Assert.Equal(PolicyTestOutcome.Passed, One(Cases.Replace("\"a\": 2", "\"a\": 1", StringComparison.Ordinal)).Outcome);
    }

    [Theory]
    [InlineData("test_a contains name if {\n\tsome name, ok in {\"x\": true, \"y\": false}\n\tok\n}", "x:True y:False")]
    [InlineData("test_a[name] := ok if some name, ok in {\"x\": true, \"y\": false}", "x:True y:False")]
    [InlineData("test_a[name] := name if some name in [\"x\"]", "x:False")]
    [InlineData("test_a[group][number] if {\n\tsome group, numbers in {\"g\": [1, 2]}\n\tsome number in numbers\n\tnumber > 1\n}", "g/1:False g/2:True")]
    [InlineData("test_a.x if 1 == 1\n\ntest_b if 1 == 1", "x:True")]
    [InlineData("test_a[sprintf(\"%d\", [n])] if {\n\tsome n in [1, 2]\n\tn == 2\n}", "1:False 2:True")]
    public void Cases_are_tried_one_by_one_whatever_the_head_is_made_of(string test, string cases) =>
        Assert.Equal(cases, string.Join(' ', Run(test).Results[0].Cases.Select(c => $"{c.Text}:{c.Passed}")));

    [Fact]
    public void A_test_that_tries_no_case_fails() => Assert.Equal(PolicyTestOutcome.Failed, One("test_a[name] if some name in input.nothing").Outcome);

    [Fact]
    public void Each_case_is_a_test_in_the_documents()
    {
        var report = Run(Cases);
        var suite = XDocument.Parse(TestDocuments.JUnit(report)).Root!.Elements("testsuite").Single();
        Assert.Equal(("3", "1"), ((string)suite.Attribute("tests")!, (string)suite.Attribute("failures")!));
        Assert.Equal(["test_add/small", "test_add/wrong", "test_add/large"], suite.Elements("testcase").Select(c => (string)c.Attribute("name")!));
        Assert.Equal("""[{"name":"small","result":"pass"},""", TestDocuments.Json(report)["tests"]![0]!["cases"]!.ToJsonString()[..34]);
    }

    [Fact]
    public void Tests_of_one_name_are_run_one_by_one()
    {
        var report = Run("test_a if 1 == 1\n\ntest_a if 1 == 2\n\ntest_a if 1 == 1\n");
        Assert.Equal([("test_a", PolicyTestOutcome.Passed), ("test_a#01", PolicyTestOutcome.Failed), ("test_a#02", PolicyTestOutcome.Passed)], report.Results.Select(r => (r.Name, r.Outcome)));
    }

    [Fact]
    public void Schemas_of_a_directory_are_what_annotations_name()
    {
        using var tree = new TempTree();
        tree.File("schemas/k8s/pod.json", """{"type":"object","properties":{"kind":{"type":"string"}}}""").File("schemas/README.md", "#").File("none/x.txt", "").File("bad/x.json", "{");
        const string policy = "# METADATA\n# schemas:\n# - input: schema.k8s.pod\npackage p\n\na if input.knd\n";
        var named = SchemaFiles.Read(Path.Combine(tree.Root, "schemas"), "schemas").Value!;
        Assert.Equal("undefined ref: input.knd", Assert.Single(PolicyCheck.Of(Files(("p.rego", policy)), new(null, named)).Errors).Error.Message);
        Assert.Empty(PolicyCheck.Of(Files(("p.rego", policy)), new(null)).Errors);
        Assert.Contains("no .json file", SchemaFiles.Read(Path.Combine(tree.Root, "none"), "none").Problem!.Message);
        Assert.Contains("x: schema is not JSON", SchemaFiles.Read(Path.Combine(tree.Root, "bad"), "bad").Problem!.Message);
    }

    [Fact]
    public void A_test_that_never_ends_is_an_error_in_time()
    {
        var report = Run("test_a if count([1 | some i in numbers.range(1, 3000); some j in numbers.range(1, 3000); i * j < 0]) > 0", new(Limits: new() { Time = TimeSpan.FromMilliseconds(200) }));
        var test = Assert.Single(report.Results);
        Assert.Equal(PolicyTestOutcome.Error, test.Outcome);
        Assert.StartsWith("eval_limit", test.Error!.Code, StringComparison.Ordinal);
        Assert.True(test.Time < TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Tests_are_chosen_by_their_path()
    {
        var report = Run("test_a if 1 == 1\n\ntest_b if 1 == 2\n", new(Run: new Regex("p_test\\.test_a$", RegexOptions.NonBacktracking)));
        Assert.Equal(["test_a"], report.Results.Select(r => r.Name));
    }

    [Fact]
    public void Coverage_tells_the_lines_that_were_not_reached()
    {
        var files = Files(("p.rego", "package p\n\na if {\n\tinput.x\n}\n\nb if {\n\tinput.y\n}\n"), ("p_test.rego", "package p_test\n\ntest_a if data.p.a with input as {\"x\": 1}\n"));
        var report = PolicyTests.Run(PolicyCheck.Of(files, new(null)).Program!, files, new(Coverage: true), default);
        var policy = Assert.Single(report.Coverage, f => f.File == "p.rego");
        Assert.Equal([7, 8], policy.UncoveredRows);
        Assert.InRange(report.CoveragePercent, 50, 80);
        var json = TestDocuments.Coverage(report);
        Assert.Equal("""[{"start":{"row":7},"end":{"row":8}}]""", json["files"]!["p.rego"]!["not_covered"]!.ToJsonString());
    }

    [Fact]
    public void Results_as_junit_are_well_formed_and_complete()
    {
        var report = Run("test_a if 1 == 1\n\ntest_b if {\n\tprint(\"<&\\u0001>\")\n\t1 == 2\n}\n\ntodo_test_c if 1 == 1\n\ntest_d if to_number(\"x\")\n");
        var root = XDocument.Parse(TestDocuments.JUnit(report)).Root!;
        Assert.Equal(("4", "1", "1", "1"), ((string)root.Attribute("tests")!, (string)root.Attribute("failures")!, (string)root.Attribute("errors")!, (string)root.Attribute("skipped")!));
        var cases = root.Elements("testsuite").Single().Elements("testcase").ToDictionary(c => (string)c.Attribute("name")!);
        Assert.Contains("1 == 2", cases["test_b"].Element("failure")!.Value);
        Assert.Equal("<&\uFFFD>", cases["test_b"].Element("system-out")!.Value);
        Assert.NotNull(cases["todo_test_c"].Element("skipped"));
        Assert.NotNull(cases["test_d"].Element("error"));
    }

    [Fact]
    public void Directories_files_and_archives_are_read_alike()
    {
        using var tree = new TempTree();
        tree.File("p/a/x.rego", "package a\n").File("p/a/limits/data.yaml", "deleted: 2\n").File("p/data.json", "{\"b\":1}").File("more.yaml", "c: 3\n").File("y.rego", "package y\n");
        var files = PolicyFiles.Read(["p", "p/a/x.rego", "y.rego", "more.yaml"], tree.Root).Value!;
        Assert.Equal(["p/a/x.rego", "y.rego"], files.Modules.Select(m => m.Name));
        Assert.Equal("""{"a": {"limits": {"deleted": 2}}, "b": 1, "c": 3}""", files.Data.ToString());
    }

    [Fact]
    public void All_files_with_faults_are_told_not_only_the_first()
    {
        using var tree = new TempTree();
        tree.File("p/a.rego", "pakcage a\n").File("p/b.rego", "package b\n\nx := \n").File("p/c.rego", [0x70, 0xff]);
        var files = PolicyFiles.Read(["p"], tree.Root).Value!;
        Assert.Equal(["p/a.rego", "p/b.rego", "p/c.rego"], files.Errors.Select(e => e.Location.File).Distinct());
        Assert.Null(PolicyCheck.Of(files, new(null)).Program);
    }

    [Theory]
    [InlineData("nowhere", "there is no file or directory 'nowhere'")]
    [InlineData("x.txt", "neither a policy nor data")]
    [InlineData("bad.json", "data.json")]
    [InlineData("x.tar.gz", "refused")]
    public void What_cannot_be_read_is_refused(string path, string says)
    {
        using var tree = new TempTree();
        tree.File("x.txt", "").File("bad.json", "{").File("x.tar.gz", "no archive");
        Assert.Contains(says, PolicyFiles.Read([path], tree.Root).Problem!.Message);
    }

    [Fact]
    public void Rego_before_1_0_is_read_where_the_author_says_so()
    {
        using var tree = new TempTree();
        tree.File("p.rego", "package p\n\na { input.x }\n");
        var modern = PolicyFiles.Read(["p.rego"], tree.Root).Value!;
        Assert.Contains("--v0-compatible", PolicyCheck.Of(modern, new(null)).Findings[0].Advice);
        Assert.Empty(PolicyFiles.Read(["p.rego"], tree.Root, RegoVersion.V0).Value!.Errors);
    }
}
