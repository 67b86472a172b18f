// What is looked through: bytes under a name, and which of their lines count.
namespace CabinCrew.Governance.Detection.Scanning;

/// <param name="Name">A path with slashes, as findings tell it; its last part and its ending also say what the bytes may be.</param>
/// <param name="Bytes">As they are stored; what they are is for the scanner to find out.</param>
public sealed record ScanContent(string Name, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The lines that count, by their numbers from 1: the added ones of a change. Null: all of them.</summary>
    public IReadOnlySet<int>? Lines { get; init; }

    /// <summary>Of a part of a text, the true number of each of its lines in order: the hunks of a diff. Null: the text is whole.</summary>
    public IReadOnlyList<int>? Numbers { get; init; }

    /// <summary>The commit that brought these lines. Null: none, they are what is there now.</summary>
    public string? Commit { get; init; }

    /// <summary>How findings tell it, where the name only says what it may be. Null: by the name.</summary>
    public string? ShownAs { get; init; }

    /// <summary>Whoever has it may run it: its mode says so. Nothing that is looked for depends on it.</summary>
    public bool MayRun { get; init; }

    /// <summary>There is more of it, which was not handed over.</summary>
    public bool IsCut { get; init; }
}

public enum ScanKind
{
    Text,

    /// <summary>No text in any encoding that is known here; nothing was looked for.</summary>
    Binary,
}

/// <param name="Kind">What the bytes turned out to be.</param>
/// <param name="Findings">In the order of lines; <see cref="TextDetection.NotAll"/> among them where something was not looked at.</param>
/// <param name="Allowed">How many findings a person's allowances took away.</param>
public sealed record ScanResult(ScanKind Kind, IReadOnlyList<ScanFinding> Findings, int Allowed = 0)
{
    /// <summary>Of an archive's files, how many are no text.</summary>
    public int BinariesWithin { get; init; }
}
