// Where MCP clients keep their list of servers, and under which key. One line a client.
namespace CabinCrew.Cli.Commands.Mcp;

/// <param name="Places">Relative to the home directory where they begin with <c>~/</c>, else to the project's directory; the first that is there is meant.</param>
/// <param name="Key">The member that holds the servers, by name.</param>
internal sealed record ClientKind(string Id, string Name, IReadOnlyList<string> Places, string Key);

internal static class ClientFiles
{
    public static readonly IReadOnlyList<ClientKind> Table =
    [
        new("claude-code", "Claude Code", [".mcp.json"], "mcpServers"),
        new("claude-desktop", "Claude Desktop", ["~/.config/Claude/claude_desktop_config.json", "~/Library/Application Support/Claude/claude_desktop_config.json"], "mcpServers"),
        new("cursor", "Cursor", [".cursor/mcp.json", "~/.cursor/mcp.json"], "mcpServers"),
        new("vscode", "Visual Studio Code", [".vscode/mcp.json", "~/.config/Code/User/mcp.json"], "servers"),
        new("windsurf", "Windsurf", ["~/.codeium/windsurf/mcp_config.json"], "mcpServers"),
        new("gemini", "Gemini CLI", [".gemini/settings.json", "~/.gemini/settings.json"], "mcpServers"),
        new("cline", "Cline", ["~/.config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json"], "mcpServers"),
        new("zed", "Zed", [".zed/settings.json", "~/.config/zed/settings.json"], "context_servers"),
    ];

    /// <summary>The keys that a file of unknown kind may use.</summary>
    public static IReadOnlyList<string> Keys { get; } = [.. Table.Select(c => c.Key).Distinct(StringComparer.Ordinal)];

    /// <summary>The client's file that is there; null: none is.</summary>
    public static string? Find(ClientKind client, string directory, string home) =>
        client.Places.Select(p => p.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(home, p[2..]) : Path.Combine(directory, p)).FirstOrDefault(File.Exists);
}
