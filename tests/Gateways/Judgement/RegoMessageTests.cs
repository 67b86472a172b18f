// Rego about messages: what it sees, what is refused when it is loaded, and how its answers count.
using System.Text;
using System.Text.Json;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Governance.Policies.Rego;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Schemas;

namespace CabinCrew.Gateways.Tests.Judging;

public sealed class RegoMessageTests
{
    private static readonly MessageSubject Write = Messages.Call("write_file", """{"path":"src/a.cs","content":"x"}""") with
    {
        File = Messages.File(FileAction.Write, "src/a.cs") with { AddedLines = [new(1, "x")], Bytes = 1 },
        Annotations = JsonElement.Parse("""{"title":"Write","readOnlyHint":false}"""),
        Context = JsonElement.Parse("""{"workflow":"w"}"""),
        Findings = [new("secrets", "jwt", "/arguments/content", Decision.Warn, "a token")],
    };

    private static Outcome<MessagePolicySet> Try(string rego)
    {
        using var place = new Place().Write("p.rego", rego);
        return Messages.TryLoad(place.Directory, new PolicyRef("rego", "p.rego"));
    }

    private static Judgement Judge(string rules, MessageSubject subject) => Try("package cabincrew.mcp\n\n" + rules).Value.Judge(subject);

    private static JsonElement Document(MessageSubject subject, Redactor? redactor = null, IReadOnlySet<string>? reads = null) =>
        JsonElement.Parse(new MessageInputDocument(redactor ?? new()).Write(subject, reads).Value.Span);

    [Theory, Clause("MCP-02"), Clause("PRE-05")]
    [InlineData("deny contains \"no\" if input.name == \"write_file\"", Decision.Deny)]
    [InlineData("deny contains \"no\" if input.name == \"read_file\"", Decision.Warn)]
    [InlineData("require_approval contains {\"msg\": \"ask\", \"role\": \"security\"} if input.file.action == \"write\"", Decision.RequireApproval)]
    [InlineData("warn contains \"w\" if startswith(input.arguments.path, \"src/\")", Decision.Warn)]
    [InlineData("warn contains \"w\" if input.content.json.arguments.path == \"src/a.cs\"", Decision.Warn)]
    [InlineData("default decision := \"allow\"\n\ndecision := \"deny\" if {\n\tsome f in input.findings\n\tf.detector == \"secrets\"\n}", Decision.Deny)]
    [InlineData("deny contains \"no\" if input.caller.kind == \"human\"", Decision.Deny)]
    [InlineData("deny contains \"no\" if input.annotations.read_only == false", Decision.Deny)]
    [InlineData("deny contains \"no\" if input.context.workflow == \"w\"", Decision.Deny)]
    [InlineData("deny contains \"no\" if {\n\tsome t in input.file.targets\n\tt.directory == \"src\"\n\tt.name == \"a.cs\"\n}", Decision.Deny)]
    [InlineData("deny contains \"no\" if walk(input, [[\"content\", \"json\", \"name\"], \"write_file\"])", Decision.Deny)]
    public void Rules_see_the_message(string rules, Decision decision) => Assert.Equal(decision, Judge(rules, Write).Decision);

    [Fact]
    public void The_rule_behind_a_verdict_is_in_its_evidence()
    {
        var told = Assert.Single(Judge("deny contains \"no\" if input.name == \"write_file\"", Write with { Findings = [] }).Evaluations);
        Assert.Equal(("cabincrew.mcp/deny", "no"), (told.PolicyId, told.Reason));
        Assert.Equal("p.rego:3", told.Evidence!.Value.GetProperty("rules")[0].GetString());
    }

    [Theory, Clause("PRE-04")]
    [InlineData("package cabincrew.mcp\n\ndeny contains \"no\" if input.naem == \"x\"", "input.naem")]
    [InlineData("package cabincrew.mcp\n\ndeny contains \"no\" if input.file.acton == \"x\"", "acton")]
    [InlineData("package cabincrew.preflight\n\ndeny contains \"no\" if input.name == \"x\"", "cabincrew.mcp")]
    [InlineData("package cabincrew.mcp\n\nallow if true", "answers nothing")]
    [InlineData("package cabincrew.mcp\n\ndeny contains", "parse")]
    public void What_could_not_judge_is_refused_when_it_is_loaded(string rego, string said)
    {
        var problem = Try(rego).Problem!;
        Assert.Equal(ProblemCode.PolicyInvalid, problem.Code);
        Assert.Contains(said, problem.ToString(), StringComparison.Ordinal);
    }

