// What a call's arguments would run, where a tool runs commands: shell and SQL, read as they are (MCP-02, MCP-06). Which tools do is told by the words of their names and arguments, and
// by the configuration. Pure; what cannot be read is a finding of its own.
using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Governance.Detection.Commands;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Gateways.Firewall;

/// <param name="Requests">What becomes of whatever is found. Null: what each rule says.</param>
/// <param name="Rules">Decisions for single rules.</param>
/// <param name="Tools">Names of tools all of whose texts are shell commands, besides those that are known by their words.</param>
public sealed record CommandSettings(Decision? Requests, IReadOnlyDictionary<string, Decision> Rules, IReadOnlyList<string> Tools)
{
    public static readonly CommandSettings Standard = new(null, new Dictionary<string, Decision>(), []);
}

public sealed class CommandScan(CommandSettings settings)
{
    /// <summary>The name of the detector.</summary>
    public const string Name = "commands";

    /// <summary>More of a rule that is told already are left out.</summary>
    public const int FindingsMax = 100;

    // Of a tool's name: it runs what it is given.
    private static readonly HashSet<string> Runners = new(["run", "exec", "execute", "bash", "sh", "shell", "zsh", "terminal", "command", "commands", "cmd", "console", "script"], StringComparer.Ordinal);

    // And these say in which language, which is none of the shell's.
    private static readonly HashSet<string> Languages = new(["python", "javascript", "js", "typescript", "ts", "node", "ruby", "php", "java", "powershell", "code", "cell", "notebook", "query", "test", "tests", "workflow"], StringComparer.Ordinal);

    private static readonly HashSet<string> Databases = new(["sql", "query", "db", "database", "postgres", "postgresql", "mysql", "mariadb", "sqlite", "duckdb", "bigquery", "snowflake", "clickhouse", "redshift"], StringComparer.Ordinal);

    // Of arguments, whatever the tool is called.
    private static readonly HashSet<string> ShellNames = new(["command", "cmd", "shell_command", "shellcommand", "bash", "shell", "commandline", "command_line"], StringComparer.Ordinal);
    private static readonly HashSet<string> SqlNames = new(["sql", "query", "statement", "statements", "queries"], StringComparer.Ordinal);

    // Of a tool that runs what it is given.
    private static readonly HashSet<string> RunnerNames = new(["commands", "script", "input", "line", "code", "text", "args", "arguments", "argv", "program"], StringComparer.Ordinal);

    private const int ToolsKept = 1000;
    private const int NameCharsKept = 200;

    // What is known of tools by their names, which come from outside: so many, and no longer ones.
    private readonly ConcurrentDictionary<string, Tool> tools = new(StringComparer.Ordinal);

    /// <param name="IsNamed">The configuration says that all its texts are commands.</param>
    /// <param name="Runs">It runs what it is given.</param>
    /// <param name="Asks">It asks a database.</param>
    private readonly record struct Tool(bool IsNamed, bool Runs, bool Asks);

