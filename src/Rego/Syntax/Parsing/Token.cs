// One token with its place and what stood before it, which is what newline and adjacency rules ask for.
namespace CabinCrew.Rego.Syntax.Parsing;

/// <summary>A token. <see cref="Word"/> is the keyword an identifier would be. A continued template starts at its <c>}</c>.</summary>
internal readonly record struct Token(TokenKind Kind, TokenKind Word, bool SpaceBefore, bool NewlineBefore, bool IsRaw, int Offset, int Length, int Row, int Column)
{
    public int End => Offset + Length;
}
