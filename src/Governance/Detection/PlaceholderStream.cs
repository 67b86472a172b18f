// Puts secrets back into a text that comes piece by piece, where a placeholder may be cut anywhere: what may still become one is held back until it is one or can be none. Bounded by a placeholder's length.
namespace CabinCrew.Governance.Detection;

/// <summary>One text that streams, for the caller whose scope it is. Not thread-safe.</summary>
/// <param name="spell">As in <see cref="PlaceholderScope.Restore"/>.</param>
public sealed class PlaceholderStream(PlaceholderScope scope, Func<string, string>? spell = null)
{
    private const string Begin = "[redacted:";

    /// <summary>No placeholder is longer: its beginning, a rule and a tag of 64 characters each, and two signs.</summary>
    private const int CharsMax = 10 + 64 + 1 + 64 + 1;

    private string held = "";

    /// <summary>What can be said by now; the rest comes with a later piece, or at the end.</summary>
    public string Next(string piece)
    {
        var text = held + piece;
        var open = OpenAt(text);
        held = text[open..];
        return scope.Restore(text[..open], spell);
    }

    /// <summary>What was held back, when nothing comes any more.</summary>
    public string End()
    {
        var rest = held;
        held = "";
        return scope.Restore(rest, spell);
    }

    // Where a placeholder begins that the text's end has cut; the end where none does. Only the last bracket can be it, for none stands within a placeholder.
    private static int OpenAt(string text)
    {
        var bracket = text.LastIndexOf('[');
        if (bracket < 0 || text.Length - bracket >= CharsMax) return text.Length;
        var tail = text.AsSpan(bracket);
        return tail.Length <= Begin.Length ? (Begin.AsSpan().StartsWith(tail) ? bracket : text.Length) : tail.StartsWith(Begin) && !tail.Contains(']') ? bracket : text.Length;
    }
}
