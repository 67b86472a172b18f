// Text from outside, made fit for a record or a person's eyes: bounded, without control characters, and with no half of a surrogate pair.
using System.Text;

namespace CabinCrew.Gateways.Firewall;

internal static class Plain
{
    public static string Text(string text, int charsMax)
    {
        if (text.Length <= charsMax && !text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') && !text.AsSpan().ContainsAnyInRange('\0', '\u001F') && !text.AsSpan().ContainsAnyInRange('\u007F', '\u009F')) return text;
        var plain = new StringBuilder(Math.Min(text.Length, charsMax) + 8);
        foreach (var rune in text.EnumerateRunes())
        {
            if (plain.Length + rune.Utf16SequenceLength > charsMax) return plain.Append(" [cut]").ToString();
            // An incomplete pair comes as U+FFFD.
            plain.Append(Rune.IsControl(rune) ? "\uFFFD" : rune.ToString());
        }
        return plain.ToString();
    }
}
