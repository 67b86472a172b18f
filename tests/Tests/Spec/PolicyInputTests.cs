// What Rego policies see (PRE-05): fits its schema, leaves nothing out, never differs for the same plan, shows no secret; the reference page is made of the schema.
using System.Text;
using System.Text.Json;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Rego;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Schemas;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Tidy;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class PolicyInputTests
{
    private static readonly JsonLimits Wide = new(BytesMax: 64 << 20, ValuesMax: 5_000_000);

    private static JsonElement Json(PolicySubject subject, Redactor? redactor = null)
    {
        var written = InputDocument.Write(subject, redactor ?? new());
        Assert.True(written.Ok, written.Problem?.ToString());
        var json = StrictJson.Parse(written.Value, Wide);
        Assert.True(json.Ok, json.Problem?.ToString());
        Assert.Null(SchemaCatalog.Validate(InputDocument.SchemaName, json.Value).Problem?.ToString());
        return json.Value;
    }

    private static JudgedArtifact Artifact(string name, string? body, string metadata = "{}") => Artifact(name, body is null ? null : Encoding.UTF8.GetBytes(body), metadata);

    private static JudgedArtifact Artifact(string name, byte[]? body, string metadata = "{}") =>
        Subjects.Artifact(name, $$"""{"metadata":{{metadata}}}""") with { Body = body, Target = "the tree" };

    private static readonly PolicySubject Rich = Subjects.Of(
        Subjects.Update("src/a.cs", "int a = 1;", "int b = \"<&>'\";") with { DeletedLines = [new(3, "int a;")] },
        Subjects.Create("README.md", "hello"), Subjects.Delete("old/b.txt"), Subjects.Change("bin/tool", FileKind.Regular, FileKind.Executable, [], binary: true),
        Subjects.Change("link", null, FileKind.Link, ["../outside"])) with
    {
        Requester = "rita", RequesterIsHuman = true, RequesterRoles = ["maintainer", "security"], Environment = "production", OutsideEffects = true, Network = ["example.org"],
        Now = new(2026, 3, 1, 12, 30, 0, TimeSpan.FromHours(2)),
        Config = JsonElement.Parse("""{"run":["sh"],"n":1.50}"""), Context = JsonElement.Parse("""{"summary":"ok"}"""),
        Artifacts = [Artifact("diff", "--- a\n+++ b\n", """{"summary":"two files"}"""), Artifact("nothing", (byte[]?)null), Artifact("plan", """ {"resources":[{"type":"x"}]}""")],
        Refs = [new("HEAD", "", "refs/heads/main"), new("refs/heads/main", "a1", "b2", Forced: true), new("refs/tags/v1", null, "c3")],
        Findings = new([new("commands", "terraform-destroy", Decision.RequireApproval, "src/a.cs", 2, 1, "destroys infrastructure: terraform destroy", "0123456789abcdef") { Within = "base64" }], 5, ["bin"]),
    };

    [Fact, Clause("PRE-05")]
    public void A_plan_is_shown_with_all_that_is_known_of_it()
    {
        var input = Json(Rich);
        Assert.Equal("2026-03-01T10:30:00.0000000Z", input.GetProperty("now").GetString());
        Assert.Equal("""{"name":"rita","kind":"human","roles":["maintainer","security"]}""", input.GetProperty("requester").GetRawText());
        Assert.Equal("""{"run":["sh"],"n":1.50}""", input.GetProperty("config").GetRawText());
        Assert.Equal("""{"artifacts":3,"files_changed":5,"files_created":2,"files_updated":2,"files_deleted":1,"files_binary":1,"lines_added":4,"lines_deleted":1,"refs":3,"findings":1}""", input.GetProperty("totals").GetRawText());
        Assert.Equal("""[{"detector":"commands","rule":"terraform-destroy","decision":"require_approval","path":"src/a.cs","line":2,"column":1,"message":"destroys infrastructure: terraform destroy","fingerprint":"0123456789abcdef","within":"base64"}]""", input.GetProperty("findings").GetRawText());
        var change = input.GetProperty("changes").EnumerateArray().Single(c => c.GetProperty("path").GetString() == "src/a.cs");
        Assert.Equal(("src", "a.cs", "update"), (change.GetProperty("directory").GetString(), change.GetProperty("name").GetString(), change.GetProperty("change").GetString()));
        Assert.Equal("""[{"number":1,"text":"int a = 1;"},{"number":2,"text":"int b = \"<&>'\";"}]""", change.GetProperty("added_lines").GetRawText());
        Assert.Equal("""[{"number":3,"text":"int a;"}]""", change.GetProperty("deleted_lines").GetRawText());
        var link = input.GetProperty("changes").EnumerateArray().Single(c => c.GetProperty("path").GetString() == "link");
        Assert.Equal(("../outside", true, ""), (link.GetProperty("link_target").GetString(), link.GetProperty("link_outside").GetBoolean(), link.GetProperty("directory").GetString()));
        Assert.Equal("""[{"name":"HEAD","move":"update","before":null,"after":"refs/heads/main","forced":false},{"name":"refs/heads/main","move":"update","before":"a1","after":"b2","forced":true},{"name":"refs/tags/v1","move":"create","before":null,"after":"c3","forced":false}]""", input.GetProperty("refs").GetRawText());
    }

    [Fact, Clause("PRE-05")]
    public void A_body_is_parsed_where_it_is_json_text_where_it_is_text_and_a_digest_always()
    {
        var large = new byte[InputDocument.BodyBytesMax + 1];
        Array.Fill(large, (byte)'x');
        byte[] cutInside = [.. Enumerable.Repeat((byte)'y', InputDocument.BodyBytesMax - 1), 0xC3, 0xA9];
        (byte[] Body, string Kind, bool HasText, bool HasExcerpt)[] cases =
        [
            ("{\"a\":[1]}"u8.ToArray(), "json", true, true), ("\n [1]"u8.ToArray(), "json", true, true), ("{\"a\":1,\"a\":2}"u8.ToArray(), "text", true, true), ("\"x\""u8.ToArray(), "text", true, true),
            ("héllo"u8.ToArray(), "text", true, true), ([], "text", true, true), ([0xFF, 0xFE], "binary", false, false), ("a\0b"u8.ToArray(), "binary", false, false),
            (large, "large", false, true), (cutInside, "large", false, true), ([.. large[..^1], 0xFF], "large", false, true), ([0xFF, .. large], "large", false, false),
        ];
        foreach (var (bytes, kind, hasText, hasExcerpt) in cases)
        {
            var body = Json(Subjects.Of() with { Artifacts = [Artifact("a", bytes)] }).GetProperty("artifacts")[0].GetProperty("body");
            Assert.Equal((kind, bytes.Length, Digest.Of(bytes).ToString()), (body.GetProperty("kind").GetString(), body.GetProperty("size").GetInt32(), body.GetProperty("digest").GetString()));
            Assert.Equal(hasText, body.GetProperty("text").ValueKind == JsonValueKind.String);
            Assert.Equal(hasExcerpt, body.GetProperty("excerpt").ValueKind == JsonValueKind.String);
            Assert.Equal(kind == "json", body.GetProperty("json").ValueKind is JsonValueKind.Object or JsonValueKind.Array);
        }
    }

    [Fact, Clause("PRE-05")]
    public void Every_member_of_the_schema_is_produced_required_and_described()
    {
        var schema = JsonElement.Parse(SchemaCatalog.Text(InputDocument.SchemaName).Value);
        var members = SchemaPage.Members(schema).ToList();
        Assert.True(members.Count > 60);
        Assert.All(members, m => Assert.False(string.IsNullOrWhiteSpace(m.Description), m.Path));
        Assert.All(members, m => Assert.True(m.Required, m.Path));

        var produced = new HashSet<string>(StringComparer.Ordinal);
        Collect(Json(Rich), "", produced);
        Repository.None(members.Select(m => m.Path).Where(p => !produced.Contains(p)), "Members of the schema that no document has:");
    }

    [Fact, Clause("PRE-01")]
    public void The_same_plan_is_the_same_bytes()
    {
        var first = InputDocument.Write(Rich, new()).Value.ToArray();
        for (var i = 0; i < 3; i++) Assert.Equal(first, InputDocument.Write(Rich with { Artifacts = [.. Rich.Artifacts] }, new()).Value.ToArray());
    }

    [Fact, Clause("ENG-03")]
    public void No_secret_is_in_it_wherever_it_stood()
    {
        const string Secret = "hunter2-\"hunter2";
        var redactor = new Redactor();
        redactor.Learn("TOKEN", Secret);
        redactor.Learn("PIN", "987654321");
        var quoted = JsonSerializer.Serialize(Secret);
        var leaky = Rich with
        {
            Config = JsonElement.Parse($$"""{ {{quoted}}: {{quoted}}, "n": 987654321 }"""), Context = JsonElement.Parse($$"""{"a":[{{quoted}}]}"""), Network = [Secret], RequesterRoles = [Secret], Requester = Secret,
            WorkflowName = Secret, EngineId = Secret, Environment = Secret,
            Artifacts = [Artifact("a", $$"""{"a":{{quoted}}}""", $$"""{"a":{{quoted}}}""") with { Target = Secret, Type = Secret, Action = Secret }, Artifact("b", new string('x', InputDocument.ExcerptCharsMax - 5) + Secret)],
            Changes = [Subjects.Create($"dir/{Secret}/x", Secret, Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret))), Subjects.Change("l", null, FileKind.Link, [Secret])],
            Refs = [new(Secret, Secret, Secret)],
        };
        var text = InputDocument.Write(leaky, redactor).Value;
        Assert.Null(redactor.FindIn(text.Span));
        Assert.DoesNotContain("hunter2", Encoding.UTF8.GetString(text.Span), StringComparison.Ordinal);
        Assert.Contains("[redacted:TOKEN]", Encoding.UTF8.GetString(text.Span), StringComparison.Ordinal);
        Json(leaky, redactor);
    }

    [Fact, Clause("PRE-04")]
    public void A_plan_too_large_to_be_shown_whole_is_not_shown_in_part()
    {
        var line = new string('x', 1 << 20);
        var problem = InputDocument.Write(Subjects.Of(Subjects.Update("a", [.. Enumerable.Repeat(line, 33)])), new()).Problem!;
        Assert.Equal(ProblemCode.PolicyFailed, problem.Code);
        Assert.Contains("Split", problem.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void The_reference_page_is_that_of_the_schema() => Repository.IsUpToDate("docs/reference/policy-input.md", PolicyInputPage.Of(JsonElement.Parse(SchemaCatalog.Text(InputDocument.SchemaName).Value), Json(PolicyInputPage.Example)));

    private static void Collect(JsonElement value, string path, HashSet<string> into)
    {
        if (value.ValueKind == JsonValueKind.Array)
            foreach (var item in value.EnumerateArray()) Collect(item, path + "[]", into);
        if (value.ValueKind != JsonValueKind.Object) return;
        foreach (var member in value.EnumerateObject())
        {
            var at = path.Length == 0 ? member.Name : $"{path}.{member.Name}";
            into.Add(at);
            Collect(member.Value, at, into);
        }
    }
}
