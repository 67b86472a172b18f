// What Rego policies see of a prompt and an answer: every member is described and produced, and the reference page is made of that.
using System.Text.Json;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Schemas;
using CabinCrew.Tests.Tidy;

namespace CabinCrew.Tests.Spec;

public sealed class LlmInputTests
{
    private const string Intro = """
        # What policies see of a prompt and an answer

        Rego policies of the package `cabincrew.llm` are asked about one message at a time that the LLM gateway holds: a prompt on its way to a provider, or an answer on its way back, streamed or not: the whole
        of it, or a stream as far as it came (`exchange.partial`). This is `input`. `cabincrew schema llm-input` prints the JSON schema; policies are type-checked against it when they are loaded, so a reference to a member that does not exist is an error, never a rule that
        silently does nothing. Written from the schema by the tests; do not edit.

        - Answers are as for plans: `decision`, or sets `deny`, `require_approval` and `warn` of messages or of objects with `msg`, `role`, `count`. Prompts and answers are both judged: begin a rule with
          `input.kind == "request"` where it means prompts.
        - `exchange` tells what is said alike, whatever the API: one policy serves chat completions, responses and messages. `content.json` is the body itself; of a streamed answer, its texts (`texts`, each with its `place`).
        - What detectors cut out is gone before policies are asked; `findings` tells of it. `exchange` is of the message as it came, with mapped secrets as `[redacted:NAME]`.
        - Every member is always there. `null` stands where there is no value, and built-in functions given `null` are errors, which count as deny.

        | member | type | meaning |
        | --- | --- | --- |

        """;

    private static readonly MessageSubject Example = new()
    {
        Gateway = MessageSubject.LlmGateway, Tenant = TenantId.Local, Caller = new("ci", false, ["agent"], "api_key"), Session = "llm-7h3k9q2m", Server = "openai",
        Direction = MessageDirection.ToServer, Kind = MessageKind.Request, Method = "chat.completions", Name = "gpt-mini", Now = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero),
        Content = """{"model":"gpt-mini","messages":[{"role":"user","content":"deploy it"}]}"""u8.ToArray(), Context = JsonElement.Parse("""{"purpose":"maintenance"}"""),
        Exchange = new Exchange
        {
            Model = "small", Texts = [new("user", "deploy it")], Tools = ["shell"], ToolCalls = [new("shell", """{"command":"make deploy"}""")], MaxTokens = 500, Finish = "tool_calls", InputTokens = 12, OutputTokens = 7,
        }.ToJson(),
        Findings = [new("secrets", "jwt", "/messages/0/content", Decision.Warn, "this looks like a signed web token")],
    };

    private static JsonElement Document => JsonElement.Parse(new MessageInputDocument(new()).Write(Example).Value.Span);

    private static JsonElement Schema => JsonElement.Parse(SchemaCatalog.Text("llm-input").Value);

    [Fact, Clause("LLM-02"), Clause("PRE-05")]
    public void The_document_is_that_of_the_schema_and_every_member_is_described()
    {
        Assert.Null(SchemaCatalog.Validate("llm-input", Document).Problem?.ToString());
        Assert.Null(SchemaCatalog.Validate("llm-input", JsonElement.Parse(new MessageInputDocument(new()).Write(Example with { Exchange = default, Content = default, Context = null }).Value.Span)).Problem?.ToString());
        var members = SchemaPage.Members(Schema).ToList();
        Assert.True(members.Count > 30);
        Assert.All(members, m => Assert.False(string.IsNullOrWhiteSpace(m.Description), m.Path));
        Assert.All(members, m => Assert.True(m.Required, m.Path));
    }

    [Fact]
    public void The_reference_page_is_that_of_the_schema() => Repository.IsUpToDate("docs/reference/llm-input.md", SchemaPage.Of(Intro, Schema, Document));
}
