// One entry of `servers`: a program run in the sandbox, a server reached by its URL, or the built-in file server.
using CabinCrew.Governance.Files;
using CabinCrew.Gateways.Firewall.Configuration;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Configuration;

public sealed class ServerReader(YamlMap map, string name, string baseDirectory)
{
    /// <summary>Short, so that it leaves room for a tool's own name behind it.</summary>
    public const int NameCharsMax = 32;

    private const int ArgumentsMax = 256;
    private const int ValuesMax = 64;
    private const int MountsMax = 64;
    private const int HostsMax = 64;
    private static readonly string[] Kinds = ["command", "url", "files"];

    /// <summary>No underscore: two of them part a server's name from a tool's.</summary>
    public static bool IsName(string text) =>
        text.Length is > 0 and <= NameCharsMax && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') && char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1]);

    /// <summary>Null: there are errors.</summary>
    internal ServerDefinition? Read()
    {
        var given = Kinds.Where(map.Has).ToList();
        if (given is not [var kind])
        {
            var near = given.Count > 0 ? "" : map.Entries.Select(e => NearMatch.Hint(e.Key.Text, Kinds)).FirstOrDefault(h => h.Length > 0) ?? "";
            map.Errors.Add(map, $"'{name}': expected exactly one of {string.Join(", ", Kinds)}, found {(given.Count == 0 ? "none" : string.Join(" and ", given))}{near}");
            return null;
        }
        var server = kind switch
        {
            "command" => Program(),
            "url" => Remote(),
            _ => Files(),
        };
        map.Close();
        return map.Errors.Any ? null : server;
    }

    private ServerDefinition Program()
    {
        IReadOnlyList<string> command = map.TakeTexts("command", required: true, "a program and its arguments") ?? [];
        if (command.Count is 0 or > ArgumentsMax || command[0].Length == 0) map.Errors.Add(map, $"'command': expected a program and at most {ArgumentsMax - 1} arguments");
        if (command.Any(a => a.Contains('\0', StringComparison.Ordinal))) map.Errors.Add(map, "'command': expected arguments without NUL characters");
        IReadOnlyList<string> hosts = map.TakeTexts("network", expected: "a list of hosts") ?? [];
        if (hosts.Count > HostsMax) map.Errors.Add(map, $"'network': expected at most {HostsMax} hosts, found {hosts.Count}");
        return new()
        {
            Name = name, Kind = ServerKind.Command, Command = command, Network = hosts,
            Environment = Values("env", ValueReader.IsVariable, "the name of a variable (letters, digits and '_')"),
            WorkingDirectory = map.TakeText("directory", expected: "a directory") is { } at ? Directory(map, "directory", at, baseDirectory) : null,
            Mounts = Mounts(),
            Unsandboxed = map.TakeWord("sandbox", [("full", false), ("none", true)]) ?? false,
        };
    }

    private ServerDefinition Remote()
    {
        Uri? url = null;
        if (map.TakeText("url", required: true, "an http or https URL") is { } text
            && (!Uri.TryCreate(text, UriKind.Absolute, out url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0 || url.Fragment.Length > 0))
            map.Errors.Add(map.Take("url")!, "'url': expected an http or https URL without a user, a password or a fragment");
        return new()
        {
            Name = name, Kind = ServerKind.Url, Url = url,
            Transport = map.TakeWord("transport", [("http", UrlTransport.StreamableHttp), ("sse", UrlTransport.Sse)]) ?? UrlTransport.StreamableHttp,
            Headers = Values("headers", IsHeader, "the name of a header that the gateway does not set itself"),
            PrivateAddress = map.TakeTruth("private") ?? false,
        };
    }

    private ServerDefinition Files() => new()
    {
        Name = name, Kind = ServerKind.Files,
        FilesRoot = map.TakeText("files", required: true, "a directory") is { } path ? Directory(map, "files", path, baseDirectory) : null,
        PlanMode = map.TakeWord("mode", [("direct", false), ("plan", true)]) ?? false,
    };

    private List<MountDefinition> Mounts()
    {
        List<MountDefinition> mounts = [];
        if (map.TakeList("mounts") is not { } list) return mounts;
        if (list.Items.Count > MountsMax) map.Errors.Add(list, $"'mounts': expected at most {MountsMax}, found {list.Items.Count}");
        foreach (var item in list.Maps("a mount such as { path: DIRECTORY, access: read }").Take(MountsMax))
        {
            var writable = item.TakeWord("access", [("read", false), ("write", true)]) ?? false;
            if (item.TakeText("path", required: true, "a file or a directory") is { } written)
            {
                var path = Path.GetFullPath(written, baseDirectory);
                if (CanonicalPath.Of(path) is not { } real) item.Errors.Add(item, $"'path': there is nothing at '{YamlMap.Clip(written)}'");
                else if (real == "/") item.Errors.Add(item, "'path': expected less than the whole file system");
                else mounts.Add(new(real, writable));
            }
            item.Close();
        }
        return mounts;
    }

    private Dictionary<string, ValueDefinition> Values(string key, Func<string, bool> isName, string expected)
    {
        Dictionary<string, ValueDefinition> values = new(StringComparer.Ordinal);
        if (map.TakeMap(key) is not { } list) return values;
        list.Know([.. list.Entries.Select(e => e.Key.Text)]);
        if (list.Entries.Count > ValuesMax) map.Errors.Add(list, $"'{key}': expected at most {ValuesMax}, found {list.Entries.Count}");
        foreach (var entry in list.Entries.Take(ValuesMax))
        {
            if (!isName(entry.Key.Text)) map.Errors.Add(entry.Key, $"'{key}': expected {expected}, found '{YamlMap.Clip(entry.Key.Text)}'");
            else if (ValueReader.Read(entry.Key.Text, entry.Value, baseDirectory) is { } value) values.Add(entry.Key.Text, value);
        }
        return values;
    }

    private static bool IsHeader(string text) =>
        text.Length is > 0 and <= 128 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
        && !text.StartsWith("mcp-", StringComparison.OrdinalIgnoreCase)
        && text.ToLowerInvariant() is not ("host" or "content-length" or "content-type" or "transfer-encoding" or "connection" or "accept" or "upgrade" or "origin" or "last-event-id");

    /// <summary>The directory, every link resolved; null after an error.</summary>
    internal static string? Directory(YamlMap map, string key, string written, string baseDirectory)
    {
        if (CanonicalPath.Of(Path.GetFullPath(written, baseDirectory)) is not { } path || !System.IO.Directory.Exists(path))
            map.Errors.Add(map.Take(key)!, $"'{key}': expected a directory, found none at '{YamlMap.Clip(written)}'");
        else if (path == "/") map.Errors.Add(map.Take(key)!, $"'{key}': expected a directory of its own, found the root of the file system");
        else return path;
        return null;
    }
}
