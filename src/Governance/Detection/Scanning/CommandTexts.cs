// Which parts of a file are commands or changes that CommandReview reads, told by the file's name and its first lines. What is none costs nothing.
using CabinCrew.Governance.Detection.Commands;

namespace CabinCrew.Governance.Detection.Scanning;

/// <param name="FirstLine">Where the text begins in the file, from 1; its lines are the file's.</param>
internal readonly record struct CommandText(CommandKind Kind, string Text, int FirstLine)
{
    /// <summary>Made of a template: it need not be readable, and another reading of the same may say the same.</summary>
    public bool IsReading { get; init; }
}

internal static class CommandTexts
{
    private static readonly string[] ShellEndings = [".sh", ".bash", ".zsh", ".ksh", ".dash", ".envrc", ".bashrc", ".zshrc", ".profile", ".bash_profile"];
    private static readonly string[] Shells = ["sh", "bash", "zsh", "ksh", "dash", "ash", "mksh"];
    private static readonly string[] PipelineFiles = [".gitlab-ci.yml", ".travis.yml", ".drone.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml", "action.yml", "action.yaml", "Taskfile.yml", "Taskfile.yaml"];
    private static readonly string[] PipelineFolders = [".github/workflows/", ".circleci/", ".gitlab/", ".buildkite/", ".forgejo/workflows/", ".gitea/workflows/"];

    /// <summary>Whether a file may have any, before a text is made of its bytes.</summary>
    public static bool MayHave(string path, ReadOnlySpan<byte> utf8)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        return utf8.StartsWith("#!"u8) || Array.Exists(ShellEndings, e => Ends(name, e)) || Ends(name, ".sql") || IsDockerfile(name) || IsMakefile(name)
            || Ends(name, ".yml") || Ends(name, ".yaml") || (Ends(name, ".json") && utf8.IndexOf("\"resource_changes\""u8) >= 0);
    }

    /// <param name="path">With slashes.</param>
    /// <param name="isPart">The text is made of hunks: what has to be read whole is not read.</param>
    public static IEnumerable<CommandText> In(string path, string text, bool isPart)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        if (IsShell(name, text)) return [new(CommandKind.Shell, text, 1)];
        if (Ends(name, ".sql")) return [new(CommandKind.Sql, text, 1)];
        if (IsDockerfile(name)) return [new(CommandKind.Dockerfile, text, 1)];
        // What is too long to be judged is not taken apart first: the review says so.
        if (text.Length > CommandReview.CharsMax && (IsMakefile(name) || IsPipeline(path, name))) return [new(CommandKind.Shell, text, 1)];
        if (IsMakefile(name)) return MakeRecipes.In(text);
        if (isPart) return [];
        if (Ends(name, ".yml") || Ends(name, ".yaml"))
        {
            if (IsPipeline(path, name)) return PipelineScripts.In(text);
            if (!HasLine(text, "apiVersion:") || !HasLine(text, "kind:")) return [];
            if (!text.Contains("{{", StringComparison.Ordinal) || text.Length > CommandReview.CharsMax) return [new(CommandKind.Manifest, text, 1)];
            return HelmTemplate.Readings(text).Select(r => new CommandText(CommandKind.Manifest, r, 1) { IsReading = true });
        }
        else if (Ends(name, ".json") && text.Contains("\"format_version\"", StringComparison.Ordinal) && text.Contains("\"resource_changes\"", StringComparison.Ordinal))
        {
            return [new(CommandKind.TerraformPlan, text, 1)];
        }
        return [];
    }

    private static bool IsShell(string name, string text)
    {
        // Whoever runs `sh deploy.sh` does not ask what its first line says.
        if (Array.Exists(ShellEndings, e => Ends(name, e))) return true;
        if (!text.StartsWith("#!", StringComparison.Ordinal)) return false;
        var end = text.IndexOf('\n');
        var line = (end < 0 ? text : text[..end]).Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
        // #!/bin/sh -e, #!/usr/bin/env bash, #!/usr/bin/env -S bash -eu
        foreach (var word in line)
            if (Shells.Contains(word[(word.LastIndexOfAny(['/', '!']) + 1)..])) return true;
        return false;
    }

    private static bool IsDockerfile(string name) =>
        name is "Dockerfile" or "Containerfile" || name.StartsWith("Dockerfile.", StringComparison.Ordinal) || name.StartsWith("Containerfile.", StringComparison.Ordinal) || Ends(name, ".dockerfile");

    private static bool IsMakefile(string name) => name is "Makefile" or "makefile" or "GNUmakefile" || Ends(name, ".mk");

    private static bool IsPipeline(string path, string name) => PipelineFiles.Contains(name)
        || Array.Exists(PipelineFolders, f => path.StartsWith(f, StringComparison.Ordinal) || path.Contains("/" + f, StringComparison.Ordinal));

    private static bool HasLine(string text, string start) =>
        text.StartsWith(start, StringComparison.Ordinal) || text.Contains("\n" + start, StringComparison.Ordinal);

    private static bool Ends(string name, string ending) => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase);
}
