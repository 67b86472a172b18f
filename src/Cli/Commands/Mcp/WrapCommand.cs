// mcp wrap, mcp unwrap: makes a client's servers go through the gateway, and takes that back. The wrapped entry holds the original one, so nothing else is needed to undo it.
using System.CommandLine;
using CabinCrew.Cli.Rendering;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Mcp;

internal static class WrapCommand
{
    private const string Backup = ".before-cabincrew";

    public static Command Wrap()
    {
        var client = ClientOption();
        var file = FileOption();
        var server = new Option<string[]>("--server") { Description = "Only this server of the file (may be given several times).", HelpName = "NAME" };
        var mount = new Option<string[]>("--mount") { Description = "What wrapped servers may see: PATH to read, PATH:write to write. Paths among their arguments that exist are seen anyway, to write.", HelpName = "PATH[:write]" };
        var network = new Option<string[]>("--network") { Description = "A host that wrapped servers may reach.", HelpName = "HOST" };
        var sandbox = new Option<string?>("--sandbox") { Description = "full (default), or none: run the servers as ordinary programs.", HelpName = "WORD" };
        var dry = new Flag("--dry-run") { Description = "Print what would stand in the file; write nothing." };
        var command = new Command("wrap", """
            Make the servers in a client's configuration go through the gateway: each `command` becomes `cabincrew mcp -- COMMAND`.

            The rest of the file stays as it is, comments included; a copy is kept beside it. `cabincrew mcp unwrap` takes it back.

            Examples:
              cabincrew mcp wrap --client claude-code
              cabincrew mcp wrap --file .vscode/mcp.json --server github --network api.github.com
            """) { client, file, server, mount, network, sandbox, dry };
        command.Plain((parse, screen, _) => Edit(parse.GetValue(client), parse.GetValue(file), parse.Has(dry), screen, document =>
        {
            if (parse.GetValue(sandbox) is not (null or "full" or "none")) return new Problem(ProblemCode.InvalidArgument, "--sandbox takes full or none");
            List<string> options = [.. (parse.GetValue(mount) ?? []).SelectMany(m => new[] { "--mount", Whole(m) }), .. (parse.GetValue(network) ?? []).SelectMany(n => new[] { "--network", n })];
            if (parse.GetValue(sandbox) is "none") options.AddRange(["--sandbox", "none"]);
            return Wrapped(document, parse.GetValue(server) ?? [], options, screen);
        }));
        return command;
    }

    public static Command Unwrap()
    {
        var client = ClientOption();
        var file = FileOption();
        var dry = new Flag("--dry-run") { Description = "Print what would stand in the file; write nothing." };
        var command = new Command("unwrap", """
            Take back what `cabincrew mcp wrap` did to a client's configuration.

            Example:
              cabincrew mcp unwrap --client claude-code
            """) { client, file, dry };
        command.Plain((parse, screen, _) => Edit(parse.GetValue(client), parse.GetValue(file), parse.Has(dry), screen, Unwrapped));
        return command;
    }

    private static Option<string?> ClientOption() => new("--client") { Description = $"Whose configuration: {string.Join(", ", ClientFiles.Table.Select(c => c.Id))}.", HelpName = "CLIENT" };

    private static Option<string?> FileOption() => new("--file", "-f") { Description = "The configuration's file, where it is none of a known client.", HelpName = "PATH" };

    private sealed record Changes(IReadOnlyList<(ClientServer Server, string Command, IReadOnlyList<string> Arguments)> Servers, string Did, string Nothing);

    private static Outcome<Changes> Wrapped(ClientDocument document, string[] only, IReadOnlyList<string> options, Screen screen)
    {
        var names = document.Servers.Select(s => s.Name).ToList();
        if (only.FirstOrDefault(n => !names.Contains(n, StringComparer.Ordinal)) is { } missing)
            return new Problem(ProblemCode.NotFound, $"The file has no server '{missing}'{NearMatch.Hint(missing, names)}");
        List<(ClientServer, string, IReadOnlyList<string>)> changes = [];
        foreach (var server in document.Servers.Where(s => only.Length == 0 || only.Contains(s.Name, StringComparer.Ordinal)))
        {
            if (IsWrapped(server)) continue;
            if (server.Command is null)
            {
                screen.Note(server.Url is null
                    ? $"{server.Name}: left as it is; it names no command"
                    : $"{server.Name}: left as it is; servers reached by a URL go into a gateway's configuration (`servers: {{ {server.Name}: {{ url: {server.Url} }} }}`, see `cabincrew mcp --help`)");
                continue;
            }
            var seen = server.Arguments.Where(a => Path.IsPathRooted(a) && (Directory.Exists(a) || File.Exists(a)) && Path.GetFullPath(a) != "/").SelectMany(a => new[] { "--mount", $"{Path.GetFullPath(a)}:write" });
            changes.Add((server, ProgramName(), ["mcp", "--name", ServerName(server.Name), .. options, .. options.Contains("none") ? [] : seen, .. server.Environment.SelectMany(e => new[] { "--env", e }), "--", server.Command, .. server.Arguments]));
        }
        return new Changes(changes, "goes through the gateway", "Every server goes through the gateway already, or cannot.");
    }

