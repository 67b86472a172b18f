// Placeholders of what was cut out are keyed by the process that cut. Between processes each goes by its number: the first one of an exchange is 00000001, wherever it stands.
using System.Text;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Governance.Detection;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Recordings;

/// <summary>Of one exchange, filled by its request first.</summary>
internal sealed class PlaceholderNumbers
{
    private readonly Dictionary<string, string> numberOf = new(StringComparer.Ordinal), nameOf = new(StringComparer.Ordinal);

    /// <summary>With numbers. What only looks like a placeholder is one: two texts are alike where they differ in names of placeholders only.</summary>
    public string Number(string text) => PlaceholderScope.Form.Replace(text, match =>
    {
        if (numberOf.TryGetValue(match.Value, out var number)) return number;
        number = $"{match.Value.AsSpan(0, match.Value.IndexOf('#', StringComparison.Ordinal))}#{numberOf.Count + 1:x8}]";
        (numberOf[match.Value], nameOf[number]) = (number, match.Value);
        return number;
    });

    /// <summary>With this process's own placeholders in place of the numbers that the request gave; others stay.</summary>
    public string Name(string text) => PlaceholderScope.Form.Replace(text, match => nameOf.GetValueOrDefault(match.Value, match.Value));

    public static Outcome<Carried> In(Carried carried, Func<string, string> change)
    {
        var changed = carried.Pieces.Select(p => (Piece: p, Text: change(p.Text))).Where(c => c.Text != c.Piece.Text).ToDictionary(c => c.Piece, c => c.Text);
        return changed.Count == 0 ? carried : carried.With(changed);
    }
}
