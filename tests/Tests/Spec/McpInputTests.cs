// What Rego policies see of a message: every member is described and produced, and the reference page is made of that.
using System.Text.Json;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Schemas;
using CabinCrew.Tests.Tidy;

namespace CabinCrew.Tests.Spec;

public sealed class McpInputTests
{
    private const string Intro = """
        # What policies see of a message

        Rego policies of the package `cabincrew.mcp` are asked about one message at a time that the MCP gateway holds: requests, notifications, answers, and whether something that a server
        offers is shown. This is `input`. `cabincrew schema mcp-input` prints the JSON schema; policies are type-checked against it when they are loaded, so a reference to a member that does not exist is an
        error, never a rule that silently does nothing. Written from the schema by the tests; do not edit.

        - Answers are as for plans: `decision`, or sets `deny`, `require_approval` and `warn` of messages or of objects with `msg`, `role`, `count`. Where nothing is said, nothing is objected to: say
          `default decision := "deny"` for a list of what is allowed. Requests, answers and listings are all judged: begin a rule with `input.kind == "request"` where it means requests.
        - Every member is always there. `null` stands where there is no value, and built-in functions given `null` are errors, which count as deny.
        - Arguments and content beyond 1 MiB are `null`, and `arguments_size` and `content.size` tell. A policy that relies on them says so: `deny contains "too large to read" if { input.arguments_size > 0; input.arguments == null }`.
        - `content` costs time: it is written only for policies that read it.
        - Of a listing there are no arguments and no file: a rule that needs them does not hold.
        - The values of mapped secrets read `[redacted:NAME]`, wherever they stood.
        - `annotations` are what the server says of its tool; `pin` tells whether a person accepted it. `file` is what the gateway made of the call ([file operations](file-operations.md)).

        | member | type | meaning |
        | --- | --- | --- |

        """;

    private static readonly MessageSubject Example = new()
    {
        Gateway = "mcp", Tenant = TenantId.Local, Caller = new("coder", false, ["agent"], "token"), Session = "s-4f2a", Server = "files", ProtocolVersion = "2025-11-25",
        Direction = MessageDirection.ToServer, Kind = MessageKind.Request, Method = "tools/call", Name = "write_file", Pin = PinState.Accepted, Now = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero),
        Arguments = """{"path":"src/app.conf","content":"retries = 5"}"""u8.ToArray(), Content = """{"name":"write_file","arguments":{"path":"src/app.conf","content":"retries = 5"}}"""u8.ToArray(),
        File = new(FileAction.Write, [new("src/app.conf", "src/app.conf", "/work", FileFault.None, true)], [new(1, "retries = 5")], 11, false),
        Annotations = JsonElement.Parse("""{"title":"Write a file","readOnlyHint":false,"destructiveHint":true}"""), Context = JsonElement.Parse("""{"purpose":"maintenance"}"""),
        Findings = [new("secrets", "jwt", "/arguments/content", Decision.Warn, "this looks like a signed web token")],
    };

    private static JsonElement Document => JsonElement.Parse(new MessageInputDocument(new()).Write(Example).Value.Span);

    private static JsonElement Schema => JsonElement.Parse(SchemaCatalog.Text("mcp-input").Value);

    [Fact, Clause("PRE-05")]
    public void Every_member_of_the_schema_is_produced_required_and_described()
    {
        Assert.Null(SchemaCatalog.Validate("mcp-input", Document).Problem?.ToString());
        var members = SchemaPage.Members(Schema).ToList();
        Assert.True(members.Count > 50);
        Assert.All(members, m => Assert.False(string.IsNullOrWhiteSpace(m.Description), m.Path));
        Assert.All(members, m => Assert.True(m.Required, m.Path));
        Repository.None(members.Select(m => m.Path).Where(p => !Has(Document, p.Split('.'))), "Members of the schema that the document does not have:");
    }

    [Fact]
    public void The_reference_page_is_that_of_the_schema() => Repository.IsUpToDate("docs/reference/mcp-input.md", SchemaPage.Of(Intro, Schema, Document));

    private static bool Has(JsonElement value, ReadOnlySpan<string> path)
    {
        if (path.IsEmpty) return true;
        var name = path[0].Replace("[]", "", StringComparison.Ordinal);
        if (!value.TryGetProperty(name, out var member)) return false;
        return path[0].EndsWith("[]", StringComparison.Ordinal) && path.Length > 1 ? member.GetArrayLength() > 0 && Has(member[0], path[1..]) : Has(member, path[1..]);
    }
}
