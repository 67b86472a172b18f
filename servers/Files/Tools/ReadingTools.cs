// read_file and get_file_info.
using System.Globalization;
using CabinCrew.Protocol;
using CabinCrew.Servers.Files.Disk;

namespace CabinCrew.Servers.Files.Tools;

internal sealed class ReadingTools(Tree tree)
{
    /// <summary>Of one answer.</summary>
    public const int TextBytesMax = 1 << 20, BinaryBytesMax = 4 << 20;

    public IReadOnlyList<Tool> All =>
    [
        new("read_file", "Read a file",
            "Reads a file, or lines or bytes of it. Text comes as it is; anything else as base64. The last block of the answer tells which part it is, the file's size and its digest (for expected_digest). A long file comes in parts: ask on with start_line.",
            """
            {"type":"object","properties":{
              "path":{"type":"string","description":"The file."},
              "start_line":{"type":"integer","minimum":1,"description":"First line, from 1."},
              "end_line":{"type":"integer","minimum":1,"description":"Last line, included."},
              "encoding":{"type":"string","enum":["auto","text","base64"],"description":"auto (default): text where the file is UTF-8, else base64."},
              "start_byte":{"type":"integer","minimum":0,"description":"With base64: first byte, from 0."},
              "byte_count":{"type":"integer","minimum":1,"maximum":4194304,"description":"With base64: how many bytes."}},
             "required":["path"],"additionalProperties":false}
            """, Effect.Read, Again: true, Read),
        new("get_file_info", "Look at a file or directory", "Tells the kind, size, mode, time of change and (of a file) the digest and the number of lines of one entry. A link is not followed.",
            """{"type":"object","properties":{"path":{"type":"string","description":"The file or directory."}},"required":["path"],"additionalProperties":false}""", Effect.Read, Again: true, Info),
    ];

    private Outcome<ToolAnswer> Read(Arguments a, CancellationToken ct)
    {
        var path = a.Text("path");
        var (from, to) = (a.Number("start_line", 1, int.MaxValue), a.Number("end_line", 1, int.MaxValue));
        var (startByte, byteCount) = (a.Number("start_byte", 0, long.MaxValue), a.Number("byte_count", 1, BinaryBytesMax));
        var encoding = a.Word("encoding", "auto", "auto", "text", "base64");
        if (a.Check() is { } wrong) return wrong;
        if ((startByte ?? byteCount) is not null && encoding != "base64") return new Problem(ProblemCode.InvalidArgument, "start_byte and byte_count go with encoding base64.") { Remedy = "For text, use start_line and end_line." };
        if (from > to) return new Problem(ProblemCode.InvalidArgument, $"start_line {from} comes after end_line {to}.");
        if (!tree.Relative(path).Try(out var relative, out var problem) || !tree.OpenFile(relative).Try(out var file, out problem)) return problem;
        using (file)
        {
            if (startByte is not null || byteCount is not null) return Bytes(file, relative, startByte ?? 0, (int)(byteCount ?? BinaryBytesMax));
            if (!Tree.ReadWhole(file, relative).Try(out var bytes, out problem)) return problem;
            var content = FileText.Of(bytes);
            if (encoding == "base64" || (encoding == "auto" && !content.IsText)) return bytes.Length <= BinaryBytesMax
                ? ToolAnswer.Of(Convert.ToBase64String(bytes), $"[base64 of all {bytes.Length} bytes; {content.Digest}]")
                : new Problem(ProblemCode.LimitFiles, $"'{relative}' is no text and has {bytes.Length} bytes; an answer holds {BinaryBytesMax}.") { Remedy = "Ask for parts: encoding base64 with start_byte and byte_count." };
            return content.IsText ? Lines(content, relative, (int)(from ?? 1), (int)(to ?? int.MaxValue)) : new Problem(ProblemCode.InvalidArgument, $"'{relative}' is no UTF-8 text.") { Remedy = "Read it with encoding base64." };
        }
    }

    private static Outcome<ToolAnswer> Lines(FileText content, string relative, int from, int to)
    {
        var bytes = content.Bytes.Span;
        var total = content.Lines;
        if (from > Math.Max(total, 1)) return new Problem(ProblemCode.InvalidArgument, $"'{relative}' has {total} lines; line {from} is beyond its end.");
        int start = 0, line = 1;
        for (; line < from; line++) start += bytes[start..].IndexOf((byte)'\n') + 1;
        var (end, last) = (start, from - 1);
        while (end < bytes.Length && last < to)
        {
            var length = bytes[end..].IndexOf((byte)'\n') is >= 0 and var n ? n + 1 : bytes.Length - end;
            if (end + length - start > TextBytesMax) break;
            (end, last) = (end + length, last + 1);
        }
        if (end == start && bytes.Length > 0) return new Problem(ProblemCode.LimitFiles, $"Line {from} of '{relative}' alone is longer than the {TextBytesMax} bytes of an answer.") { Remedy = "Read it with encoding base64, start_byte and byte_count." };
        var more = last < total && last < to ? $"; more: start_line {last + 1}" : "";
        return ToolAnswer.Of(System.Text.Encoding.UTF8.GetString(bytes[start..end]), $"[{(total == 0 ? "empty" : $"lines {from}-{last} of {total}")}{more}; {bytes.Length} bytes; {content.Digest}]");
    }

    private static Outcome<ToolAnswer> Bytes(Microsoft.Win32.SafeHandles.SafeFileHandle file, string relative, long start, int count)
    {
        var size = Native.StatusOf(file).Size;
        if (start > size) return new Problem(ProblemCode.InvalidArgument, $"'{relative}' has {size} bytes; byte {start} is beyond its end.");
        var part = new byte[(int)Math.Min(count, Math.Max(0, size - start))];
        var read = 0;
        for (int n; read < part.Length && (n = RandomAccess.Read(file, part.AsSpan(read), start + read)) > 0;) read += n;
        return ToolAnswer.Of(Convert.ToBase64String(part, 0, read), $"[base64 of bytes {start}-{start + read - 1} of {size}]");
    }

    private Outcome<ToolAnswer> Info(Arguments a, CancellationToken ct)
    {
        var path = a.Text("path");
        if (a.Check() is { } wrong) return wrong;
        if (!tree.Relative(path).Try(out var relative, out var problem)) return problem;
        if (relative.Length == 0) return ToolAnswer.Of($"path: {tree.Path}\nkind: directory");
        using var place = tree.Find(relative);
        if (place.Status is not { } status) return Missing(relative);
        var lines = new List<string> { $"path: {relative}", $"kind: {status.Word}", $"mode: {Convert.ToString((int)status.Mode, 8)}", $"modified: {status.Modified.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)}" };
        if (status.Kind == EntryKind.Link) lines.Add($"leads_to: {Native.ReadLink(place.Directory, place.Name)}");
        if (status.Kind != EntryKind.File) return ToolAnswer.Of(string.Join('\n', lines));
        lines.Add($"size: {status.Size}");
        if (status.Size > Tree.WholeBytesMax) return ToolAnswer.Of(string.Join('\n', lines));
        if (!tree.ReadWhole(relative).Try(out var bytes, out problem)) return problem;
        var content = FileText.Of(bytes);
        lines.Add(content.IsText ? $"text: true\nlines: {content.Lines}" : "text: false");
        lines.Add($"digest: {content.Digest}");
        return ToolAnswer.Of(string.Join('\n', lines));
    }

    public static Problem Missing(string relative) => new(ProblemCode.NotFound, $"There is no '{relative}'.") { Remedy = "See what there is with list_directory or tree." };
}
