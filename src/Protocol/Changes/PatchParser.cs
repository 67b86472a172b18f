// The parser of patches: one pass over the lines, every refusal with its line number. Hunks and binary parts: PatchParser.Parts.cs.
using System.Text;

namespace CabinCrew.Protocol.Changes;

internal sealed partial class PatchParser(ReadOnlyMemory<byte> patch)
{
    private readonly List<FilePatch> files = [];
    private Problem? problem;
    private int at;
    private int lineNumber;
    private int lineCount;
    private int hunkLines;
    private long unpacked;

    public static Problem Refusal(int line, string message) =>
        new Problem(ProblemCode.ArtifactPatchInvalid, message) { Where = $"patch line {line}" }.With("line", $"{line}");

    public Outcome<PatchSet> Run()
    {
        // Before the first file (and after a mail's signature) anything may stand: a commit message, a diffstat.
        var prose = true;
        while (problem is null && Next(out var line))
        {
            var text = line.Span;
            if (text.StartsWith("diff --git "u8)) prose = !GitSection(line[11..]) && prose;
            else if (text.StartsWith("--- "u8) && Peek(out var next) && next.Span.StartsWith("+++ "u8)) prose = !PlainSection() && prose;
            else if (text.StartsWith("@@ -"u8)) Fail("a hunk stands here without a file header before it");
            else if (text.StartsWith("GIT binary patch"u8)) Fail("a binary part stands here without a file header before it");
            else if (text.StartsWith("Binary files "u8)) Fail("the patch says that a binary file differs, but not how; make it with `git diff --binary`");
            else if (text.SequenceEqual("-- "u8)) prose = true;
            else if (!prose && !MayStandBetweenFiles(text)) Fail($"'{Show(text)}' is neither part of the hunk before it nor a file header; the hunk's counts may be wrong");
            if (files.Count > GitPatch.FilesMax) Fail($"the patch touches more than {GitPatch.FilesMax} files");
        }
        if (problem is not null) return problem;
        if (files.Count == 0) return Refusal(1, "the patch has no file in it");
        return new PatchSet(files);
    }

    private static bool MayStandBetweenFiles(ReadOnlySpan<byte> text) =>
        text.IsEmpty || text.StartsWith("diff "u8) || text.StartsWith("Index: "u8) || text.StartsWith("===="u8) || text.StartsWith("Only in "u8);

    private sealed class Header
    {
        public string? OldMode, NewMode, CreatedMode, DeletedMode, IndexMode, OldId, NewId, RenameFrom, RenameTo, CopyFrom, CopyTo, Minus, Plus;
        public bool MinusIsNothing, PlusIsNothing;
        public List<Hunk> Hunks = [];
        public BinaryLiteral? Binary;
    }

    private bool GitSection(ReadOnlyMemory<byte> names)
    {
        var line = lineNumber;
        if (names.Length > PatchNames.HeaderBytesMax) return Fail("the names in the 'diff --git' line are longer than any path");
        var header = new Header();
        while (problem is null && Peek(out var next) && HeaderLine(header, next.Span)) { }
        if (problem is null && Peek(out var after) && after.Span.StartsWith("--- "u8)) TextNames(header, isPlain: false);
        if (problem is not null) return false;
        // Git does not see a header line that is cut off, and what it says does not happen.
        if (patch.Span[at - 1] != '\n') return Fail(CutLine);
        if (header.Minus is not null) Hunks(header);
        else if (Peek(out var binary) && binary.Span.SequenceEqual("GIT binary patch"u8)) Binary(header);
        return problem is null && AddGit(header, names, line);
    }

    private bool HeaderLine(Header h, ReadOnlySpan<byte> text)
    {
        if (Value(text, "old mode "u8, ref h.OldMode) || Value(text, "new mode "u8, ref h.NewMode)
            || Value(text, "new file mode "u8, ref h.CreatedMode) || Value(text, "deleted file mode "u8, ref h.DeletedMode)
            || Value(text, "rename from "u8, ref h.RenameFrom) || Value(text, "rename to "u8, ref h.RenameTo)
            || Value(text, "copy from "u8, ref h.CopyFrom) || Value(text, "copy to "u8, ref h.CopyTo)) return problem is null;
        if (text.StartsWith("similarity index "u8) || text.StartsWith("dissimilarity index "u8)) return Next(out _);
        return text.StartsWith("index "u8) && Next(out _) && Ids(h, Encoding.Latin1.GetString(text[6..]));
    }

