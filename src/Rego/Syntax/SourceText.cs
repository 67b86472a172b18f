// The text of one policy file and places in it. Offsets count UTF-16 units of the text; rows and columns count from 1, columns in code points.
namespace CabinCrew.Rego.Syntax;

/// <summary>The text that was parsed and the name it goes by in errors (empty for a query typed by hand).</summary>
internal sealed class SourceText(string name, string text)
{
    public string Name { get; } = name;

    public string Text { get; } = text;
}

/// <summary>A stretch of a source text. <c>default</c> is "nowhere" and prints as row 0.</summary>
internal readonly record struct SourceSpan(SourceText? Source, int Offset, int Length, int Row, int Column)
{
    public static readonly SourceSpan None = default;

    public int End => Offset + Length;

    public string File => Source?.Name ?? "";

    /// <summary>The source characters themselves.</summary>
    public string Text => Source is null ? "" : Source.Text.Substring(Offset, Length);

    /// <summary>From this span's start up to <paramref name="end"/> (an offset behind the last character).</summary>
    public SourceSpan To(int end) => this with { Length = Math.Max(end - Offset, 0) };

    public RegoLocation ToLocation() => new(File, Row, Column);

    public RegoError Error(string code, string message) => new(code, message, ToLocation());
}
