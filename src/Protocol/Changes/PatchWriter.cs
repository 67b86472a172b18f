// Writes patches that `git apply` and GitPatch.Apply read back to the same tree. One text for one change: no clock, no names of machines, paths in order.
using System.Text;

namespace CabinCrew.Protocol.Changes;

internal static class PatchWriter
{
    private const int Context = 3;
    private static readonly string Zero = new('0', 40);

    public static byte[] Write(IEnumerable<FileWrite> writes, ReadBase read)
    {
        using var into = new MemoryStream();
        WorkspacePath? last = null;
        foreach (var write in writes.OrderBy(w => w.Change.Path))
        {
            var path = write.Change.Path;
            if (path == last) throw new ArgumentException($"'{path}' stands twice among the writes", nameof(writes));
            last = path;
            var old = read(path);
            if (old?.State != write.Change.Before) throw new ArgumentException($"'{path}' is not in the state that the change begins with", nameof(writes));
            var now = write.Change.After is { } after ? new FileContent(after.Kind, write.Content ?? throw new ArgumentException($"'{path}' has no content", nameof(writes))) : null;
            if (old is not null && now is not null && old.Kind == FileKind.Link != (now.Kind == FileKind.Link))
            {
                File(into, path, old, null);
                File(into, path, null, now);
            }
            else File(into, path, old, now);
        }
        return into.ToArray();
    }

    private static void File(MemoryStream into, WorkspacePath path, FileContent? old, FileContent? now)
    {
        var (a, b) = (PatchNames.Quote($"a/{path}"), PatchNames.Quote($"b/{path}"));
        Line(into, $"diff --git {a} {b}");
        if (old is null) Line(into, $"new file mode {Mode(now!.Kind)}");
        else if (now is null) Line(into, $"deleted file mode {Mode(old.Kind)}");
        else if (old.Kind != now.Kind)
        {
            Line(into, $"old mode {Mode(old.Kind)}");
            Line(into, $"new mode {Mode(now.Kind)}");
        }
        var (before, after) = (old?.Bytes ?? ReadOnlyMemory<byte>.Empty, now?.Bytes ?? ReadOnlyMemory<byte>.Empty);
        var same = before.Span.SequenceEqual(after.Span);
        if (same && old is not null && now is not null) return;
        var ids = $"index {(old is null ? Zero : PatchBinary.BlobId(before.Span))}..{(now is null ? Zero : PatchBinary.BlobId(after.Span))}";
        Line(into, old is not null && now is not null && old.Kind == now.Kind ? $"{ids} {Mode(old.Kind)}" : ids);
        if (same) return;
        if (PatchBinary.IsBinary(before.Span) || PatchBinary.IsBinary(after.Span))
        {
            Line(into, "GIT binary patch");
            PatchBinary.WriteLiteral(after.Span, into);
            PatchBinary.WriteLiteral(before.Span, into);
            return;
        }
        // Git ends a name that has a space with a tab, so that no reader takes the rest for a time.
        var tab = path.ToString().Contains(' ', StringComparison.Ordinal) ? "\t" : "";
        Line(into, old is null ? $"--- {PatchNames.Nothing}" : $"--- {a}{tab}");
        Line(into, now is null ? $"+++ {PatchNames.Nothing}" : $"+++ {b}{tab}");
        Hunks(into, LineDiff.Of(before, after));
    }

    private static void Hunks(MemoryStream into, LineDiff diff)
    {
        // Invariant of the walk: i and j stand at lines that are the same, or where a change begins on either side.
        int i = 0, j = 0;
        while (i < diff.Old.Length || j < diff.New.Length)
        {
            while (i < diff.Old.Length && j < diff.New.Length && !diff.Deleted[i] && !diff.Added[j]) (i, j) = (i + 1, j + 1);
            if (i == diff.Old.Length && j == diff.New.Length) return;
            var lead = Math.Min(Context, Math.Min(i, j));
            var hunk = new List<(char Mark, ReadOnlyMemory<byte> Text)>();
            var (start, newStart) = (i - lead, j - lead);
            for (var k = start; k < i; k++) hunk.Add((' ', diff.Old[k]));
            while (true)
            {
                while (i < diff.Old.Length && diff.Deleted[i]) hunk.Add(('-', diff.Old[i++]));
                while (j < diff.New.Length && diff.Added[j]) hunk.Add(('+', diff.New[j++]));
                var gap = 0;
                while (i + gap < diff.Old.Length && j + gap < diff.New.Length && !diff.Deleted[i + gap] && !diff.Added[j + gap] && gap <= 2 * Context) gap++;
                var more = gap <= 2 * Context && (i + gap < diff.Old.Length || j + gap < diff.New.Length);
                for (var k = more ? gap : Math.Min(gap, Context); k > 0; k--, i++, j++) hunk.Add((' ', diff.Old[i]));
                if (!more) break;
            }
            Hunk(into, start, newStart, hunk);
        }
    }

    private static void Hunk(MemoryStream into, int start, int newStart, List<(char Mark, ReadOnlyMemory<byte> Text)> lines)
    {
        var (oldCount, newCount) = (lines.Count(l => l.Mark != '+'), lines.Count(l => l.Mark != '-'));
        Line(into, $"@@ -{Range(start, oldCount)} +{Range(newStart, newCount)} @@");
        foreach (var (mark, text) in lines)
        {
            into.WriteByte((byte)mark);
            into.Write(text.Span);
            if (text.Span is not [.., (byte)'\n']) Line(into, "\n\\ No newline at end of file");
        }
    }

    private static string Range(int start, int count) => count switch { 0 => $"{start},0", 1 => $"{start + 1}", _ => $"{start + 1},{count}" };

    private static string Mode(FileKind kind) => kind switch { FileKind.Regular => "100644", FileKind.Executable => "100755", FileKind.Link => "120000" };

    private static void Line(MemoryStream into, string text) => into.Write(Encoding.UTF8.GetBytes(text + "\n"));
}
