// Patches in git's extended diff format (what `git diff --binary` prints and `git apply` reads): parse, apply, write. Pure.
namespace CabinCrew.Protocol.Changes;

/// <summary>How a patch reads the workspace: the state and bytes of a path, or null where there is nothing. Reading must not follow links.</summary>
public delegate FileContent? ReadBase(WorkspacePath path);

public sealed record FileContent(FileKind Kind, ReadOnlyMemory<byte> Bytes);

public static partial class GitPatch
{
    /// <summary>Parses a patch: text hunks, creations, deletions, mode changes, renames, copies, `GIT binary patch` literals. Bounded and strict.</summary>
    public static Outcome<PatchSet> Parse(ReadOnlyMemory<byte> patch) => throw new NotImplementedException();

    /// <summary>Applies exactly (no fuzz, no offset) and gives every path's change with content, in path order.</summary>
    public static Outcome<IReadOnlyList<FileWrite>> Apply(PatchSet patch, ReadBase read) => throw new NotImplementedException();

    /// <summary>Writes the patch from <paramref name="read"/> to the given writes, 3 lines of context, deterministic; binary content as literals.</summary>
    public static byte[] Write(IEnumerable<FileWrite> writes, ReadBase read) => throw new NotImplementedException();
}

/// <summary>A parsed patch, in the order of the text.</summary>
public sealed record PatchSet(IReadOnlyList<FilePatch> Files);

/// <param name="OldPath">Null for a creation.</param>
/// <param name="NewPath">Null for a deletion.</param>
public sealed record FilePatch(WorkspacePath? OldPath, WorkspacePath? NewPath, FileKind? OldKind, FileKind? NewKind, bool IsRename, bool IsCopy,
    IReadOnlyList<Hunk> Hunks, BinaryLiteral? Binary)
{
    public int Added => Hunks.Sum(h => h.Lines.Count(l => l.Mark == '+'));
    public int Deleted => Hunks.Sum(h => h.Lines.Count(l => l.Mark == '-'));
}

/// <param name="OldStart">From 1; 0 where there is nothing.</param>
public sealed record Hunk(int OldStart, int OldCount, int NewStart, int NewCount, IReadOnlyList<HunkLine> Lines);

/// <param name="Mark">' ', '+' or '-'.</param>
/// <param name="Text">The line's bytes with its newline, or without it where "\ No newline at end of file" follows.</param>
public sealed record HunkLine(char Mark, ReadOnlyMemory<byte> Text);

/// <summary>The whole new content (and, for reversal, the whole old one where the patch has it).</summary>
public sealed record BinaryLiteral(ReadOnlyMemory<byte> NewContent, ReadOnlyMemory<byte>? OldContent);