    private bool Value(ReadOnlySpan<byte> text, ReadOnlySpan<byte> prefix, ref string? value)
    {
        if (!text.StartsWith(prefix)) return false;
        Next(out _);
        if (value is not null) return !Fail($"'{Show(prefix)}' stands twice for one file");
        if (!PatchNames.TryWhole(text[prefix.Length..], out value)) return !Fail($"the name or mode after '{Show(prefix)}' is not readable");
        return true;
    }

    private bool Ids(Header h, string text)
    {
        if (text.Length > 200) return Fail("the index line is not 'index OLD..NEW [MODE]', once");
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        var ids = (space < 0 ? text : text[..space]).Split("..");
        if (ids.Length != 2 || !IsId(ids[0]) || !IsId(ids[1]) || h.OldId is not null) return Fail("the index line is not 'index OLD..NEW [MODE]', once");
        (h.OldId, h.NewId) = (ids[0], ids[1]);
        if (space >= 0) h.IndexMode = text[(space + 1)..];
        return true;
    }

    private static bool IsId(string text) => text.Length is >= 4 and <= 64 && text.All(char.IsAsciiHexDigitLower);

    /// <summary>The --- and +++ lines.</summary>
    private bool TextNames(Header h, bool isPlain)
    {
        Next(out var minus);
        if (!Next(out var plus) || !plus.Span.StartsWith("+++ "u8)) return Fail("a '---' line is not followed by a '+++' line");
        if (!PatchNames.TryRead(minus.Span[4..], out h.Minus, out var minusRest) || !PatchNames.TryRead(plus.Span[4..], out h.Plus, out var plusRest))
            return Fail("a file's name is not readable (it must be UTF-8, quoted as git does)");
        // Git's own header says by its modes what is new or gone; a time says it only where there is none.
        h.MinusIsNothing = h.Minus == PatchNames.Nothing || isPlain && PatchNames.IsEpoch(minusRest);
        h.PlusIsNothing = h.Plus == PatchNames.Nothing || isPlain && PatchNames.IsEpoch(plusRest);
        return !(h.MinusIsNothing && h.PlusIsNothing) || Fail("a file is said to exist neither before nor after");
    }

    private bool PlainSection()
    {
        var line = lineNumber;
        at = lineStart;
        lineNumber--;
        var h = new Header();
        if (!TextNames(h, isPlain: true) || !Hunks(h)) return false;
        if (h.Hunks.Count == 0) return Fail("a file header has no hunk after it");
        if (PatchNames.EndsInTime(h.Minus!) || PatchNames.EndsInTime(h.Plus!)) return Fail("a file's name ends in a time; a tab belongs between the two", line);
        var (old, @new) = PatchNames.Strip(h.Minus!, h.Plus!);
        if (old != @new && !h.MinusIsNothing && !h.PlusIsNothing) return Fail($"the file is called '{Clean(old)}' before and '{Clean(@new)}' after; say so with git's rename lines", line);
        if (!TryPath(h.MinusIsNothing ? @new : old, line, out var path)) return false;
        var first = h.Hunks[0];
        files.Add(new(h.MinusIsNothing ? null : path, h.PlusIsNothing ? null : path, null, h.MinusIsNothing ? FileKind.Regular : null, false, false, h.Hunks, null)
        {
            Line = line,
            MayCreate = !h.MinusIsNothing && !h.PlusIsNothing && h.Hunks.Count == 1 && first is { OldStart: 0, OldCount: 0 },
        });
        return true;
    }

