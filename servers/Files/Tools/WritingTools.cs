// write_file and edit_file.
using System.Text;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Servers.Files.Disk;

namespace CabinCrew.Servers.Files.Tools;

internal sealed class WritingTools(Tree tree)
{
    private const int ContentCharsMax = 64 << 20, EditsMax = 1000, DiffCharsMax = 256 << 10;

    public IReadOnlyList<Tool> All =>
    [
        new("write_file", "Write a file",
            "Creates a file, or replaces one as a whole, in one step; directories on the way are made, and the mode of a file that was there stays. To replace one, say overwrite, or better give the digest of what you have read (expected_digest): then nobody's change in between is lost.",
            """
            {"type":"object","properties":{
              "path":{"type":"string","description":"The file."},
              "content":{"type":"string","description":"All of its content."},
              "encoding":{"type":"string","enum":["text","base64"],"description":"Of content; text without it."},
              "overwrite":{"type":"boolean","description":"Replace whatever is there."},
              "expected_digest":{"type":"string","description":"Replace it only if this (sha256:...) is the digest of what is there."}},
             "required":["path","content"],"additionalProperties":false}
            """, Effect.Destroy, Again: true, WriteFile),
        new("edit_file", "Edit a file",
            "Replaces exact pieces of a text file, one after the other, in one step, and gives the unified diff. Each old_text must be there exactly once, unless replace_all is said. With dry_run nothing is changed and the diff tells what would be.",
            """
            {"type":"object","properties":{
              "path":{"type":"string","description":"The file."},
              "edits":{"type":"array","minItems":1,"maxItems":1000,"items":{"type":"object","properties":{
                "old_text":{"type":"string","description":"What is there, exactly, with its white space."},
                "new_text":{"type":"string","description":"What is to stand there."},
                "replace_all":{"type":"boolean","description":"Every place where it is."}},
               "required":["old_text","new_text"],"additionalProperties":false}},
              "dry_run":{"type":"boolean"},
              "expected_digest":{"type":"string","description":"Edit it only if this is its digest."}},
             "required":["path","edits"],"additionalProperties":false}
            """, Effect.Destroy, Again: false, EditFile),
    ];

    private Outcome<ToolAnswer> WriteFile(Arguments a, CancellationToken ct)
    {
        var (path, content, encoding) = (a.Text("path"), a.Text("content", ContentCharsMax), a.Word("encoding", "text", "text", "base64"));
        var (overwrite, expected) = (a.Flag("overwrite"), a.Digest("expected_digest"));
        if (a.Check() is { } wrong) return wrong;
        if (!Target(path).Try(out var target, out var problem)) return problem;
        if (!Decoded(content, encoding).Try(out var bytes, out problem)) return problem;
        var before = Change.Read(tree, target);
        if (before is not null && !overwrite && expected is null)
            return new Problem(ProblemCode.InvalidArgument, $"'{target}' is there already ({before.Bytes.Length} bytes, {before.State.Content}).") { Remedy = "Read it first; then give that digest as expected_digest, or say overwrite. For a small change use edit_file." };
        if (expected is not null && before?.State.Content != expected) return Moved(target, before);
        var kind = before?.Kind ?? FileKind.Regular;
        var after = new FileState(kind, Digest.Of(bytes.Span), bytes.Length);
        if (before?.State == after) return ToolAnswer.Of($"'{target}' holds exactly that already; {after.Content}.");
        return Change.Apply(tree, [new(new(target, before?.State, after), bytes)]).Map(_ => ToolAnswer.Of($"{(before is null ? "Created" : "Replaced")} '{target}': {bytes.Length} bytes, {after.Content}."));
    }