    [Theory, Clause("PRE-04")]
    [InlineData("deny contains \"no\" if to_number(input.name) == 1")]
    [InlineData("decision := input.name")]
    [InlineData("deny contains \"no\" if count([1 | numbers.range(1, 100000)[_]; numbers.range(1, 100000)[_]]) > 0")]
    public void An_error_or_an_unknown_answer_is_a_deny(string rules) => Assert.Equal(Decision.Deny, Judge(rules, Write).Decision);

    [Fact]
    public void The_document_fits_its_schema_whatever_the_message()
    {
        foreach (var subject in (MessageSubject[])
            [
                Write, Messages.Call("x"), Write with { Kind = MessageKind.Listing, Arguments = default, Content = default, Frame = default, File = null, Annotations = null, Context = null, Findings = [] },
                Write with { Name = null, Caller = new("", null, [], "token"), File = Write.File! with { Targets = [new("../x", null, null, FileFault.Traversal, null), new(".", "", "/w", FileFault.None, null)] } },
                Write with { Arguments = Encoding.UTF8.GetBytes($"\"{new string('x', MessageInputDocument.ContentBytesMax)}\""), Content = Encoding.UTF8.GetBytes($"\"{new string('é', MessageInputDocument.ContentBytesMax)}\"") },
            ])
            Assert.Null(SchemaCatalog.Validate("mcp-input", Document(subject)).Problem?.ToString());
    }

    [Fact]
    public void What_a_policy_does_not_name_is_left_out_and_the_rest_is_the_same()
    {
        var whole = Document(Write);
        // What only prompts and answers have is not in the document of a call.
        var members = MessageInputDocument.Members.Except(["exchange"]).ToList();
        Assert.Equal(members, whole.EnumerateObject().Select(m => m.Name));
        foreach (var member in members)
        {
            var alone = Assert.Single(Document(Write, reads: new HashSet<string> { member }).EnumerateObject());
            Assert.Equal((member, whole.GetProperty(member).GetRawText()), (alone.Name, alone.Value.GetRawText()));
        }
    }

    [Theory]
    [InlineData("deny contains \"no\" if input.arguments_size > 3", "arguments_size")]
    [InlineData("deny contains \"no\" if { data.input.name == 1; input.file }", "name file")]
    [InlineData("deny contains \"no\" if object.get(input, \"name\", 1) == 1", null)]
    [InlineData("deny contains \"no\" if input[\"name\"] == 1", null)]
    [InlineData("deny contains input.kind", "kind")]
    public void Only_what_stands_in_the_text_is_read_and_all_of_it_where_the_input_is_taken_whole(string rules, string? members) =>
        Assert.Equal(members?.Split(' ') ?? MessageInputDocument.Members, MessageInputDocument.Members.Where(m => InputUse.TakesWhole(rules) || InputUse.Names(rules, m)).OrderBy(m => members?.IndexOf(m, StringComparison.Ordinal) ?? 0));

    [Fact]
    public void What_is_too_large_to_be_shown_is_told_by_size_and_digest()
    {
        var large = Encoding.UTF8.GetBytes($"\"{new string('x', MessageInputDocument.ContentBytesMax)}\"");
        var document = Document(Write with { Arguments = large, Content = large });
        Assert.Equal(JsonValueKind.Null, document.GetProperty("arguments").ValueKind);
        Assert.Equal(large.Length, document.GetProperty("arguments_size").GetInt32());
        var content = document.GetProperty("content");
        Assert.Equal(("large", large.Length, Digest.Of(large).ToString(), 2000), (content.GetProperty("kind").GetString(), content.GetProperty("size").GetInt32(), content.GetProperty("digest").GetString(), content.GetProperty("excerpt").GetString()!.Length));
    }

    [Fact, Clause("AUD-04")]
    public void No_mapped_secret_is_in_the_document_however_it_is_spelled()
    {
        var redactor = new Redactor();
        redactor.Learn("K", "correct horse battery");
        var leaky = Messages.Call("x", """{"a":"correct horse battery","b":"corr\u0065ct horse battery","c":"Y29ycmVjdCBob3JzZSBiYXR0ZXJ5"}""") with
        {
            Name = "correct horse battery", Session = "correct horse battery", File = Messages.File(FileAction.Write, "correct horse battery") with { AddedLines = [new(1, "correct horse battery")] },
            Context = JsonElement.Parse("""{"a":"correct horse battery"}"""), Annotations = JsonElement.Parse("""{"title":"correct horse battery"}"""),
        };
        var text = Document(leaky, redactor).GetRawText();
        Assert.DoesNotContain("horse", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Y29ycmVjdCBob3JzZSBiYXR0ZXJ5", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_writer_writes_the_same_again()
    {
        var writer = new MessageInputDocument(new());
        var first = writer.Write(Write).Value.ToArray();
        writer.Write(Messages.Call("other", """{"a":[1,2,3]}"""));
        Assert.Equal(first, writer.Write(Write).Value.ToArray());
    }
}
