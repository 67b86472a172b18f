// Applies a parsed patch to a tree that it reads through a delegate: every line of context must be there, every path is written at most once.
// All reads see the tree as it was, so that swaps by rename mean what git means by them.
using System.Buffers;

namespace CabinCrew.Protocol.Changes;

internal sealed class PatchApplication(PatchSet patch, ReadBase read)
{
    private readonly SortedDictionary<WorkspacePath, FileContent> written = [];
    private readonly HashSet<WorkspacePath> removed = [];
    private readonly Dictionary<WorkspacePath, FileContent?> before = [];
    private long made;

    /// <summary>The last path above which nothing was in the way: what the next one has in common with it need not be asked again.</summary>
    private string cleared = "";

    public Outcome<IReadOnlyList<FileWrite>> Run()
    {
        foreach (var file in patch.Files)
            if (Apply(file) is { } problem) return problem;
        foreach (var file in patch.Files)
            if (file.NewPath is { } path && CheckPlace(file, path) is { } problem) return problem;

        var writes = new List<FileWrite>();
        foreach (var path in written.Keys.Union(removed).Order())
        {
            var (old, now) = (Before(path), written.GetValueOrDefault(path));
            var change = new FileChange(path, old?.State, now?.State);
            if (change.Before != change.After) writes.Add(new(change, now?.Bytes));
        }
        return Outcome.Of<IReadOnlyList<FileWrite>>(writes);
    }

    private Problem? Apply(FilePatch file)
    {
        FileContent? old = null;
        if (file.OldPath is { } from)
        {
            old = Before(from);
            if (old is null && !file.MayCreate) return Refuse(file, from, "is not in the workspace");
            if (old is not null && file.OldKind is { } kind && kind != old.Kind) return Refuse(file, from, $"is {Word(old.Kind)} in the workspace, not {Word(kind)}");
            if (!file.IsCopy && !removed.Add(from)) return Refuse(file, from, "is changed twice in this patch");
        }
        var content = Content(file, old?.Bytes ?? ReadOnlyMemory<byte>.Empty, out var problem);
        if (problem is not null) return problem;
        if (file.NewPath is not { } to) return content.IsEmpty ? null : Refuse(file, file.OldPath!.Value, "is deleted, but the patch does not show its whole content");
        var newKind = file.NewKind ?? old?.Kind ?? FileKind.Regular;
        if (newKind == FileKind.Link && (content.IsEmpty || content.Length > WorkspacePath.BytesMax - 1 || content.Span.Contains((byte)0))) return Refuse(file, to, "would become a link whose target no system allows");
        if (!written.TryAdd(to, new(newKind, content))) return Refuse(file, to, "is written twice in this patch");
        return (made += content.Length) > 2L * GitPatch.UnpackedBytesMax ? Refuse(file, to, $"takes the patch's results beyond {2L * GitPatch.UnpackedBytesMax} bytes") : null;
    }

    /// <summary>Where something is made, nothing may be in the way: no file at the path, none at a directory above it.</summary>
    private Problem? CheckPlace(FilePatch file, WorkspacePath path)
    {
        if (!removed.Contains(path) && Before(path) is not null) return Refuse(file, path, "is to be made, but is already in the workspace");
        var text = path.ToString();
        var same = text.AsSpan().CommonPrefixLength(cleared);
        for (var slash = text.IndexOf('/'); slash > 0; slash = text.IndexOf('/', slash + 1))
        {
            if (slash < same) continue;
            var above = WorkspacePath.Parse(text[..slash]);
            // Not remembered: of the directories above there may be a thousand times as many as of the paths.
            if (written.ContainsKey(above) || !removed.Contains(above) && (before.TryGetValue(above, out var known) ? known : read(above)) is not null) return Refuse(file, path, $"is to be made below '{above}', which is a file");
        }
        cleared = text;
        return null;
    }

    private static ReadOnlyMemory<byte> Content(FilePatch file, ReadOnlyMemory<byte> old, out Problem? problem)
    {
        var path = file.OldPath ?? file.NewPath!.Value;
        problem = null;
        if (file.Binary is null) return Hunks(file, path, old, out problem);
        if (!Matches(file.OldId!, file.OldPath is null ? null : old.Span)) problem = Refuse(file, path, "is not the content that the binary part was made from");
        byte[]? result = null;
        if (problem is null && file.Binary.IsDelta && !PatchBinary.TryApplyDelta(old.Span, file.Binary.NewContent.Span, GitPatch.UnpackedBytesMax, out result)) problem = Refuse(file, path, "has a binary delta that does not fit");
        var content = result ?? file.Binary.NewContent;
        if (problem is null && !Matches(file.NewId!, file.NewPath is null ? null : content.Span)) problem = Refuse(file, path, "would not become the content that the index line names");
        return content;
    }

    private static bool Matches(string id, ReadOnlySpan<byte> content) =>
        id.AsSpan().Trim('0').IsEmpty ? content.IsEmpty : PatchBinary.BlobId(content, id.Length == 64) == id;

    private static ReadOnlyMemory<byte> Hunks(FilePatch file, WorkspacePath path, ReadOnlyMemory<byte> old, out Problem? problem)
    {
        problem = null;
        if (file.Hunks.Count == 0) return old;
        var result = new ArrayBufferWriter<byte>(old.Length + 256);
        int at = 0, line = 0;
        foreach (var hunk in file.Hunks)
        {
            var start = hunk.OldCount == 0 ? hunk.OldStart : hunk.OldStart - 1;
            var from = at;
            for (; line < start; line++)
            {
                if (at >= old.Length) { problem = Refuse(file, path, $"has only {line} lines; the hunk begins at line {hunk.OldStart}", hunk.Line); return default; }
                at = LineEnd(old.Span, at);
            }
            result.Write(old.Span[from..at]);
            // An insertion after a line without a newline would lengthen that line.
            if (result.WrittenCount > 0 && result.WrittenSpan[^1] != '\n' && hunk.Lines.Count > 0) { problem = Refuse(file, path, "ends without a newline before the hunk begins", hunk.Line); return default; }
            for (var i = 0; i < hunk.Lines.Count; i++)
            {
                var (mark, text) = hunk.Lines[i];
                if (mark != '+')
                {
                    var end = at < old.Length ? LineEnd(old.Span, at) : at;
                    if (!old.Span[at..end].SequenceEqual(text.Span)) { problem = Refuse(file, path, $"has another line {line + 1} than the patch expects", hunk.Line); return default; }
                    at = end;
                    line++;
                }
                if (mark != '-') result.Write(text.Span);
            }
        }
        if (at < old.Length && result.WrittenCount > 0 && result.WrittenSpan[^1] != '\n') { problem = Refuse(file, path, "goes on after the line that the patch says is its last", file.Hunks[^1].Line); return default; }
        result.Write(old.Span[at..]);
        return result.WrittenMemory;
    }

    private static int LineEnd(ReadOnlySpan<byte> text, int at) => text[at..].IndexOf((byte)'\n') is var n and >= 0 ? at + n + 1 : text.Length;

    private FileContent? Before(WorkspacePath path)
    {
        if (before.TryGetValue(path, out var known)) return known;
        return before[path] = read(path);
    }

    private static string Word(FileKind kind) => kind switch { FileKind.Regular => "a plain file", FileKind.Executable => "an executable file", FileKind.Link => "a link" };

    private static Problem Refuse(FilePatch file, WorkspacePath path, string what, int? line = null) =>
        PatchParser.Refusal(line ?? file.Line, $"'{path}' {what}").With("path", path.ToString());
}
