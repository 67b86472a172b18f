// Rules about messages: each condition, what covers a call, listings, answers, and what a file may not say.
using System.Text;
using System.Text.Json;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Governance.Policies.Messages.Sources;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Judging;

public sealed class MessageRulesTests
{
    private static Outcome<IMessagePolicySource> Read(string text) => MessageRulesSource.Of("rules:r.yaml", "r", Encoding.UTF8.GetBytes(text), "r.yaml", checkExamples: true);

    private static MessagePolicySet Rules(string rules, string standard = "deny", string? answers = null) =>
        Messages.Set(Read($"version: 1\nfor: messages\ndefault: {standard}\n{(answers is null ? "" : $"answers: {answers}\n")}rules:\n{rules}").Value);

    private static MessagePolicySet Rule(string when, string decision = "deny", string standard = "allow") =>
        Rules($"  - id: a\n    when: {when}\n    decision: {decision}\n    reason: because\n", standard);

    private static readonly MessageSubject Write = Messages.Call("write_file", """{"path":"src/a.cs","content":"x","mode":"fast","limit":7,"tags":["a","b"],"deep":{"x/y":true}}""") with
    {
        File = Messages.File(FileAction.Write, "src/a.cs") with { Bytes = 10, AddedLines = [new(1, "curl x | sh")], FilesDeleted = 2, LinesDeleted = 5 },
        Annotations = JsonElement.Parse("""{"readOnlyHint":false,"destructiveHint":true}"""),
        Findings = [new("secrets", "jwt", "/arguments/content", Decision.Allow, "x")],
    };

    [Theory]
    [InlineData("{ server: 'fil*' }", true)]
    [InlineData("{ server: other }", false)]
    [InlineData("{ method: tools/* }", true)]
    [InlineData("{ method: prompts/get }", false)]
    [InlineData("{ tool: 'write_*' }", true)]
    [InlineData("{ tool: ['*', '!write_file'] }", false)]
    [InlineData("{ prompt: '*' }", false)]
    [InlineData("{ resource: '*' }", false)]
    [InlineData("{ name: write_file }", true)]
    [InlineData("{ direction: to_server }", true)]
    [InlineData("{ direction: to_caller }", false)]
    [InlineData("{ kind: request }", true)]
    [InlineData("{ kind: [notification, response] }", false)]
    [InlineData("{ caller: 'ann?' }", true)]
    [InlineData("{ caller: bob }", false)]
    [InlineData("{ caller_role: maintainer }", true)]
    [InlineData("{ caller_role: security }", false)]
    [InlineData("{ caller_kind: human }", true)]
    [InlineData("{ caller_kind: [automation, unknown] }", false)]
    [InlineData("{ authenticated_by: jwt }", false)]
    [InlineData("{ pin: accepted }", true)]
    [InlineData("{ pin: [new, changed] }", false)]
    [InlineData("{ arguments: { /mode: 'f*' } }", true)]
    [InlineData("{ arguments: { /mode: slow } }", false)]
    [InlineData("{ arguments: { /limit: { min: 7 } } }", true)]
    [InlineData("{ arguments: { /limit: { min: 8 } } }", false)]
    [InlineData("{ arguments: { /limit: { max: 6.5 } } }", false)]
    [InlineData("{ arguments: { /mode: { min: 0 } } }", false)]
    [InlineData("{ arguments: { '/tags/*': b } }", true)]
    [InlineData("{ arguments: { /tags/0: b } }", false)]
    [InlineData("{ arguments: { '/deep/x~1y': 'true' } }", true)]
    [InlineData("{ arguments: { /path: { paths: 'src/**' } } }", true)]
    [InlineData("{ arguments: { /path: { paths: 'lib/**' } } }", false)]
    [InlineData("{ arguments: { /deep: { present: true } } }", true)]
    [InlineData("{ arguments: { /nothing: { present: false } } }", true)]
    [InlineData("{ arguments: { /mode: { present: false } } }", false)]
    [InlineData("{ arguments: { /mode: { pattern: '^fa' } } }", true)]
    [InlineData("{ arguments: { /mode: fast, /limit: '8' } }", false)]
    [InlineData("{ argument_text: 'fas+t' }", true)]
    [InlineData("{ argument_text: 'nowhere' }", false)]
    [InlineData("{ file: { action: [write, delete] } }", true)]
    [InlineData("{ file: { action: read } }", false)]
    [InlineData("{ file: { paths: '*.CS' } }", true)]
    [InlineData("{ file: { paths: '*.md' } }", false)]
    [InlineData("{ file: { fault: any } }", false)]
    [InlineData("{ file: { fault: none } }", true)]
    [InlineData("{ file: { exists: true } }", true)]
    [InlineData("{ file: { bytes_min: 10 } }", true)]
    [InlineData("{ file: { bytes_min: 11 } }", false)]
    [InlineData("{ file: { bytes_max: 9 } }", false)]
    [InlineData("{ file: { binary: true } }", false)]
    [InlineData("{ file: { files_deleted_min: 2 } }", true)]
    [InlineData("{ file: { files_deleted_min: 3 } }", false)]
    [InlineData("{ file: { lines_deleted_min: 6 } }", false)]
    [InlineData("{ file: { added_lines: '\\| sh' } }", true)]
    [InlineData("{ file: { added_lines: { pattern: '\\| sh', min: 2 } } }", false)]
    [InlineData("{ annotations: { destructive: true } }", true)]
    [InlineData("{ annotations: { read_only: true } }", false)]
    [InlineData("{ annotations: { idempotent: false } }", false)]
    [InlineData("{ findings: { detector: secrets } }", true)]
    [InlineData("{ findings: { rule: 'gh*' } }", false)]
    [InlineData("{ findings: { min: 2 } }", false)]
    public void Each_condition_holds_for_what_it_says(string when, bool holds)
    {
        Assert.Equal(holds ? Decision.Deny : Decision.Allow, Rule(when.Replace("\\\\", "\\", StringComparison.Ordinal)).Judge(Write).Decision);
    }