    private static Outcome<Changes> Unwrapped(ClientDocument document)
    {
        List<(ClientServer, string, IReadOnlyList<string>)> changes = [];
        foreach (var server in document.Servers.Where(IsWrapped))
        {
            var original = server.Arguments.Skip(server.Arguments.ToList().IndexOf("--") + 1).ToList();
            changes.Add((server, original[0], original[1..]));
        }
        return new Changes(changes, "is as it was", "No server of the file goes through the gateway.");
    }

    private static Outcome<int> Edit(string? client, string? file, bool dry, Screen screen, Func<ClientDocument, Outcome<Changes>> change)
    {
        if (!Locate(client, file).Try(out var place, out var problem)) return problem;
        var bytes = File.ReadAllBytes(place.Path);
        if (!ClientDocument.Read(bytes, place.Keys, place.Path).Try(out var document, out problem)) return problem;
        if (!change(document).Try(out var changes, out problem)) return problem;
        if (changes.Servers.Count == 0)
        {
            screen.Line(changes.Nothing);
            return 0;
        }
        var text = document.With(changes.Servers);
        if (dry)
        {
            screen.Raw(System.Text.Encoding.UTF8.GetString(text));
            return 0;
        }
        Write(place.Path, bytes, text);
        foreach (var (server, _, _) in changes.Servers) screen.Line($"{SafeText.Line(server.Name)} {changes.Did}");
        screen.Note($"{place.Path} (before: {place.Path}{Backup}); restart the client");
        return 0;
    }

    private sealed record Located(string Path, IReadOnlyList<string> Keys);

    private static Outcome<Located> Locate(string? client, string? file)
    {
        if ((client is null) == (file is null)) return new Problem(ProblemCode.InvalidArgument, "say whose configuration: either --client or --file");
        if (file is not null) return File.Exists(file) ? new Located(Path.GetFullPath(file), ClientFiles.Keys) : new Problem(ProblemCode.NotFound, "there is no such file") { Where = file };
        if (ClientFiles.Table.FirstOrDefault(c => c.Id == client) is not { } kind)
            return new Problem(ProblemCode.InvalidArgument, $"there is no client '{client}'{NearMatch.Hint(client!, ClientFiles.Table.Select(c => c.Id))}; expected one of {string.Join(", ", ClientFiles.Table.Select(c => c.Id))}");
        return ClientFiles.Find(kind, Directory.GetCurrentDirectory(), Environment.GetFolderPath(Environment.SpecialFolder.UserProfile)) is { } path
            ? new Located(path, [kind.Key])
            : new Problem(ProblemCode.NotFound, $"{kind.Name} has no configuration here: looked for {string.Join(", ", kind.Places)}") { Remedy = "Name the file with --file." };
    }

    // Whole or not at all, with the rights that it had; what stood there first is kept once.
    private static void Write(string path, byte[] before, byte[] after)
    {
        var real = new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
        if (!File.Exists(real + Backup)) File.WriteAllBytes(real + Backup, before);
        var mode = File.GetUnixFileMode(real);
        File.SetUnixFileMode(real + Backup, mode);
        var temporary = $"{real}.{Environment.ProcessId}.tmp";
        File.WriteAllBytes(temporary, after);
        File.SetUnixFileMode(temporary, mode);
        File.Move(temporary, real, overwrite: true);
    }

    private static bool IsWrapped(ClientServer server) =>
        server.Command is { } command && Path.GetFileName(command) is "cabincrew" && server.Arguments is ["mcp", ..] && server.Arguments.ToList().IndexOf("--") is > 0 and var at && at + 1 < server.Arguments.Count;

    private static string ProgramName() => Demo.ProgramPath.OfThis();

    private static string ServerName(string name)
    {
        var kept = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');
        return kept.Length == 0 ? "server" : kept[..Math.Min(kept.Length, 32)].Trim('-');
    }

    private static string Whole(string mount) => mount.EndsWith(":write", StringComparison.Ordinal) ? $"{Path.GetFullPath(mount[..^6])}:write" : Path.GetFullPath(mount);
}
