// Patches in git's extended diff format (what `git diff --binary` prints and `git apply` reads): parse, apply, write. Pure.
// Invariant: exact or refused (no fuzz, no offset); what does not parse in full, applies in no part (ENG-09).
namespace CabinCrew.Protocol.Changes;

/// <summary>How a patch reads the workspace: the state and bytes of a path, or null where there is nothing. Reading must not follow links.</summary>
public delegate FileContent? ReadBase(WorkspacePath path);

/// <summary>What a path holds; for a link, <paramref name="Bytes"/> are its target.</summary>
public sealed record FileContent(FileKind Kind, ReadOnlyMemory<byte> Bytes)
{
    public FileState State => new(Kind, Digest.Of(Bytes.Span), Bytes.Length);
}

public static partial class GitPatch
{
    /// <summary>Limits of a patch: its bytes, files, lines, and the bytes that its binary parts unpack to.</summary>
    public const int PatchBytesMax = 64 << 20;
    public const int FilesMax = 100_000;
    public const int LinesMax = 2_000_000;

    /// <summary>Names on the way to a file, its own with them: what a workspace may have. Each is looked at when the file is made.</summary>
    public const int DepthMax = 256;
    public const int UnpackedBytesMax = 256 << 20;

    /// <summary>Parses a patch: text hunks, creations, deletions, mode changes, renames, copies, `GIT binary patch` parts; also plain `diff -u`. Bounded and strict.</summary>
    public static Outcome<PatchSet> Parse(ReadOnlyMemory<byte> patch) => patch.Length > PatchBytesMax
        ? PatchParser.Refusal(1, $"the patch has {patch.Length} bytes; at most {PatchBytesMax} are allowed")
        : new PatchParser(patch).Run();

    /// <summary>Applies exactly (no fuzz, no offset) and gives every path's change with content, in path order.</summary>
    public static Outcome<IReadOnlyList<FileWrite>> Apply(PatchSet patch, ReadBase read) => new PatchApplication(patch, read).Run();

    /// <summary>Writes the patch from <paramref name="read"/> to the given writes, 3 lines of context, deterministic; binary content as literals.</summary>
    /// <exception cref="ArgumentException">A path stands twice, or <paramref name="read"/> does not have a write's before state.</exception>
    public static byte[] Write(IEnumerable<FileWrite> writes, ReadBase read) => PatchWriter.Write(writes, read);
}

/// <summary>A parsed patch, in the order of the text.</summary>
public sealed record PatchSet(IReadOnlyList<FilePatch> Files);

/// <param name="OldPath">Null for a creation.</param>
/// <param name="NewPath">Null for a deletion.</param>
/// <param name="OldKind">As the patch states it; null where it does not.</param>
public sealed record FilePatch(WorkspacePath? OldPath, WorkspacePath? NewPath, FileKind? OldKind, FileKind? NewKind, bool IsRename, bool IsCopy,
    IReadOnlyList<Hunk> Hunks, BinaryLiteral? Binary)
{
    /// <summary>The line of the patch on which this file's part begins, from 1.</summary>
    public int Line { get; init; }

    /// <summary>Git's object ids from the <c>index</c> line, perhaps shortened. Binary parts are checked against them.</summary>
    public string? OldId { get; init; }
    public string? NewId { get; init; }

    /// <summary>Neither git's header nor /dev/null tells whether the file is new: an insertion at line 0 may make it.</summary>
    internal bool MayCreate { get; init; }

    public int Added => Hunks.Sum(h => h.Lines.Count(l => l.Mark == '+'));
    public int Deleted => Hunks.Sum(h => h.Lines.Count(l => l.Mark == '-'));
}

/// <param name="OldStart">From 1; the line before, from 0, where <paramref name="OldCount"/> is 0.</param>
public sealed record Hunk(int OldStart, int OldCount, int NewStart, int NewCount, IReadOnlyList<HunkLine> Lines)
{
    /// <summary>The line of the patch on which the hunk's header stands, from 1.</summary>
    public int Line { get; init; }
}

/// <param name="Mark">' ', '+' or '-'.</param>
/// <param name="Text">The line's bytes with its newline, or without it where "\ No newline at end of file" follows.</param>
public readonly record struct HunkLine(char Mark, ReadOnlyMemory<byte> Text);

/// <summary>The whole new content (and, for reversal, the whole old one where the patch has it).</summary>
/// <param name="NewContent">The content, or where <see cref="IsDelta"/>: git's delta from the old content to it.</param>
public sealed record BinaryLiteral(ReadOnlyMemory<byte> NewContent, ReadOnlyMemory<byte>? OldContent)
{
    public bool IsDelta { get; init; }
}
