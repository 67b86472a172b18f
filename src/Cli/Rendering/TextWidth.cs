// How many columns a text takes, and how to cut it to fit. East Asian wide and emoji take two, combining marks none.
using System.Globalization;
using System.Text;

namespace CabinCrew.Cli.Rendering;

internal static class TextWidth
{
    private const char Cut = '…';

    public static int Of(string text)
    {
        var width = 0;
        foreach (var rune in text.EnumerateRunes()) width += Of(rune);
        return width;
    }

    /// <summary>The text, or its beginning and an ellipsis.</summary>
    public static string Fit(string text, int columns)
    {
        if (text.Length <= columns && Of(text) <= columns) return text;
        if (columns <= 1) return columns == 1 ? "…" : "";
        var kept = new StringBuilder();
        var width = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var next = Of(rune);
            if (width + next > columns - 1) return kept.Append(Cut).ToString();
            kept.Append(rune.ToString());
            width += next;
        }
        return kept.ToString();
    }

    public static string Pad(string text, int columns, bool right = false)
    {
        var blank = new string(' ', Math.Max(0, columns - Of(text)));
        return right ? blank + text : text + blank;
    }

    private static int Of(Rune rune)
    {
        if (rune.IsAscii) return 1;
        if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format) return 0;
        return rune.Value is >= 0x1100 and <= 0x115f or >= 0x2e80 and <= 0x303e or >= 0x3041 and <= 0xa4cf or >= 0xac00 and <= 0xd7a3 or >= 0xf900 and <= 0xfaff
            or >= 0xfe30 and <= 0xfe6f or >= 0xff00 and <= 0xff60 or >= 0xffe0 and <= 0xffe6 or >= 0x1f300 and <= 0x1f64f or >= 0x1f680 and <= 0x1f6ff
            or >= 0x1f900 and <= 0x1f9ff or >= 0x20000 and <= 0x3fffd ? 2 : 1;
    }
}
