// Edits, one after the other, on a picture of the workspace: {path, find, replace, count?} | {path, content, mode?} | {path, delete: true} | {path, rename_to}.
// A find that is not there as often as said (once, unless count says otherwise) is a failure, never a silent nothing.
using System.Text;
using CabinCrew.EngineSdk;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Engines.Patch;

internal sealed record Edit(string Place, WorkspacePath Path, string Kind, string? Find, string? Replace, int Count, string? Content, FileKind? Mode, WorkspacePath? RenameTo);

internal static class Edits
{
    private const int BytesMax = 64 << 20;

    public static IReadOnlyList<Edit>? Read(Settings settings) => settings.Objects("edits")?.Select(ReadOne).ToList();

    private static Edit ReadOne(Settings s)
    {
        s.RequiredText("path");
        var path = s.WorkspacePath("path") ?? default;
        var kind = s.OneOf("find", "content", "delete", "rename_to");
        if (kind != "find" && (s.Has("replace") || s.Has("count"))) s.Fail("", "'replace' and 'count' go with 'find'");
        if (kind == "find" && !s.Has("replace")) s.Fail("", "'find' needs 'replace'");
        if (kind is not ("content" or "") && s.Has("mode")) s.Fail("mode", "goes with 'content' only");
        if (kind == "find" && s.Text("find") is "") s.Fail("find", "expected a text that is not empty");
        if (s.Has("delete") && !s.Flag("delete")) s.Fail("delete", "expected true");
        var mode = s.Text("mode") switch
        {
            null => (FileKind?)null,
            "file" or "100644" => FileKind.Regular,
            "executable" or "100755" => FileKind.Executable,
            "link" or "120000" => FileKind.Link,
            _ => s.Fail("mode", "expected file, executable or link") ? null : FileKind.Regular,
        };
        return new(s.Place, path, kind, s.Text("find"), s.Text("replace"), s.Number("count", 1, 1_000_000) ?? 1, s.Text("content"), mode, s.WorkspacePath("rename_to"));
    }

    public static Outcome<IReadOnlyList<FileWrite>> Apply(IReadOnlyList<Edit> edits, ReadBase read)
    {
        var picture = new SortedDictionary<WorkspacePath, FileContent?>();
        FileContent? Now(WorkspacePath path) => picture.TryGetValue(path, out var content) ? content : read(path);
        foreach (var edit in edits)
        {
            var now = Now(edit.Path);
            if (now is null && edit.Kind != "content") return Refuse(edit, "does not exist");
            switch (edit.Kind)
            {
                case "find":
                    if (now!.Kind == FileKind.Link) return Refuse(edit, "is a link");
                    if (!Replace(edit, now.Bytes).Try(out var replaced, out var problem)) return problem;
                    picture[edit.Path] = now with { Bytes = replaced };
                    break;
                case "content":
                    picture[edit.Path] = new(edit.Mode ?? now?.Kind ?? FileKind.Regular, Encoding.UTF8.GetBytes(edit.Content!));
                    break;
                case "delete":
                    picture[edit.Path] = null;
                    break;
                default:
                    if (Now(edit.RenameTo!.Value) is not null) return Refuse(edit, $"cannot become '{edit.RenameTo}', which exists");
                    picture[edit.Path] = null;
                    picture[edit.RenameTo.Value] = now;
                    break;
            }
        }
        return Written(picture, read);
    }

    private static Outcome<IReadOnlyList<FileWrite>> Written(SortedDictionary<WorkspacePath, FileContent?> picture, ReadBase read)
    {
        var writes = new List<FileWrite>();
        foreach (var (path, after) in picture)
        {
            var before = read(path);
            if (before?.State == after?.State) continue;
            writes.Add(new(new(path, before?.State, after?.State), after?.Bytes));
        }
        // Through the patch and back: what cannot be applied (a file below a file) is found here and not at take-off.
        if (writes.Count == 0) return writes;
        return GitPatch.Parse(GitPatch.Write(writes, read)).Then(set => GitPatch.Apply(set, read));
    }

    private static Outcome<ReadOnlyMemory<byte>> Replace(Edit edit, ReadOnlyMemory<byte> text)
    {
        var (find, replace) = (Encoding.UTF8.GetBytes(edit.Find!), Encoding.UTF8.GetBytes(edit.Replace!));
        using var result = new MemoryStream();
        int at = 0, found = 0;
        for (int next; (next = text.Span[at..].IndexOf(find)) >= 0; at += next + find.Length, found++)
        {
            result.Write(text.Span.Slice(at, next));
            result.Write(replace);
            if (result.Length > BytesMax) return Refuse(edit, $"would grow beyond {BytesMax} bytes");
        }
        if (found != edit.Count) return Refuse(edit, $"has the text to find {found} times, not {edit.Count}");
        result.Write(text.Span[at..]);
        return (ReadOnlyMemory<byte>)result.ToArray();
    }

    private static Problem Refuse(Edit edit, string why) => new(ProblemCode.EngineFailed, $"'{edit.Path}' {why}") { Where = edit.Place };
}