    [Fact]
    public void A_call_that_no_rule_covers_has_the_default()
    {
        var set = Rules("  - id: a\n    when: { tool: read_* }\n    decision: allow\n    reason: r\n");
        Assert.Equal(Decision.Allow, set.Judge(Messages.Call("read_file")).Decision);
        var denied = set.Judge(Messages.Call("write_file"));
        Assert.Equal((Decision.Deny, "r/default"), (denied.Decision, Assert.Single(denied.Evaluations).PolicyId));
    }

    [Theory]
    [InlineData("{ tool: '*' }", Decision.Warn)]
    [InlineData("{ arguments: { /mode: fast } }", Decision.RequireApproval)]
    [InlineData("{ argument_text: fast }", Decision.RequireApproval)]
    [InlineData("{ file: { paths: '*.cs' } }", Decision.RequireApproval)]
    [InlineData("{ findings: { detector: secrets } }", Decision.RequireApproval)]
    public void A_milder_rule_loosens_the_default_only_by_who_calls_what(string when, Decision decision) => Assert.Equal(decision, Rule(when, "warn", "require_approval").Judge(Write).Decision);

    [Theory]
    [InlineData("{ arguments: { /path: 'secret/*' } }", "deny", "allow", Decision.Allow)]
    [InlineData("{ arguments: { /path: { present: false } } }", "deny", "allow", Decision.Allow)]
    [InlineData("{ file: { action: write } }", "deny", "allow", Decision.Allow)]
    [InlineData("{ argument_text: '.*' }", "deny", "allow", Decision.Allow)]
    [InlineData("{ tool: write_file }", "deny", "allow", Decision.Deny)]
    [InlineData("{ arguments: { /path: 'src/*' } }", "allow", "deny", Decision.Allow)]
    [InlineData("{ file: { action: read } }", "allow", "deny", Decision.Allow)]
    [InlineData("{ tool: read_file }", "allow", "deny", Decision.Deny)]
    public void What_is_listed_is_hidden_only_where_no_call_could_pass(string when, string decision, string standard, Decision shown)
    {
        var listing = Messages.Call("write_file") with { Kind = MessageKind.Listing, Arguments = default, Content = default, Frame = default };
        Assert.Equal(shown, Rule(when, decision, standard).Judge(listing).Decision);
    }

    [Fact]
    public void Answers_are_judged_by_rules_about_answers()
    {
        var answer = Write with { Kind = MessageKind.Response, Direction = MessageDirection.ToCaller };
        Assert.Equal(Decision.Allow, Rule("{ tool: write_file }").Judge(answer).Decision);
        Assert.Equal(Decision.Deny, Rule("{ tool: write_file, kind: response }").Judge(answer).Decision);
        Assert.Equal(Decision.Warn, Rules("  - id: a\n    when: { tool: x }\n    decision: deny\n    reason: r\n", "deny", "warn").Judge(answer).Decision);
    }

    [Theory]
    [InlineData("initialize", MessageKind.Request)]
    [InlineData("ping", MessageKind.Request)]
    [InlineData("tools/list", MessageKind.Request)]
    [InlineData("notifications/cancelled", MessageKind.Notification)]
    public void The_default_does_not_stop_what_keeps_a_session_going(string method, MessageKind kind)
    {
        var message = Messages.Call("x") with { Method = method, Kind = kind, Name = null, Arguments = default };
        Assert.Equal(Decision.Allow, Rule("{ tool: x }", "allow", "deny").Judge(message).Decision);
        Assert.Equal(Decision.Deny, Rule($"{{ method: {method} }}", "deny", "allow").Judge(message).Decision);
    }

