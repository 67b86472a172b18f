// What a plan declares about files, and what take-off did to them, in one shape so that the two can be compared (ENG-09).
namespace CabinCrew.Protocol.Changes;

/// <summary>What a path is. Only these exist for a plan; anything else in a workspace is refused where it is met.</summary>
public enum FileKind { Regular, Executable, Link }

/// <summary>A path's state: its kind, and the digest of its content (for a link: of the target's UTF-8 bytes).</summary>
public sealed record FileState(FileKind Kind, Digest Content, long Size);

/// <summary>One path before and after. Null means: is not there. Before and after are never equal and never both null.</summary>
public sealed record FileChange(WorkspacePath Path, FileState? Before, FileState? After)
{
    public string Word => (Before, After) switch { (null, _) => "create", (_, null) => "delete", _ => "update" };
}

/// <summary>A change with the bytes that it brings (null for a deletion), for those who apply it.</summary>
public sealed record FileWrite(FileChange Change, ReadOnlyMemory<byte>? Content);
