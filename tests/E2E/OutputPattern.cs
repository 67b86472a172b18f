// Compares output with what a script expects: [..] within a line, ... for any lines. Says where they part.
using System.Text;

namespace CabinCrew.E2E;

internal static class OutputPattern
{
    private const string AnyLines = "...";
    private const string AnyText = "[..]";

    /// <summary>Null where the output fits, else a difference to read.</summary>
    public static string? Difference(IReadOnlyList<string> expected, string output)
    {
        var want = Trim([.. expected]);
        var have = Trim([.. output.ReplaceLineEndings("\n").Split('\n').Select(l => l.TrimEnd())]);
        var reach = Fit(want, have);
        return reach is null ? null : Show(want, have, reach.Value);
    }

    // Line by line, the last "..." taking more when a later line does not fit. Gives how far the best attempt came.
    private static (int Want, int Have)? Fit(string[] want, string[] have)
    {
        int w = 0, h = 0, backWant = -1, backHave = 0;
        var best = (Want: 0, Have: 0);
        while (h < have.Length)
        {
            if (w < want.Length && want[w] == AnyLines) (backWant, backHave, w) = (w, h, w + 1);
            else if (w < want.Length && LineFits(Plain(want[w]), have[h])) (w, h) = (w + 1, h + 1);
            else
            {
                if (w >= best.Want) best = (w, h);
                if (backWant < 0) return best;
                (w, h) = (backWant + 1, ++backHave);
            }
        }
        while (w < want.Length && want[w] == AnyLines) w++;
        return w == want.Length ? null : w >= best.Want ? (w, h) : best;
    }

    private static bool LineFits(string pattern, string line)
    {
        var parts = pattern.Split(AnyText);
        if (parts.Length == 1) return pattern == line;
        if (!line.StartsWith(parts[0], StringComparison.Ordinal)) return false;
        var at = parts[0].Length;
        foreach (var part in parts[1..^1])
        {
            var next = line.IndexOf(part, at, StringComparison.Ordinal);
            if (next < 0) return false;
            at = next + part.Length;
        }
        return line.Length - at >= parts[^1].Length && line.EndsWith(parts[^1], StringComparison.Ordinal);
    }

    private static string Plain(string line) => line.Length > 1 && line[0] == '\\' && (line[1] is '#' or '$' or '>' or '?' or '\\' || line == "\\...") ? line[1..] : line;

    private static string[] Trim(string[] lines)
    {
        var from = Array.FindIndex(lines, l => l.Length > 0);
        return from < 0 ? [] : lines[from..(Array.FindLastIndex(lines, l => l.Length > 0) + 1)];
    }

    private static string Show(string[] want, string[] have, (int Want, int Have) at)
    {
        var text = new StringBuilder();
        text.Append($"expected (line {at.Want + 1} does not fit):\n");
        for (var i = 0; i < want.Length; i++) text.Append($"{(i == at.Want ? "  > " : "    ")}{want[i]}\n");
        if (at.Want >= want.Length) text.Append("  > (the end)\n");
        text.Append($"printed (from line {at.Have + 1}):\n");
        for (var i = 0; i < have.Length; i++) text.Append($"{(i == at.Have ? "  > " : "    ")}{have[i]}\n");
        if (at.Have >= have.Length) text.Append("  > (the end)\n");
        return text.ToString();
    }
}