    public Digest Digest { get; } = Digest.Of(CanonicalJson.Write(new JsonObject
    {
        ["version"] = CommandReview.Version,
        ["requests"] = settings.Requests?.Word(),
        ["rules"] = new JsonObject(settings.Rules.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => KeyValuePair.Create(r.Key, (JsonNode?)r.Value.Word()))),
        ["tools"] = new JsonArray([.. settings.Tools.Select(t => (JsonNode)t)]),
    }));

    /// <summary>Null: nothing in it is a command, and nobody looked. Places are pointers into the message's content.</summary>
    public IReadOnlyList<MessageFinding>? In(MessageSubject subject)
    {
        if (settings.Requests == Decision.Allow || subject is not { Direction: MessageDirection.ToServer, Kind: MessageKind.Request, Method: "tools/call", Name: { } tool } || subject.Arguments.IsEmpty) return null;
        var (known, arguments) = (Of(tool), subject.TakenApart);
        if (!HasAny(known, arguments) || Texts(known, arguments) is not { Count: > 0 } texts) return null;
        List<MessageFinding> findings = [];
        HashSet<string> told = new(StringComparer.Ordinal);
        foreach (var (place, text, kind) in texts)
            foreach (var found in CommandReview.Of(text, kind))
            {
                var decision = settings.Rules.TryGetValue(found.Rule.Id, out var own) ? own : settings.Requests ?? found.Rule.Decision;
                if (decision != Decision.Allow && (told.Add(found.Rule.Id) || findings.Count < FindingsMax)) findings.Add(new(Name, found.Rule.Id, place, decision, found.Message));
            }
        return findings;
    }

    // Nearly always there is no such argument, and that is all that need be known.
    private static bool HasAny(Tool tool, MessageArguments arguments)
    {
        for (var i = 0; i < arguments.Values.Count; i++)
            if (arguments.Values[i] is { Kind: JsonTokenType.String, Path: [var name, ..] } && (tool.IsNamed || MayBeOne(tool, name.ToLowerInvariant()))) return true;
        return false;
    }

    private static bool MayBeOne(Tool tool, string name) => ShellNames.Contains(name) || (tool.Runs && RunnerNames.Contains(name)) || (SqlNames.Contains(name) && (tool.Asks || name == "sql"));

    private Tool Of(string name)
    {
        if (tools.TryGetValue(name, out var known)) return known;
        var words = Words(name);
        var isNamed = settings.Tools.Contains(name);
        var tool = new Tool(isNamed, isNamed || (words.Overlaps(Runners) && !words.Overlaps(Languages) && !words.Overlaps(Databases)), words.Overlaps(Databases));
        if (name.Length > NameCharsKept) return tool;
        if (tools.Count >= ToolsKept) tools.Clear();
        return tools[name] = tool;
    }

    private static List<(string Place, string Text, CommandKind Kind)> Texts(Tool tool, MessageArguments arguments)
    {
        List<(string, string, CommandKind)> texts = [];
        string? program = null;
        foreach (var argument in arguments.Values.Where(v => v.Kind == JsonTokenType.String && v.Path.Length > 0).GroupBy(v => v.Path[0], StringComparer.Ordinal))
        {
            var name = argument.Key.ToLowerInvariant();
            List<ArgumentValue> values = [.. argument];
            var isShell = tool.IsNamed || ShellNames.Contains(name) || (tool.Runs && RunnerNames.Contains(name));
            if (isShell)
            {
                // A list is one command and its arguments; what stands in objects below are commands of their own.
                if (values.TrueForAll(v => v.Path.Length == 2 && int.TryParse(v.Path[1], out _)))
                {
                    var row = Row(values.Select(v => v.Text()));
                    // ["ls -l", "rm -rf /"] are lines, ["rm", "-rf", "/"] is one.
                    if (name is "commands") texts.AddRange(values.Select(v => (Pointer(v.Path), v.Text(), CommandKind.Shell)));
                    else texts.Add((Pointer([argument.Key]), program is not null && name is "args" or "arguments" or "argv" ? $"{program} {row}" : row, CommandKind.Shell));
                    continue;
                }
                foreach (var value in values) texts.Add((Pointer(value.Path), value.Text(), CommandKind.Shell));
                if (values is [{ Path.Length: 1 } one] && ShellNames.Contains(name)) program = one.Text();
            }
            else if (SqlNames.Contains(name) && (tool.Asks || name == "sql"))
            {
                foreach (var value in values) texts.Add((Pointer(value.Path), value.Text(), CommandKind.Sql));
            }
            // {"command": "rm", "args": ["-rf", "/"]}: the tool need not be known.
            else if (program is not null && name is "args" or "arguments" or "argv")
            {
                texts.Add((Pointer([argument.Key]), $"{program} {Row(values.Select(v => v.Text()))}", CommandKind.Shell));
            }
        }
        return texts;
    }

    // run_command, runCommand, server__run-command: the words of a name.
    private static HashSet<string> Words(string name)
    {
        HashSet<string> words = new(StringComparer.Ordinal);
        var word = new StringBuilder();
        for (var i = 0; i <= name.Length; i++)
        {
            var ends = i == name.Length || !char.IsAsciiLetterOrDigit(name[i]) || (char.IsAsciiLetterUpper(name[i]) && i > 0 && char.IsAsciiLetterLower(name[i - 1]));
            if (ends && word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
            if (i < name.Length && char.IsAsciiLetterOrDigit(name[i])) word.Append(char.ToLowerInvariant(name[i]));
        }
        return words;
    }

    private static string Row(IEnumerable<string> words) => string.Join(' ', words.Select(w => $"'{w.Replace("'", "'\\''", StringComparison.Ordinal)}'"));

    private static string Pointer(string[] path) => "/arguments/" + string.Join('/', path.Select(p => p.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)));
}