    [Theory]
    [InlineData("version: 1\ndefault: deny\nrules: [{ id: a, when: { tool: x }, decision: allow, reason: r }]", "'for' is missing")]
    [InlineData("version: 1\nfor: plans\ndefault: deny\nrules: [{ id: a, when: { tool: x }, decision: allow, reason: r }]", "'for'")]
    [InlineData("version: 1\nfor: messages\nrules: [{ id: a, when: { tool: x }, decision: allow, reason: r }]", "'default' is missing")]
    [InlineData("version: 1\nfor: messages\ndefault: deny\nrules: []", "1 to 500")]
    [InlineData("version: 1\nfor: messages\ndefault: deny\nrules: [{ id: a, when: {}, decision: allow, reason: r }]", "no condition")]
    [InlineData("version: 1\nfor: messages\ndefault: deny\nrules: [{ id: a, when: { tol: x }, decision: allow, reason: r }]", "did you mean 'tool'")]
    [InlineData("version: 1\nfor: messages\ndefault: deny\nrules: [{ id: a, when: { arguments: { path: x } }, decision: allow, reason: r }]", "no JSON pointer")]
    [InlineData("version: 1\nfor: messages\ndefault: deny\nrules: [{ id: a, when: { findings: { min: 1 } }, decision: allow, reason: r }]", "cannot depend on 'findings'")]
    [InlineData("version: 1\nfor: messages\ndefault: deny\nrules: [{ id: a, when: { argument_text: x }, decision: allow, reason: r }]", "cannot depend on 'argument_text'")]
    [InlineData("version: 1\nfor: messages\ndefault: deny\nrules: [{ id: a, when: { file: { added_lines: x } }, decision: allow, reason: r }]", "cannot depend on 'added_lines'")]
    [InlineData("version: 1\nfor: messages\ndefault: deny\nrules: [{ id: a, when: { annotations: { read_only: true } }, decision: allow, reason: r }]", "only with 'pin: accepted'")]
    [InlineData("version: 1\nfor: messages\ndefault: deny\nrules: [{ id: a, when: { argument_text: '(?=x)' }, decision: deny, reason: r }]", "backtracking")]
    [InlineData("version: 1\nfor: messages\ndefault: deny\nrules: [{ id: a, when: { tool: x }, decision: allow, reason: r, examples: { match: [y] } }]", "does not match this example")]
    [InlineData("version: 1\nfor: messages\ndefault: deny\nrules: [{ id: a, when: { tool: x }, decision: allow, reason: r, examples: { no_match: [x] } }]", "matches this example")]
    [InlineData("version: 1\nfor: messages\ndefault: deny\nrules: [{ id: default, when: { tool: x }, decision: allow, reason: r }]", "is taken")]
    public void What_a_file_may_not_say_is_an_error_with_its_place(string text, string said)
    {
        var problem = Read(text).Problem!;
        Assert.Equal(ProblemCode.PolicyInvalid, problem.Code);
        Assert.Contains(said, problem.Message, StringComparison.Ordinal);
        Assert.StartsWith("r.yaml:", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_arguments_than_anybody_could_judge_never_allow()
    {
        var many = Messages.Call("x", "{\"a\":[" + string.Join(',', Enumerable.Repeat("1", MessageArguments.ValuesMax + 1)) + "]}");
        Assert.Equal(Decision.Deny, Rule("{ arguments: { '/a/*': '1' } }", "allow", "deny").Judge(many).Decision);
        Assert.Equal(Decision.Deny, Rule("{ arguments: { '/a/*': '2' } }", "deny", "allow").Judge(many).Decision);
    }

    [Fact]
    public void An_allow_holds_only_where_every_value_and_every_path_is_as_said()
    {
        var set = Rule("{ arguments: { '/paths/*': { paths: 'src/**' } } }", "allow", "deny");
        Assert.Equal(Decision.Allow, set.Judge(Messages.Call("x", """{"paths":["src/a","src/b"]}""")).Decision);
        Assert.Equal(Decision.Deny, set.Judge(Messages.Call("x", """{"paths":["src/a","etc/b"]}""")).Decision);
        Assert.Equal(Decision.Deny, set.Judge(Messages.Call("x", """{"paths":[]}""")).Decision);
        var files = Rule("{ file: { paths: 'src/**' } }", "allow", "deny");
        Assert.Equal(Decision.Allow, files.Judge(Write).Decision);
        Assert.Equal(Decision.Deny, files.Judge(Write with { File = Messages.File(FileAction.Read, "src/a", "x") }).Decision);
    }
}
