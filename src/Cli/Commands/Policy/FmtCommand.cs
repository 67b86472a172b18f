// policy fmt: one form for policies, the habits of `opa fmt`. Formatting what is formatted changes nothing.
using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using CabinCrew.Governance.Policies.Rego.Authoring;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Rego.Syntax.Formatting;

namespace CabinCrew.Cli.Commands.Policy;

internal static class FmtCommand
{
    public static Command Create()
    {
        var (paths, v0) = (PolicyPaths.Argument(), PolicyPaths.V0());
        var write = new Flag("--write", "-w") { Description = "Write the files anew, those that change." };
        var check = new Flag("--check", "--list", "-l") { Description = "Only list the files that would change; exit code 1 where there are any." };
        var diff = new Flag("--diff", "-d") { Description = "Only show what would change; into a pipe or file as `git apply` reads it." };
        var fail = new Flag("--fail") { Description = "Exit code 1 where any file would change, whatever else is asked for." };
        var command = new Command("fmt", """
            Format policies: tabs, one blank line between rules, sorted imports, `:=` in heads, comments kept. Without an option the formatted text is printed.
            A file that does not parse is told and left alone, and nothing at all is written.

            Examples:
              cabincrew policy fmt policies/freeze.rego
              cabincrew policy fmt --write policies
              cabincrew policy fmt --check
              cabincrew policy fmt --diff
            """) { paths, write, check, diff, fail, v0 };
        command.Validators.Add(result =>
        {
            if (new[] { write, check, diff }.Count(o => result.GetResult(o) is not null) > 1) result.AddError("--write, --check and --diff are three different wishes; say one");
        });
        command.Plain((parse, screen, _) =>
        {
            if (!PolicyPaths.Read(parse.GetValue(paths), parse.Has(v0)).Try(out var files, out var problem)) return problem;
            if (files.Errors.Count > 0)
            {
                var findings = files.Errors.Select(e => new PolicyFinding(e)).ToList();
                if (screen.Json) screen.Document(new() { ["ok"] = false, ["findings"] = PolicyPaths.Json(findings) });
                else PolicyPaths.Show(screen, files, findings);
                return PolicyPaths.Found;
            }
            var formatted = files.Modules.Select(f => (File: f, Text: RegoFormatter.Format(f.Module!))).ToList();
            var changed = formatted.Where(f => f.Text != f.File.Text).ToList();
            if (parse.Has(write) && changed.Find(c => c.File.Path is null) is { File: not null } packed)
                return new Problem(ProblemCode.InvalidArgument, $"'{Screen.Safe(packed.File.Name)}' is in an archive, which is not written to") { Remedy = "Format its source, and build it anew." };
            if (parse.Has(write))
                foreach (var (file, text) in changed) File.WriteAllText(file.Path!, text);
            Tell(screen, parse.Has(write), parse.Has(check), parse.Has(diff), formatted, changed);
            return (parse.Has(check) || parse.Has(fail)) && changed.Count > 0 ? PolicyPaths.Found : 0;
        });
        return command;
    }

    private static void Tell(Screen screen, bool write, bool check, bool diff, List<(PolicyFile File, string Text)> formatted, List<(PolicyFile File, string Text)> changed)
    {
        if (screen.Json) screen.Document(new() { ["ok"] = true, ["files"] = formatted.Count, ["written"] = write, ["changed"] = new JsonArray([.. changed.Select(c => (JsonNode)c.File.Name)]) });
        else if (write || check)
            foreach (var (file, _) in changed) screen.Line(Screen.Safe(file.Name));
        else if (diff && Console.IsOutputRedirected) screen.Raw(Encoding.UTF8.GetString(Patch(changed)));
        else if (diff) screen.Diff(Patch(changed));
        else
            foreach (var (_, text) in formatted) screen.Raw(text);
    }

    private static byte[] Patch(List<(PolicyFile File, string Text)> changed)
    {
        Dictionary<WorkspacePath, FileContent> before = [];
        List<FileWrite> writes = [];
        foreach (var (file, text) in changed)
        {
            if (!WorkspacePath.TryParse(file.Name.Replace("../", "", StringComparison.Ordinal).TrimStart('/', '.').Replace(":", "/", StringComparison.Ordinal), out var path) || before.ContainsKey(path)) continue;
            before[path] = new(FileKind.Regular, Encoding.UTF8.GetBytes(file.Text));
            var now = new FileContent(FileKind.Regular, Encoding.UTF8.GetBytes(text));
            writes.Add(new(new(path, before[path].State, now.State), now.Bytes));
        }
        return GitPatch.Write(writes, path => before.GetValueOrDefault(path));
    }
}
