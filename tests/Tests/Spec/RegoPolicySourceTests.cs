// PRE-05: Rego in the house. What a package may answer, what is refused when it is loaded, and what is told of the rules that spoke.
using CabinCrew.Governance.Policies;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class RegoPolicySourceTests : IDisposable
{
    private readonly RegoLab lab = new();

    public void Dispose() => lab.Dispose();

    [Fact, Clause("PRE-05")]
    public async Task Each_message_is_a_verdict_that_names_the_rule_by_file_and_line()
    {
        lab.Write("policies/a.rego", """
            deny contains msg if {
              some change in input.changes
              startswith(change.path, "src/")
              msg := sprintf("%s is not yours", [change.path])
            }

            deny contains {"msg": "never", "id": "on-sunday"} if input.totals.files_changed > 100
            """)
            .Write("policies/b.rego", """
            require_approval contains {"msg": "ask", "role": "security", "count": 2, "evidence": {"files": [c.path]}} if some c in input.changes

            warn contains "look twice"
            """);
        var judged = await lab.JudgeAsync(value: "policies");
        Assert.Equal(
            [("cabincrew.preflight/deny", Decision.Deny, "src/a.cs is not yours"), ("cabincrew.preflight/require_approval", Decision.RequireApproval, "ask"), ("cabincrew.preflight/warn", Decision.Warn, "look twice")],
            judged.Evaluations.Select(e => (e.PolicyId, e.Decision, e.Reason!)));
        Assert.Equal([["policies/a.rego:3"], ["policies/b.rego:3"], ["policies/b.rego:5"]], judged.Evaluations.Select(e => RegoLab.Texts(e, "rules")));
        Assert.Equal(["src/a.cs"], judged.Evaluations[1].Evidence!.Value.GetProperty("evidence").GetProperty("files").EnumerateArray().Select(f => f.GetString()));
        Assert.All(judged.Evaluations, e => Assert.Equal(PolicyOrigin.Opa, e.Source));
    }

    [Fact, Clause("PRE-05")]
    public async Task The_first_verdict_tells_which_document_was_judged_and_every_rule_that_held()
    {
        lab.Write("p.rego", """
            deny contains msg if {
              touched
              msg := "no"
            }

            touched if input.totals.files_changed > 0

            idle if input.totals.files_changed == 0
            """);
        var first = Assert.Single((await lab.JudgeAsync()).Evaluations);
        Assert.StartsWith("sha256:", first.Evidence!.Value.GetProperty("input").GetString(), StringComparison.Ordinal);
        Assert.Equal(["p.rego:3 data.cabincrew.preflight.deny", "p.rego:8 data.cabincrew.preflight.touched"], RegoLab.Texts(first, "held").Order(StringComparer.Ordinal));
    }

    [Fact, Clause("PRE-05")]
    public async Task A_message_that_a_root_package_collects_is_told_with_the_rule_that_gave_it()
    {
        lab.Write("p/root.rego", "deny contains msg if some msg in data.cabincrew.preflight.secrets.deny")
            .Write("p/secrets.rego", "package cabincrew.preflight.secrets\n\ndeny contains \"a secret\" if input.totals.files_changed == 1\n");
        var judged = await lab.JudgeAsync(value: "p");
        Assert.Equal(["p/secrets.rego:3", "p/root.rego:3"], RegoLab.Texts(Assert.Single(judged.Evaluations), "rules"));
    }

    [Theory, Clause("PRE-05")]
    [InlineData("decision := \"allow\"", Decision.Allow)]
    [InlineData("default decision := \"deny\"\n\ndecision := \"warn\" if input.totals.files_changed == 1", Decision.Warn)]
    [InlineData("default decision := \"deny\"\n\ndecision := \"allow\" if input.totals.files_changed == 7", Decision.Deny)]
    [InlineData("decision := {\"decision\": \"require_approval\", \"msg\": \"ask\", \"role\": \"lead\"}", Decision.RequireApproval)]
    [InlineData("deny contains \"x\" if false", Decision.Allow)]
    [InlineData("deny := [\"x\"]", Decision.Deny)]
    public async Task A_package_may_decide_in_one_word_or_by_messages(string module, Decision expected) =>
        Assert.Equal(expected, (await lab.Write("p.rego", module).JudgeAsync()).Decision);

    [Theory, Clause("PRE-04")]
    [InlineData("deny := true", "not a set of messages")]
    [InlineData("deny contains 7", "expected a message")]
    [InlineData("deny contains {\"message\": \"x\"}", "has no 'msg'")]
    [InlineData("warn contains {\"msg\": \"x\", \"role\": \"lead\"}", "go with require_approval only")]
    [InlineData("require_approval contains {\"msg\": \"x\", \"count\": 0}", "whole number")]
    [InlineData("decision := \"alow\"", "did you mean 'allow'")]
    [InlineData("decision := 1", "not a word")]
    [InlineData("deny := [\"x\"] if input.totals.files_changed > 5", "it has none of")]
    public async Task An_answer_of_an_unknown_shape_is_a_deny_that_says_what_is_expected(string module, string says)
    {
        var why = await lab.Write("p.rego", module).DeniedAsync();
        Assert.Contains(says, why);
        Assert.Contains("policy_failed: the policy 'rego:p.rego' gave no usable answer, which counts as deny", why);
    }

    [Theory, Clause("PRE-04")]
    [InlineData("deny contains \"x\" if to_number(input.changes[0].path) > 3", "to_number")]
    [InlineData("deny contains \"x\" if 1 / (input.totals.files_changed - 1) > 3", "divide by zero")]
    [InlineData("deny contains \"x\" if time.parse_rfc3339_ns(input.workflow.name) > 3", "parse")]
    public async Task An_error_in_a_built_in_is_a_deny_and_never_a_rule_that_is_silently_undefined(string module, string says)
    {
        var why = await lab.Write("p.rego", module).DeniedAsync();
        Assert.Contains(says, why);
        Assert.Contains("p.rego:3:", why);
    }

    [Theory, Clause("PRE-04"), Clause("PRE-05")]
    [InlineData("deny contains \"x\" if input.chnges[_].path == \"a\"", "p.rego:3:", "input.chnges", "changes")]
    [InlineData("deny contains \"x\" if input.requester.nam == \"a\"", "p.rego:3:", "nam", "name")]
    [InlineData("deny contains \"x\" if concat(\",\", 5) == \"a\"", "p.rego:3:", "rego_type_error", "concat")]
    [InlineData("deny contains \"x\" if no_such_thing(5)", "p.rego:3:", "rego_type_error", "no_such_thing")]
    [InlineData("deny contains x if y := 1", "p.rego:3:", "rego_unsafe_var_error", "x")]
    [InlineData("a if b\n\nb if a\n\ndeny contains \"x\" if a", "p.rego:", "rego_recursion_error", "recursive")]
    [InlineData("deny contains \"x\" if {", "p.rego:", "rego_parse_error", "p.rego")]
    [InlineData("deny contains \"x\" if http.send({\"url\": \"http://127.0.0.1\", \"method\": \"get\"}).status_code == 200", "p.rego:3:", "http.send", "not available")]
    public void What_cannot_mean_anything_is_refused_when_it_is_loaded(string module, params string[] says)
    {
        var why = lab.Write("p.rego", module).Refused();
        foreach (var word in says) Assert.Contains(word, why);
    }

    [Fact, Clause("PRE-04")]
    public void A_package_that_answers_nothing_is_refused_with_the_nearest_rule()
    {
        Assert.Contains("did you mean 'deny' by 'denny'?", lab.Write("p.rego", "denny contains \"x\"").Refused());
        Assert.Contains("it has none of the rules deny, require_approval, warn, decision", lab.Write("p.rego", "helper := 1").Refused());
    }

    [Fact, Clause("PRE-04")]
    public void A_package_that_is_not_there_is_refused_with_the_nearest_one()
    {
        Assert.Contains("did you mean 'cabincrew.preflght'?", lab.Write("p.rego", "package cabincrew.preflght\n\ndeny contains \"x\"").Refused());
        Assert.Contains("it has main", lab.Write("p.rego", "package main\n\ndeny contains \"x\"").Refused());
    }

    [Fact, Clause("PRE-05")]
    public async Task Another_package_can_be_asked_and_an_older_rego_be_read()
    {
        lab.Write("p.rego", "package main\n\ndeny[msg] { input.totals.files_changed > 0; msg := \"old\" }\n");
        Assert.Contains("rego_parse_error", lab.Refused(options: new("main")));
        var judged = await lab.JudgeAsync(options: new("main", 0));
        Assert.Equal(("main/deny", "old"), (judged.Evaluations[0].PolicyId, judged.Evaluations[0].Reason));
    }

    [Fact, Clause("PRE-05")]
    public async Task Data_tunes_a_policy_from_a_directory_or_a_file_beside_a_module()
    {
        const string Module = "deny contains \"too many\" if input.totals.files_changed > data.limits.files";
        lab.Write("d/p.rego", Module).Write("d/data.yaml", "limits: { files: 0 }").Write("p.rego", Module).Write("few.json", "{\"limits\":{\"files\":0}}").Write("many.yaml", "limits: {files: 9}");
        Assert.Equal(Decision.Deny, (await lab.JudgeAsync(value: "d")).Decision);
        Assert.Equal(Decision.Deny, (await lab.JudgeAsync(options: new(Data: "few.json"))).Decision);
        Assert.Equal(Decision.Allow, (await lab.JudgeAsync(options: new(Data: "many.yaml"))).Decision);
        Assert.Contains("is a directory", lab.Refused("d", new(Data: "few.json")));
        Assert.Contains("neither a .json nor a .yaml", lab.Refused(options: new(Data: "p.rego")));
        Assert.Contains("data gives it a value as well", lab.Write("d/data.yaml", "limits: { files: 0 }\ncabincrew: { preflight: { deny: [] } }").Refused("d"));
    }

    [Fact, Clause("PRE-04")]
    public void Tests_do_not_judge_and_a_directory_of_nothing_else_is_refused()
    {
        lab.Write("d/p_test.rego", "deny contains \"x\"");
        Assert.Contains("no module that could judge", lab.Refused("d"));
        lab.Write("d/p.rego", "deny contains \"x\" if false");
        var digest = lab.Load("d").Value.PolicyDigest;
        lab.Write("d/p_test.rego", "test_x if true");
        Assert.Equal(digest, lab.Load("d").Value.PolicyDigest);
        lab.Write("d/p.rego", "deny contains \"y\" if false");
        Assert.NotEqual(digest, lab.Load("d").Value.PolicyDigest);
    }

    [Fact, Clause("TOK-02")]
    public void The_digest_is_over_content_data_and_settings_and_not_over_the_machine()
    {
        using var other = new RegoLab();
        foreach (var place in (RegoLab[])[lab, other])
            place.Write("p.rego", "package main\n\ndeny contains \"x\" if data.a").Write("q.rego", "deny contains \"x\" if data.a").Write("one.json", "{\"a\":false}").Write("two.json", "{\"a\":true}");
        Digest Of(RegoLab place, string value = "q.rego", RegoPolicyOptions? options = null) => place.Load(value, options ?? new(Data: "one.json")).Value.PolicyDigest;
        Assert.Equal(Of(lab), Of(other));
        Assert.NotEqual(Of(lab), Of(lab, options: new(Data: "two.json")));
        Assert.NotEqual(Of(lab), Of(lab, "p.rego", new("main", Data: "one.json")));
        Assert.NotEqual(Of(lab), Of(lab, options: new(Version: 1, Data: "one.json")));
    }

    [Fact, Clause("PRE-01")]
    public async Task Time_and_randomness_are_the_plans_and_nothing_else()
    {
        lab.Write("p.rego", """
            warn contains sprintf("%d", [time.now_ns()])

            warn contains sprintf("r%d", [rand.intn("a", 1000000)])

            warn contains uuid.rfc4122("b")
            """);
        var plan = Subjects.Of() with { Now = DateTimeOffset.UnixEpoch.AddSeconds(5), Seed = 7 };
        async Task<string> Say(PolicySubject subject) => string.Join(' ', (await lab.JudgeAsync(subject)).Evaluations.Select(e => e.Reason));
        var said = await Say(plan);
        Assert.Contains("5000000000", said);
        Assert.Equal(said, await Say(plan));
        Assert.NotEqual(said, await Say(plan with { Seed = 8 }));
    }

    [Fact, Clause("PRE-04")]
    public async Task A_value_that_is_secret_is_never_in_reasons_or_evidence()
    {
        lab.Redactor.Learn("TOKEN", "hunter2-hunter2");
        lab.Write("p.rego", "deny contains {\"msg\": sprintf(\"%s\", [input.config]), \"evidence\": {\"c\": input.config}}");
        var subject = Subjects.Of() with { Config = System.Text.Json.JsonElement.Parse("""{"password":"hunter2-hunter2"}""") };
        var judged = await lab.JudgeAsync(subject);
        Assert.DoesNotContain("hunter2", string.Join(' ', judged.Evaluations.Select(e => e.Reason + e.Evidence)));
    }

    [Fact]
    public void A_file_of_another_kind_or_none_is_refused()
    {
        lab.Write("p.txt", "x");
        Assert.Contains("neither a directory nor a .rego file", lab.Refused("p.txt"));
        Assert.Contains("There is no file", lab.Refused("none.rego"));
        Assert.Contains("names no file", lab.Refused(" "));
    }

    [Fact, Clause("PRE-07")]
    public async Task A_bundle_judges_as_its_directory_does()
    {
        lab.Write("d/p.rego", "deny contains \"x\" if input.totals.files_changed > data.files").Write("d/data.json", "{\"files\":0}").Write("d/.manifest", "{\"revision\":\"r1\"}");
        var set = PolicySet.Load([new("bundle", "d")], lab.Directory, AggregationMethod.MostRestrictive, TimeSpan.FromSeconds(5), lab.Redactor).Value;
        var judged = await set.JudgeAsync(Subjects.Of(Subjects.Update("a", "x")), TimeProvider.System, default);
        Assert.Equal(Decision.Deny, judged.Decision);
        Assert.Equal(["p.rego:3"], RegoLab.Texts(judged.Evaluations[0], "rules"));
    }
}
