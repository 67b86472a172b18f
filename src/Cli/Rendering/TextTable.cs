// A plain table: columns aligned by width, the flexible one cut to fit the terminal, no borders. Cells are made safe here.
using System.Text;

namespace CabinCrew.Cli.Rendering;

internal sealed record Column(string Title, bool Right = false, bool Flexible = false);

internal readonly record struct Cell(string Text, Tone Tone = Tone.Plain)
{
    public static implicit operator Cell(string text) => new(text);
}

internal sealed class TextTable(params Column[] columns)
{
    private const string Gap = "  ";
    private const int FlexibleMin = 12;

    private readonly List<Cell[]> rows = [];

    public int Rows => rows.Count;

    public TextTable Add(params Cell[] cells)
    {
        if (cells.Length != columns.Length) throw new ArgumentException($"{columns.Length} cells make a row", nameof(cells));
        rows.Add([.. cells.Select(c => c with { Text = SafeText.Line(c.Text) })]);
        return this;
    }

    /// <summary>Lines, each ended by a line feed; no trailing blanks.</summary>
    public string Render(Terminal terminal)
    {
        var ink = new Ink(terminal.Color);
        var widths = Widths(terminal.Width);
        var text = new StringBuilder();
        Row(text, widths, [.. columns.Select(c => new Cell(c.Title.ToUpperInvariant(), Tone.Faint))], ink);
        foreach (var row in rows) Row(text, widths, row, ink);
        return text.ToString();
    }

    private int[] Widths(int total)
    {
        var widths = columns.Select((c, i) => rows.Select(r => TextWidth.Of(r[i].Text)).Append(TextWidth.Of(c.Title)).Max()).ToArray();
        var over = widths.Sum() + Gap.Length * (columns.Length - 1) - total;
        for (var i = columns.Length - 1; i >= 0 && over > 0; i--)
        {
            if (!columns[i].Flexible) continue;
            var cut = Math.Min(over, Math.Max(0, widths[i] - FlexibleMin));
            widths[i] -= cut;
            over -= cut;
        }
        return widths;
    }

    private void Row(StringBuilder text, int[] widths, Cell[] cells, Ink ink)
    {
        var last = Array.FindLastIndex(cells, c => c.Text.Length > 0);
        for (var i = 0; i <= last; i++)
        {
            var fitted = TextWidth.Fit(cells[i].Text, widths[i]);
            var padded = TextWidth.Pad(fitted, widths[i], columns[i].Right);
            // Colour the text alone: padding stays bare, and the end of a line has none.
            text.Append(Colour(i == last ? padded.TrimEnd() : padded, fitted.TrimEnd(), cells[i].Tone, ink));
            if (i < last) text.Append(Gap);
        }
        text.Append('\n');
    }

    private static string Colour(string padded, string fitted, Tone tone, Ink ink)
    {
        if (fitted.Length == 0) return padded;
        var at = padded.IndexOf(fitted, StringComparison.Ordinal);
        return padded[..at] + ink.Write(tone, fitted) + padded[(at + fitted.Length)..];
    }
}