    private bool AddGit(Header h, ReadOnlyMemory<byte> names, int line)
    {
        var renamed = h.RenameFrom is not null || h.RenameTo is not null;
        var copied = h.CopyFrom is not null || h.CopyTo is not null;
        if (renamed && copied || renamed && (h.RenameFrom is null || h.RenameTo is null) || copied && (h.CopyFrom is null || h.CopyTo is null))
            return Fail("rename and copy lines come as one pair, from and to", line);
        // Without the mode line git takes /dev/null for the name of a file.
        var (created, deleted) = (h.CreatedMode is not null, h.DeletedMode is not null);
        if (created && deleted || (renamed || copied) && (created || deleted)) return Fail("a file can be only one of created, deleted, renamed, copied", line);
        if (h.Minus is not null && (created != h.MinusIsNothing || deleted != h.PlusIsNothing)) return Fail("the lines 'new file mode' and 'deleted file mode', and those of --- and +++, disagree on whether the file is new or deleted", line);
        if ((h.OldMode is null) != (h.NewMode is null) || h.OldMode is not null && (created || deleted)) return Fail("'old mode' and 'new mode' come as one pair, for a file that stays", line);

        if (Names(h, names.Span, renamed || copied) is not var (old, @new)) return Fail("the names in the 'diff --git' line and those below it do not agree", line);
        WorkspacePath oldPath = default, newPath = default;
        if (!created && !TryPath(old, line, out oldPath) || !deleted && !TryPath(@new, line, out newPath)) return false;

        if (!TryKind(h.OldMode ?? h.DeletedMode ?? (created ? null : h.IndexMode), line, out var oldKind)
            || !TryKind(h.NewMode ?? h.CreatedMode ?? (deleted ? null : h.IndexMode), line, out var newKind)) return false;
        if (h.OldMode is not null && oldKind == FileKind.Link != (newKind == FileKind.Link)) return Fail("a file becomes a link by a deletion and a creation, not by its mode", line);
        if (h.Hunks.Count == 0 && h.Binary is null && !created && !deleted && !renamed && !copied && oldKind == newKind)
            return Fail("this file's part changes nothing", line);
        files.Add(new(created ? null : oldPath, deleted ? null : newPath, oldKind, newKind, renamed, copied, h.Hunks, h.Binary) { Line = line, OldId = h.OldId, NewId = h.NewId });
        return true;
    }

    /// <summary>The file's names, if everything that names it agrees.</summary>
    private static (string Old, string New)? Names(Header h, ReadOnlySpan<byte> text, bool moved)
    {
        var pairs = PatchNames.HeaderPairs(text, moved ? (h.RenameFrom ?? h.CopyFrom!, h.RenameTo ?? h.CopyTo!) : null);
        if (moved)
        {
            var (from, to) = (h.RenameFrom ?? h.CopyFrom!, h.RenameTo ?? h.CopyTo!);
            bool Fits((string Old, string New) p) => p == (from, to) || PatchNames.Strip(p.Old, p.New) == (from, to) || p == ($"a/{from}", $"b/{to}");
            if (!pairs.Any(Fits)) return null;
            return h.Minus is null || Fits((h.Minus, h.Plus!)) ? (from, to) : null;
        }
        var fitting = pairs
            .Where(p => (h.Minus is null || h.MinusIsNothing || p.Old == h.Minus) && (h.Plus is null || h.PlusIsNothing || p.New == h.Plus))
            .Select(p => PatchNames.Strip(p.Old, p.New)).Where(p => p.Old == p.New).Distinct().Take(2).ToList();
        return fitting.Count == 1 ? fitting[0] : null;
    }

    private bool TryKind(string? mode, int line, out FileKind? kind)
    {
        kind = mode switch { "100644" => FileKind.Regular, "100755" => FileKind.Executable, "120000" => FileKind.Link, _ => null };
        if (mode is null || kind is not null) return true;
        return Fail(mode == "160000" ? "a submodule (mode 160000) cannot be changed by a patch" : $"the mode '{Clean(mode)}' is none of 100644, 100755, 120000", line);
    }

    private bool TryPath(string name, int line, out WorkspacePath path) =>
        WorkspacePath.TryParse(name, out path) && name.AsSpan().Count('/') < GitPatch.DepthMax || Fail($"'{Clean(name)}' is not a path inside the workspace", line);

    private const string CutLine = "the patch ends in the middle of a line (its last newline is missing)";

    private int lineStart;

    /// <summary>The next line without its newline.</summary>
    private bool Next(out ReadOnlyMemory<byte> line)
    {
        line = default;
        if (at >= patch.Length) return false;
        lineStart = at;
        var length = patch.Span[at..].IndexOf((byte)'\n');
        line = length < 0 ? patch[at..] : patch.Slice(at, length);
        at = length < 0 ? patch.Length : at + length + 1;
        lineNumber++;
        return ++lineCount <= 2 * GitPatch.LinesMax || Fail($"the patch has more than {2 * GitPatch.LinesMax} lines");
    }

    private bool Peek(out ReadOnlyMemory<byte> line)
    {
        line = default;
        if (at >= patch.Length || problem is not null) return false;
        var length = patch.Span[at..].IndexOf((byte)'\n');
        line = length < 0 ? patch[at..] : patch.Slice(at, length);
        return true;
    }

    private bool Fail(string message, int? line = null)
    {
        problem ??= Refusal(line ?? Math.Max(lineNumber, 1), message);
        return false;
    }

    private static string Show(ReadOnlySpan<byte> text) => Clean(Encoding.UTF8.GetString(text[..Math.Min(60, text.Length)]));

    private static string Clean(string text) => string.Concat(text.Take(200).Select(c => char.IsControl(c) ? '?' : c));
}