    private static Outcome<ReadOnlyMemory<byte>> Decoded(string content, string encoding)
    {
        if (encoding == "text") return (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(content);
        var bytes = new byte[content.Length / 4 * 3 + 3];
        return Convert.TryFromBase64String(content, bytes, out var length) ? (ReadOnlyMemory<byte>)bytes.AsMemory(0, length) : new Problem(ProblemCode.InvalidArgument, "content is no base64.");
    }

    private Outcome<WorkspacePath> Target(string path) => tree.Relative(path).Then(relative => WorkspacePath.TryParse(relative, out var parsed)
        ? (Outcome<WorkspacePath>)parsed
        : new Problem(ProblemCode.InvalidArgument, "The root is a directory, no file."));

    private static Problem Moved(WorkspacePath target, FileContent? now) =>
        new(ProblemCode.WorkspaceDrift, now is null ? $"There is no '{target}' any more." : $"'{target}' is not what you have read: its digest is {now.State.Content} now.") { Remedy = "Read it again, and make the change on what is there now." };

    private sealed record Edit(string Old, string New, bool All);

    private Outcome<ToolAnswer> EditFile(Arguments a, CancellationToken ct)
    {
        var path = a.Text("path");
        var edits = a.Objects("edits", EditsMax, e => new Edit(e.Text("old_text", ContentCharsMax), e.Text("new_text", ContentCharsMax), e.Flag("replace_all")));
        var (dry, expected) = (a.Flag("dry_run"), a.Digest("expected_digest"));
        if (a.Check() is { } wrong) return wrong;
        if (!Target(path).Try(out var target, out var problem)) return problem;
        if (Change.Read(tree, target) is not { } before) return ReadingTools.Missing(target.ToString());
        if (expected is not null && before.State.Content != expected) return Moved(target, before);
        var content = FileText.Of(before.Bytes.ToArray());
        if (!content.IsText) return new Problem(ProblemCode.InvalidArgument, $"'{target}' is no UTF-8 text.") { Remedy = "Replace it as a whole with write_file." };
        if (!Edited(content.Text, edits, target).Try(out var text, out problem)) return problem;
        var bytes = Encoding.UTF8.GetBytes(text);
        var after = new FileState(before.Kind, Digest.Of(bytes), bytes.Length);
        if (after == before.State) return ToolAnswer.Of($"The edits leave '{target}' as it is; {after.Content}.");
        IReadOnlyList<FileWrite> writes = [new(new(target, before.State, after), bytes)];
        var diff = Change.Diff(tree, writes);
        if (diff.Length > DiffCharsMax) diff = diff[..DiffCharsMax] + "\n[the diff is longer]";
        if (dry) return ToolAnswer.Of(diff, "[dry run: nothing was changed]");
        return Change.Apply(tree, writes).Map(_ => ToolAnswer.Of(diff, $"[edited '{target}': {bytes.Length} bytes; {after.Content}]"));
    }

    private static Outcome<string> Edited(string text, IReadOnlyList<Edit> edits, WorkspacePath target)
    {
        for (var i = 0; i < edits.Count; i++)
        {
            var edit = edits[i];
            if (edit.Old.Length == 0) return new Problem(ProblemCode.InvalidArgument, $"edits[{i}].old_text is empty.") { Remedy = "Name the text before or after which something is to stand, and repeat it in new_text." };
            var places = Places(text, edit.Old);
            if (places.Count == 0) return NotThere(text, edit.Old, i, target);
            if (places.Count > 1 && !edit.All)
                return new Problem(ProblemCode.InvalidArgument, $"edits[{i}].old_text is in '{target}' {places.Count} times, on lines {string.Join(", ", places.Take(10).Select(p => LineOf(text, p)))}; nothing was changed.")
                {
                    Remedy = "Give more of the lines around it, so that it is there once, or say replace_all.",
                };
            var result = new StringBuilder(text.Length);
            var at = 0;
            foreach (var place in places)
            {
                result.Append(text, at, place - at).Append(edit.New);
                at = place + edit.Old.Length;
                if (result.Length > ContentCharsMax) return new Problem(ProblemCode.LimitFiles, $"'{target}' would grow beyond {ContentCharsMax} characters.");
            }
            text = result.Append(text, at, text.Length - at).ToString();
        }
        return text;
    }

    private static List<int> Places(string text, string wanted)
    {
        var places = new List<int>();
        for (var at = 0; (at = text.IndexOf(wanted, at, StringComparison.Ordinal)) >= 0; at += wanted.Length) places.Add(at);
        return places;
    }

    private static int LineOf(string text, int place) => text.AsSpan(0, place).Count('\n') + 1;

    private static Problem NotThere(string text, string wanted, int index, WorkspacePath target)
    {
        // The usual reasons, by the first line that says something: other white space, or other line ends.
        var first = wanted.Split('\n').FirstOrDefault(l => l.Trim().Length > 0)?.Trim();
        var lines = text.Split('\n');
        var near = first is null ? -1 : Array.FindIndex(lines, l => l.Contains(first, StringComparison.Ordinal));
        var hint = text.Contains('\r') && !wanted.Contains('\r') && text.Replace("\r", "", StringComparison.Ordinal).Contains(wanted, StringComparison.Ordinal)
            ? "The file's lines end with CR LF: write \\r\\n."
            : near >= 0 ? $"Line {near + 1} has its first line, so what follows, or the white space, differs: read from there and copy it exactly."
            : "Read the file, and copy the text exactly, with its white space.";
        return new(ProblemCode.InvalidArgument, $"edits[{index}].old_text is not in '{target}'; nothing was changed.") { Remedy = hint };
    }
}
