// The methods of MCP, all versions: who may send what, in which era, and what it addresses (MCP-01). Revisions 2024-11-05 to 2025-11-25 and 2026-07-28.
// A method that is not here passes the gate as any other; what is here and comes from the wrong side or in the wrong form is refused.
using System.Collections.Frozen;
using System.Text;

namespace CabinCrew.Gateways.Mcp.Wire;

[Flags]
public enum Parties { Client = 1, Server = 2, Both = Client | Server }

[Flags]
public enum Eras
{
    /// <summary>Revisions to 2025-11-25: <c>initialize</c>, then a session.</summary>
    Sessions = 1,

    /// <summary>Revision 2026-07-28 and later: each request says all about itself.</summary>
    Stateless = 2,
    Both = Sessions | Stateless,
}

/// <summary>What a message addresses by name, and under which member of <c>params</c>.</summary>
public enum Addressed { Nothing, Tool, Prompt, Resource }

/// <param name="Requests">Who may send it as a request. Null: it is a notification.</param>
/// <param name="Notifications">Who may send it as a notification. Null: it is a request.</param>
public sealed record McpMethod(string Name, Parties? Requests, Parties? Notifications, Eras Eras, Addressed Addressed = Addressed.Nothing);

public static class McpMethods
{
    /// <summary>Revisions whose requests say all about themselves. What others mean nobody here knows, so nobody here could judge it.</summary>
    public static readonly IReadOnlyList<string> StatelessVersions = ["2026-07-28"];

    public const string NotificationPrefix = "notifications/";
    public const string Initialize = "initialize";
    public const string Ping = "ping";
    public const string Discover = "server/discover";
    public const string Listen = "subscriptions/listen";
    public const string ToolsList = "tools/list";
    public const string ToolsCall = "tools/call";
    public const string PromptsList = "prompts/list";
    public const string PromptsGet = "prompts/get";
    public const string ResourcesList = "resources/list";
    public const string ResourceTemplatesList = "resources/templates/list";
    public const string ResourcesRead = "resources/read";
    public const string ResourcesSubscribe = "resources/subscribe";
    public const string ResourcesUnsubscribe = "resources/unsubscribe";
    public const string Complete = "completion/complete";
    public const string SetLevel = "logging/setLevel";
    public const string TasksList = "tasks/list";
    public const string Elicit = "elicitation/create";
    public const string Sample = "sampling/createMessage";
    public const string RootsList = "roots/list";
    public const string Initialized = "notifications/initialized";
    public const string Cancelled = "notifications/cancelled";
    public const string Progress = "notifications/progress";
    public const string Acknowledged = "notifications/subscriptions/acknowledged";

