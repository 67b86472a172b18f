// Arguments that read like paths, for tools that nobody here knows and for what a known tool is given besides (MCP-04). It errs on the side of yes where a name says path, and on the
// side of no where only the text does: `/users/1` may well be a REST resource. docs/reference/file-operations.md has the rules.
using System.Collections.Frozen;

namespace CabinCrew.Gateways.Mcp.Files;

internal static class PathLike
{
    private const int CharsMax = 4096;

    private static readonly FrozenSet<string> Names = FrozenSet.Create(StringComparer.OrdinalIgnoreCase,
        "path", "paths", "file", "files", "filename", "filenames", "filepath", "filepaths", "dir", "dirs", "directory", "directories", "folder", "folders", "cwd", "workdir", "workspace",
        "root", "roots", "repo_path", "repository_path", "working_directory", "workingdirectory", "project_root", "output_file", "input_file", "outfile", "infile", "dirname", "dirpath");

    private static readonly string[] Endings = ["_path", "_paths", "_file", "_files", "_dir", "_directory", "_folder", "Path", "Paths", "File", "Files", "Dir", "Directory", "Folder"];

    private static readonly FrozenSet<string> Tops = FrozenSet.Create(StringComparer.Ordinal,
        "bin", "boot", "dev", "etc", "home", "lib", "lib64", "media", "mnt", "opt", "proc", "root", "run", "sbin", "srv", "sys", "tmp", "usr", "var", "Users", "private", "Volumes", "Library", "System", "Applications");

    /// <param name="name">Of the member that the text is, or of the list that it is in.</param>
    public static bool Is(string name, string text)
    {
        if (text.Length is 0 or > CharsMax) return false;
        if (text.StartsWith("file:", StringComparison.OrdinalIgnoreCase)) return true;
        if (text.AsSpan().ContainsAny('\n', '\r') || IsWeb(text)) return false;
        return IsNamedPath(name) || Climbs(text) || IsAbsolute(text);
    }

    private static bool IsNamedPath(string name) => Names.Contains(name) || Array.Exists(Endings, e => name.Length > e.Length && name.EndsWith(e, StringComparison.Ordinal));

    private static bool IsWeb(string text) => text.IndexOf("://", StringComparison.Ordinal) is > 0 and < 20;

    // Not in prose: a path has no blank beside the dots.
    private static bool Climbs(string text) =>
        text is ".." || text.StartsWith("../", StringComparison.Ordinal) || text.StartsWith("..\\", StringComparison.Ordinal)
        || text.Contains("/../", StringComparison.Ordinal) || text.Contains("\\..\\", StringComparison.Ordinal) || text.EndsWith("/..", StringComparison.Ordinal);

    private static bool IsAbsolute(string text)
    {
        if (text.StartsWith("~/", StringComparison.Ordinal)) return true;
        if (text.Length >= 3 && char.IsAsciiLetter(text[0]) && text[1] == ':' && text[2] is '\\' or '/') return true;
        if (text[0] != '/' || text.Length < 2) return false;
        var end = text.IndexOf('/', 1);
        return Tops.Contains(end < 0 ? text[1..] : text[1..end]);
    }
}
