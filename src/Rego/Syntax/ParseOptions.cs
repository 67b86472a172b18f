// How a policy is read and how large it may be.
namespace CabinCrew.Rego.Syntax;

/// <summary>Options of <see cref="RegoModule.Parse"/> and <see cref="RegoQuery.Parse"/>.</summary>
public sealed record ParseOptions
{
    public static readonly ParseOptions Default = new();

    /// <summary>The grammar; a v0 module may raise itself by <c>import rego.v1</c>.</summary>
    public RegoVersion Version { get; init; } = RegoVersion.V1;

    /// <summary>Keywords in force from the start as if imported by <c>future.keywords.NAME</c>: in, every, contains, if, and, or, not.</summary>
    public IReadOnlyList<string> FutureKeywords { get; init; } = [];

    /// <summary>Whether metadata blocks are read (and refused where they are wrong). Who only judges needs them for <c>rego.metadata</c> and for schemas alone.</summary>
    public bool Metadata { get; init; } = true;

    /// <summary>The longest text accepted, in UTF-16 units.</summary>
    public int TextCharsMax { get; init; } = 2 * 1024 * 1024;

    /// <summary>How deep brackets, calls and bodies may nest.</summary>
    public int DepthMax { get; init; } = 400;

    /// <summary>How many operators, <c>else</c> branches or the like may follow each other in one chain.</summary>
    public int ChainMax { get; init; } = 1000;
}