    public static readonly IReadOnlyList<McpMethod> Table =
    [
        new(Initialize, Parties.Client, null, Eras.Sessions),
        new(Ping, Parties.Both, null, Eras.Sessions),
        new(Discover, Parties.Client, null, Eras.Stateless),
        new(Listen, Parties.Client, null, Eras.Stateless),
        new(ToolsList, Parties.Client, null, Eras.Both),
        new(ToolsCall, Parties.Client, null, Eras.Both, Addressed.Tool),
        new(PromptsList, Parties.Client, null, Eras.Both),
        new(PromptsGet, Parties.Client, null, Eras.Both, Addressed.Prompt),
        new(ResourcesList, Parties.Client, null, Eras.Both),
        new(ResourceTemplatesList, Parties.Client, null, Eras.Both),
        new(ResourcesRead, Parties.Client, null, Eras.Both, Addressed.Resource),
        new(ResourcesSubscribe, Parties.Client, null, Eras.Sessions, Addressed.Resource),
        new(ResourcesUnsubscribe, Parties.Client, null, Eras.Sessions, Addressed.Resource),
        new(Complete, Parties.Client, null, Eras.Both),
        new(SetLevel, Parties.Client, null, Eras.Sessions),
        new(Sample, Parties.Server, null, Eras.Sessions),
        new(RootsList, Parties.Server, null, Eras.Sessions),
        new(Elicit, Parties.Server, null, Eras.Sessions),
        // Tasks are in the core of 2025-11-25, in both directions, and an extension of the stateless era.
        new("tasks/get", Parties.Both, null, Eras.Both),
        new("tasks/result", Parties.Both, null, Eras.Sessions),
        new("tasks/cancel", Parties.Both, null, Eras.Both),
        new("tasks/update", Parties.Client, null, Eras.Stateless),
        new(TasksList, Parties.Both, null, Eras.Sessions),

        new(Initialized, null, Parties.Client, Eras.Sessions),
        new("notifications/roots/list_changed", null, Parties.Client, Eras.Sessions),
        new(Cancelled, null, Parties.Both, Eras.Both),
        new(Progress, null, Parties.Both, Eras.Both),
        new("notifications/message", null, Parties.Server, Eras.Both),
        new("notifications/resources/updated", null, Parties.Server, Eras.Both, Addressed.Resource),
        new("notifications/resources/list_changed", null, Parties.Server, Eras.Both),
        new("notifications/tools/list_changed", null, Parties.Server, Eras.Both),
        new("notifications/prompts/list_changed", null, Parties.Server, Eras.Both),
        new("notifications/elicitation/complete", null, Parties.Server, Eras.Sessions),
        new("notifications/tasks/status", null, Parties.Both, Eras.Sessions),
        new("notifications/tasks", null, Parties.Server, Eras.Stateless),
        new(Acknowledged, null, Parties.Server, Eras.Stateless),
    ];

    private static readonly FrozenDictionary<string, McpMethod> ByName = Table.ToFrozenDictionary(m => m.Name, StringComparer.Ordinal);
    private static readonly FrozenDictionary<string, McpMethod>.AlternateLookup<ReadOnlySpan<char>> BySpan = ByName.GetAlternateLookup<ReadOnlySpan<char>>();
    private static readonly int NameCharsMax = Table.Max(m => m.Name.Length);

    /// <summary>It asks for something, and does not only keep the session going.</summary>
    internal static bool IsCall(string method) => Find(method) is not { Addressed: Addressed.Nothing } || method is Complete or "tasks/update";

    /// <summary>What the header <c>Mcp-Name</c> says of a request of the stateless era (2026-07-28, and its tasks extension); null: nothing.</summary>
    internal static string? HeaderName(Frame frame) => frame.Method switch
    {
        ToolsCall or PromptsGet or ResourcesRead => frame.Name,
        "tasks/get" or "tasks/update" or "tasks/cancel" => JsonParts.Text(frame.Task),
        _ => null,
    };

    public static McpMethod? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>The same string for each mention of a method that is known.</summary>
    internal static string Name(ReadOnlySpan<byte> ascii)
    {
        if (ascii.Length > NameCharsMax) return Encoding.ASCII.GetString(ascii);
        Span<char> chars = stackalloc char[64];
        Encoding.ASCII.GetChars(ascii, chars);
        return BySpan.TryGetValue(chars[..ascii.Length], out var known) ? known.Name : new string(chars[..ascii.Length]);
    }

    /// <summary>Why this method may not come from this side in this form; null: it may.</summary>
    public static string? Misplaced(Frame frame, Parties from)
    {
        var notification = frame.Kind is FrameKind.Notification;
        if (notification != frame.Method!.StartsWith(NotificationPrefix, StringComparison.Ordinal))
            return notification ? "a notification may not carry a call: it has no id, and its method is that of a request" : "a notification may not have an id";
        if (Find(frame.Method) is not { } known) return null;
        return (notification ? known.Notifications : known.Requests) is { } allowed && (allowed & from) == 0
            ? $"a {(from is Parties.Client ? "client" : "server")} does not send '{known.Name}'"
            : null;
    }
}
