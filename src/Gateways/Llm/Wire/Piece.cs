// A text that a message carries, wherever its parts stand. In a stream the parts of one text come in many events: what is judged is the whole of it (LLM-02).
using System.Text;

namespace CabinCrew.Gateways.Llm.Wire;

/// <param name="Document">Which of the message's JSON documents.</param>
/// <param name="Start">Of the JSON string with its quotes, in the document's bytes.</param>
/// <param name="From">Where the part begins in the text, in characters.</param>
/// <param name="Chars">How many of the text's characters it has.</param>
public readonly record struct Part(int Document, int Start, int Length, int From, int Chars)
{
    public int End => From + Chars;
}

/// <param name="Start">In the text, in characters.</param>
/// <param name="Instead">What stands there in the place of what is taken out.</param>
public readonly record struct TextEdit(int Start, int Length, string Instead)
{
    public int End => Start + Length;
}

/// <param name="place">Where it stands: the names on the way, and for what a stream continues the number it goes by.</param>
public sealed class Piece(string place)
{
    private readonly StringBuilder text = new();
    private readonly List<Part> parts = [];
    private string? whole;

    public string Place => place;

    /// <summary>All parts, joined.</summary>
    public string Text => whole ??= text.ToString();

    public int Length => text.Length;

    public IReadOnlyList<Part> Parts => parts;

    public void Add(string more, int document, int start, int length)
    {
        whole = null;
        parts.Add(new(document, start, length, text.Length, more.Length));
        text.Append(more);
    }

    /// <summary>How much of the text stands before a document.</summary>
    public int Before(int document)
    {
        var (low, high) = (0, parts.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (parts[middle].Document < document) low = middle + 1;
            else high = middle;
        }
        return low == 0 ? 0 : parts[low - 1].End;
    }
}
