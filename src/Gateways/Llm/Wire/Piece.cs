// A text that a message carries, wherever its parts stand. In a stream the parts of one text come in many events: what is judged is the whole of it (LLM-02).
using System.Text;

namespace CabinCrew.Gateways.Llm.Wire;

/// <param name="Document">Which of the message's JSON documents.</param>
/// <param name="Start">Of the JSON string with its quotes, in the document's bytes.</param>
public readonly record struct Part(int Document, int Start, int Length);

/// <param name="place">Where it stands: the names on the way, and for what a stream continues the number it goes by.</param>
public sealed class Piece(string place)
{
    private readonly StringBuilder text = new();
    private readonly List<Part> parts = [];
    private string? whole;

    public string Place => place;

    /// <summary>All parts, joined.</summary>
    public string Text => whole ??= text.ToString();

    public IReadOnlyList<Part> Parts => parts;

    public void Add(string more, Part part)
    {
        whole = null;
        text.Append(more);
        parts.Add(part);
    }
}
