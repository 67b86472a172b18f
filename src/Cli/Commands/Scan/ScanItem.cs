// One thing to look through, found before it is read.
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Scan;

/// <param name="Name">As findings tell it.</param>
/// <param name="Read">Its content. A problem: it cannot be read, which is a finding.</param>
internal sealed record ScanItem(string Name, Func<Outcome<ScanContent>> Read)
{
    /// <summary>The lines that count, made only where something was found. Null: all of them, or as the content says.</summary>
    public Func<IReadOnlySet<int>?>? Added { get; init; }
}
