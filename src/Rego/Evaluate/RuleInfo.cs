// A rule as evaluation reports it. One record a body: rules with several bodies, and each `else`, count one by one.

namespace CabinCrew.Rego.Evaluate;

/// <summary>One rule body of a program. <see cref="Index"/> is its number within the program, the same for every evaluation.</summary>
public sealed class RuleInfo
{
    internal RuleInfo(int index, string package, string path, RegoLocation location)
    {
        Index = index;
        Package = package;
        Path = path;
        Location = location;
    }

    public int Index { get; }

    /// <summary>The package, without <c>data</c>.</summary>
    public string Package { get; }

    /// <summary>The document that the rule belongs to: <c>data.cabincrew.preflight.deny</c>.</summary>
    public string Path { get; }

    public RegoLocation Location { get; }

    internal Local[] Locals { get; set; } = [];

    public override string ToString() => $"{Path} ({Location})";
}
