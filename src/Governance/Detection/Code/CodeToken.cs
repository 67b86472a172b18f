// What code is made of, as far as rules need it: names, numbers, texts and signs. Comments are none.
namespace CabinCrew.Governance.Detection.Code;

internal enum CodeTokenKind : byte
{
    End,
    Name,
    Number,
    Text,
    Sign,
}

/// <param name="Start">In the text; of a text, with its quotes and prefix.</param>
/// <param name="Open">Of a text: how many characters stand before its content.</param>
/// <param name="Close">And behind it.</param>
/// <param name="HasHoles">Of a text: something is filled in.</param>
/// <param name="BeginsLine">The first of its line.</param>
internal record struct CodeToken(CodeTokenKind Kind, int Start, int End, byte Open = 0, byte Close = 0, bool HasHoles = false, bool BeginsLine = false)
{
    /// <summary>Of a bracket, the token of its other half; else -1.</summary>
    public int Match = -1;
}
