// What every node of the syntax tree has in common: where it was written. Nodes are immutable; nothing here knows scopes, slots or types.
namespace CabinCrew.Rego.Syntax;

/// <summary>A node of the syntax tree. Immutable; identity is reference identity.</summary>
internal abstract class Node(SourceSpan span)
{
    /// <summary>The text from which the node was parsed.</summary>
    public SourceSpan Span { get; } = span;
}
