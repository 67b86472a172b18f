// One row for every method of MCP: what its messages look like, with a place for what is planted. `$` is what is planted, `#` the case's own number,
// `@id` and `@token` the id and the progress token of the request that is under way, as the sender of the message knows them.
using CabinCrew.Gateways.Mcp.Wire;

namespace CabinCrew.Gateways.Tests.Mediation;

/// <param name="Result">Of a request. Empty: it is a notification.</param>
internal sealed record Row(string Method, string Params, string Result = "")
{
    public McpMethod Known => McpMethods.Find(Method) ?? Unknown;

    // What nobody here knows may come from either side, in the form that its name has.
    private McpMethod Unknown => Result.Length > 0 ? new(Method, Parties.Both, null, Eras.Both) : new(Method, null, Parties.Both, Eras.Both);
}

internal static class Rows
{
    private const string Any = """{"note":"$"}""";

    public static readonly IReadOnlyList<Row> All =
    [
        new("initialize", """{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1","title":"$"}}""",
            """{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"},"instructions":"$"}"""),
        new("ping", Any, Any),
        new("server/discover", Any, """{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{},"instructions":"$"}"""),
        new("subscriptions/listen", """{"notifications":{"toolsListChanged":true},"note":"$"}""", """{"resultType":"complete","note":"$"}"""),
        new("tools/list", """{"cursor":"$"}""", """{"tools":[{"name":"t#","description":"$","inputSchema":{"type":"object"}}]}"""),
        new("tools/call", """{"name":"t","arguments":{"text":"$"}}""", """{"content":[{"type":"text","text":"$"}]}"""),
        new("prompts/list", """{"cursor":"$"}""", """{"prompts":[{"name":"p#","description":"$"}]}"""),
        new("prompts/get", """{"name":"p","arguments":{"text":"$"}}""", """{"messages":[{"role":"user","content":{"type":"text","text":"$"}}]}"""),
        new("resources/list", """{"cursor":"$"}""", """{"resources":[{"uri":"x://#","name":"r","description":"$"}]}"""),
        new("resources/templates/list", """{"cursor":"$"}""", """{"resourceTemplates":[{"uriTemplate":"x://#/{a}","name":"r","description":"$"}]}"""),
        new("resources/read", """{"uri":"x://a?$"}""", """{"contents":[{"uri":"x://a","text":"$"}]}"""),
        new("resources/subscribe", """{"uri":"x://a?$"}""", Any),
        new("resources/unsubscribe", """{"uri":"x://a?$"}""", Any),
        new("completion/complete", """{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":"$"}}""", """{"completion":{"values":["$"]}}"""),
        new("logging/setLevel", """{"level":"info","note":"$"}""", Any),
        new("sampling/createMessage", """{"messages":[{"role":"user","content":{"type":"text","text":"$"}}],"maxTokens":1}""", """{"role":"assistant","model":"m","content":{"type":"text","text":"$"}}"""),
        new("roots/list", Any, """{"roots":[{"uri":"file:///a","name":"$"}]}"""),
        new("elicitation/create", """{"message":"$","requestedSchema":{"type":"object","properties":{}}}""", """{"action":"accept","content":{"text":"$"}}"""),
        new("tasks/get", """{"taskId":"t1","note":"$"}""", """{"taskId":"t1","status":"working","statusMessage":"$"}"""),
        new("tasks/result", """{"taskId":"t1","note":"$"}""", """{"content":[{"type":"text","text":"$"}]}"""),
        new("tasks/cancel", """{"taskId":"t1","note":"$"}""", """{"taskId":"t1","status":"cancelled","statusMessage":"$"}"""),
        new("tasks/update", """{"taskId":"t1","inputResponses":{"a":{"action":"accept","content":{"text":"$"}}}}""", Any),
        new("tasks/list", """{"cursor":"$"}""", """{"tasks":[{"taskId":"t1","status":"working","statusMessage":"$"}]}"""),

        new("notifications/initialized", Any),
        new("notifications/roots/list_changed", Any),
        new("notifications/cancelled", """{"requestId":@id,"reason":"$"}"""),
        new("notifications/progress", """{"progressToken":@token,"progress":1,"message":"$"}"""),
        new("notifications/message", """{"level":"info","data":"$"}"""),
        new("notifications/resources/updated", """{"uri":"x://a?$"}"""),
        new("notifications/resources/list_changed", Any),
        new("notifications/tools/list_changed", Any),
        new("notifications/prompts/list_changed", Any),
        new("notifications/elicitation/complete", """{"elicitationId":"$"}"""),
        new("notifications/tasks/status", """{"taskId":"t1","status":"working","statusMessage":"$"}"""),
        new("notifications/tasks", """{"taskId":"t1","status":"working","statusMessage":"$"}"""),
        new("notifications/subscriptions/acknowledged", """{"notifications":{"toolsListChanged":true},"note":"$"}"""),

        // Nobody here knows these.
        new("vendor/thing", Any, Any),
        new("notifications/vendor/thing", Any),
    ];
}
