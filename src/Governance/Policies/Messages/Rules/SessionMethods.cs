// The methods of MCP that only keep a session going: they name nothing that could be used, and carry nothing that could do harm by itself. A file's default does not apply to them,
// or nobody could begin a session under `default: deny`. A rule that names one of them is heard like any other.
using System.Collections.Frozen;

namespace CabinCrew.Governance.Policies.Messages.Rules;

internal static class SessionMethods
{
    private static readonly FrozenSet<string> All = FrozenSet.Create(StringComparer.Ordinal,
        "initialize", "notifications/initialized", "server/discover", "ping", "logging/setLevel", "subscriptions/listen", "notifications/subscriptions/acknowledged",
        "tools/list", "prompts/list", "resources/list", "resources/templates/list", "roots/list",
        "notifications/cancelled", "notifications/progress", "notifications/message", "notifications/elicitation/complete",
        "notifications/tools/list_changed", "notifications/prompts/list_changed", "notifications/resources/list_changed", "notifications/resources/updated", "notifications/roots/list_changed",
        "tasks/get", "tasks/list", "tasks/result", "tasks/cancel", "notifications/tasks/status", "notifications/tasks");

    public static bool Contains(string method) => All.Contains(method);
}
