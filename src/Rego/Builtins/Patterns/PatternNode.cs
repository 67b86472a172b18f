// The syntax tree of an RE2 expression. Flags are already applied: case folding is in the classes, laziness in the repeats.
namespace CabinCrew.Rego.Builtins.Patterns;

internal abstract record PatternNode;

/// <summary>One character out of these.</summary>
internal sealed record ClassNode(CharClass Set) : PatternNode;

internal sealed record AnchorNode(Anchor Kind) : PatternNode;

/// <summary>A capturing group; the first is 1.</summary>
internal sealed record GroupNode(PatternNode Body, int Number) : PatternNode;

internal sealed record SequenceNode(IReadOnlyList<PatternNode> Parts) : PatternNode;

internal sealed record ChoiceNode(IReadOnlyList<PatternNode> Options) : PatternNode;

/// <summary>Max is -1 for any number.</summary>
internal sealed record RepeatNode(PatternNode Body, int Min, int Max, bool Greedy) : PatternNode;

internal enum Anchor
{
    TextStart,
    TextEnd,
    LineStart,
    LineEnd,
    WordBoundary,
    NoWordBoundary,
}
