// Where a step's secrets and context come from (ENG-03). A secret is named here, never written.
using CabinCrew.Governance.Files;
using System.Text.RegularExpressions;
using CabinCrew.Governance.Yaml;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows;

internal sealed partial class StepSources(YamlMap step, string baseDirectory, string? workspace)
{
    /// <summary>Where a file with a secret must be.</summary>
    internal const string Outside = $"outside the workspace, where every engine can read it; move it out, or under {WorkspaceHasher.StoreDirectory}/";

    private const int NamesMax = 64;
    private const int ArgumentsMax = 256;
    private static readonly string[] Kinds = ["env", "file", "command"];

    public Dictionary<string, SecretSource> Secrets()
    {
        Dictionary<string, SecretSource> secrets = new(StringComparer.Ordinal);
        foreach (var (name, source) in Named("secrets", SecretName, "a secret's name of capitals, digits and '_'"))
            if (Secret(name, source) is { } found) secrets.Add(name, found);
        return secrets;
    }

    private SecretSource? Secret(string name, YamlNode node)
    {
        if (node is not YamlMap map)
        {
            // What stands here may be the secret itself: it is not repeated.
            step.Errors.Add(node, $"'{name}': expected a source (env: NAME, file: PATH or command: [PROGRAM, …]), found {node.Is}; a secret's value never stands in this file");
            return null;
        }
        map.Know(Kinds);
        map.Close();
        var given = Kinds.Where(map.Has).ToList();
        if (given.Count != 1)
        {
            if (map.Entries.All(e => Kinds.Contains(e.Key.Text)))
                step.Errors.Add(map, $"'{name}': expected exactly one of env, file, command, found {(given.Count == 0 ? "none" : string.Join(" and ", given))}");
            return null;
        }
        return given[0] switch
        {
            "env" => FromEnvironment(map),
            "file" => FromFile(map),
            _ => FromCommand(map),
        };
    }

    private static SecretSource? FromEnvironment(YamlMap map)
    {
        if (map.TakeText("env", expected: "the name of a variable", charsMax: 128) is not { } variable) return null;
        if (VariableName.IsMatch(variable)) return new SecretSource("env", variable, []);
        map.Errors.Add(map.Take("env")!, "'env': expected the name of a variable (letters, digits and '_')");
        return null;
    }

    private SecretSource? FromFile(YamlMap map)
    {
        if (map.TakeText("file", expected: "the path of a file") is not { } written) return null;
        if (written.Any(char.IsControl))
        {
            map.Errors.Add(map.Take("file")!, "'file': expected a path without control characters");
            return null;
        }
        var path = Path.GetFullPath(Path.Combine(baseDirectory, written));
        if (written.StartsWith("~/", StringComparison.Ordinal)) map.Errors.Add(map.Take("file")!, "'file': '~' is not expanded here; write the path out, or relative to this file");
        else if (InWorkspace(CanonicalPath.Of(path) ?? path))
            map.Errors.Add(map.Take("file")!, $"'file': expected a file {Outside}");
        else return new SecretSource("file", path, []);
        return null;
    }

    private SecretSource? FromCommand(YamlMap map)
    {
        if (map.TakeList("command") is not { } list) return null;
        var command = list.Texts();
        if (command.Count != list.Items.Count) return null;
        if (command.Count is 0 or > ArgumentsMax || command[0].Length == 0)
            map.Errors.Add(list, $"'command': expected a program and up to {ArgumentsMax - 1} arguments, found {(command.Count == 0 ? "none" : "something else")}");
        else if (command.Any(a => a.Contains('\0'))) map.Errors.Add(list, "'command': expected arguments without NUL characters");
        else if (command[0].Contains('/') && command[0][0] != '/')
            map.Errors.Add(list.Items[0], "'command': expected a program of the PATH or an absolute path");
        else if (command[0][0] == '/' && InWorkspace(CanonicalPath.Of(command[0]) ?? command[0]))
            map.Errors.Add(list.Items[0], "'command': expected a program outside the workspace; it runs outside the sandbox");
        else return new SecretSource("command", "", command);
        return null;
    }

    // The store's directory is hidden from engines, so a secret may lie there.
    private bool InWorkspace(string path) => InWorkspace(workspace, path);

    internal static bool InWorkspace(string? workspace, string path) =>
        workspace is not null && CanonicalPath.Contains(workspace, path)
        && !CanonicalPath.Contains(Path.Combine(workspace, WorkspaceHasher.StoreDirectory), path);

    /// <param name="steps">Gains the steps that are named, with the place, for the check that they come before.</param>
    public Dictionary<string, ContextSource> Context(List<(StepId Id, YamlNode Node)> steps)
    {
        Dictionary<string, ContextSource> context = new(StringComparer.Ordinal);
        foreach (var (name, node) in Named("context", ContextName, "a name of letters, digits and '_'"))
        {
            if (node is not YamlMap map)
            {
                step.Errors.Add(node, $"'{name}': expected {{ step: ID, artifact: NAME, field: metadata.KEY }}, found {node.Is}");
                continue;
            }
            if (ContextOf(map, steps) is { } source) context.Add(name, source);
            map.Close();
        }
        return context;
    }

    private static ContextSource? ContextOf(YamlMap map, List<(StepId Id, YamlNode Node)> steps)
    {
        StepId? from = null;
        if (map.TakeText("step", required: true, "the id of a step") is { } stepText)
        {
            if (StepId.TryParse(stepText, out var id)) steps.Add((id, map.Take("step")!));
            else map.Errors.Add(map.Take("step")!, $"'step': expected the id of a step, found '{WorkflowReader.Clip(stepText)}'");
            from = id;
        }
        ArtifactName? artifact = null;
        if (map.TakeText("artifact", required: true, "an artifact's name") is { } artifactText)
        {
            if (ArtifactName.TryParse(artifactText, out var parsed)) artifact = parsed;
            else map.Errors.Add(map.Take("artifact")!, $"'artifact': expected letters, digits, '.', '_' and '-', and no reserved name, found '{WorkflowReader.Clip(artifactText)}'");
        }
        var field = map.TakeText("field", required: true, "body, metadata or metadata.KEY");
        if (field is not null && !Field.IsMatch(field))
        {
            map.Errors.Add(map.Take("field")!, $"'field': expected body, metadata or metadata.KEY, found '{WorkflowReader.Clip(field)}'{NearMatch.Hint(field, ["body", "metadata"])}");
            return null;
        }
        return from is { } f && artifact is { } a && field is not null ? new ContextSource(f, a, field) : null;
    }

    private IEnumerable<(string Name, YamlNode Value)> Named(string key, Regex name, string expected)
    {
        if (step.TakeMap(key) is not { } map) yield break;
        map.Know([.. map.Entries.Select(e => e.Key.Text)]);
        if (map.Entries.Count > NamesMax) step.Errors.Add(map, $"'{key}': expected at most {NamesMax}, found {map.Entries.Count}");
        foreach (var entry in map.Entries.Take(NamesMax))
        {
            if (name.IsMatch(entry.Key.Text)) yield return (entry.Key.Text, entry.Value);
            else step.Errors.Add(entry.Key, $"'{key}': expected {expected}, found '{WorkflowReader.Clip(entry.Key.Text)}'");
        }
    }

    [GeneratedRegex(@"\A[A-Z][A-Z0-9_]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex SecretName { get; }

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex VariableName { get; }

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex ContextName { get; }

    [GeneratedRegex(@"\A(body|metadata(\.[A-Za-z0-9_-]{1,64}){0,16})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Field { get; }
}
