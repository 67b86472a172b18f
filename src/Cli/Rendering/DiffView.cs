// A patch as reviewers read it: one heading per file, hunks in colour, what changed within a line marked. Bounded; safe for terminals.
using System.Text;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Cli.Rendering;

/// <param name="LinesMax">Of hunks, over all files; the rest is counted, not shown.</param>
/// <param name="LineMax">Characters of one line.</param>
internal sealed record DiffLimits(int LinesMax = 2_000, int LineMax = 2_000);

internal sealed class DiffView(Terminal terminal, DiffLimits? limits = null)
{
    private readonly DiffLimits limits = limits ?? new();
    private readonly Ink ink = new(terminal.Color);

    /// <summary>Lines that did not fit, or not whole, of all that was rendered.</summary>
    public int Cut { get; private set; }

    public string Render(PatchSet patch)
    {
        var text = new StringBuilder();
        var left = limits.LinesMax;
        var hidden = (Lines: 0, Files: 0);
        foreach (var file in patch.Files)
        {
            if (text.Length > 0) text.Append('\n');
            Heading(text, file);
            var cut = Body(text, file, ref left);
            if (cut > 0) hidden = (hidden.Lines + cut, hidden.Files + 1);
        }
        Cut += hidden.Lines;
        if (hidden.Lines > 0)
            text.Append(ink.Yellow($"{Quantities.Count(hidden.Lines, "line")} of {Quantities.Count(hidden.Files, "file")} not shown (--json has all)")).Append('\n');
        return text.ToString();
    }

    /// <summary>One line a file: what happens to it, its path, lines added and deleted; then the totals.</summary>
    public string Summary(PatchSet patch)
    {
        var text = new StringBuilder();
        var names = patch.Files.Select(Name).ToArray();
        var width = Math.Min(names.Select(TextWidth.Of).DefaultIfEmpty(0).Max(), Math.Max(20, terminal.Width - 30));
        for (var i = 0; i < names.Length; i++)
        {
            var (word, tone) = Word(patch.Files[i]);
            text.Append("  ").Append(ink.Write(tone, word.PadRight(7))).Append(TextWidth.Pad(TextWidth.Fit(names[i], width), width)).Append("  ").Append(Counts(patch.Files[i])).Append('\n');
        }
        var (added, deleted) = (patch.Files.Sum(f => f.Added), patch.Files.Sum(f => f.Deleted));
        return text.Append("  ").Append(ink.Faint($"{Quantities.Count(names.Length, "file")}, {Quantities.Count(added, "line")} added, {Quantities.Count(deleted, "line")} deleted")).Append('\n').ToString();
    }

    /// <summary>A patch that is shown as it is written, coloured by line; for text that is no patch of ours.</summary>
    public string RenderText(ReadOnlySpan<byte> patch)
    {
        var text = new StringBuilder();
        var shown = 0;
        var inHunk = false;
        while (!patch.IsEmpty)
        {
            var end = patch.IndexOf((byte)'\n');
            var line = end < 0 ? patch : patch[..end];
            patch = end < 0 ? [] : patch[(end + 1)..];
            if (shown++ >= limits.LinesMax) continue;
            if (line.StartsWith("@@"u8)) inHunk = true;
            else if (line.StartsWith("diff "u8)) inHunk = false;
            var tone = line switch
            {
                [(byte)'@', (byte)'@', ..] => Tone.Cyan,
                [(byte)'+', ..] when inHunk => Tone.Green,
                [(byte)'-', ..] when inHunk => Tone.Red,
                [(byte)' ', ..] or [] when inHunk => Tone.Plain,
                [(byte)'\\', ..] => Tone.Faint,
                _ => inHunk ? Tone.Plain : Tone.Strong,
            };
            text.Append(ink.Write(tone, Shorten(SafeText.Line(line, keepTabs: true)))).Append('\n');
        }
        Cut += Math.Max(0, shown - limits.LinesMax);
        if (shown > limits.LinesMax) text.Append(ink.Yellow($"{Quantities.Count(shown - limits.LinesMax, "line")} not shown")).Append('\n');
        return text.ToString();
    }

    private void Heading(StringBuilder text, FilePatch file)
    {
        var (word, tone) = Word(file);
        text.Append(ink.Write(tone, word)).Append(' ').Append(ink.Strong(Name(file))).Append("  ").Append(Counts(file));
        if (file.OldKind is { } old && file.NewKind is { } now && old != now) text.Append("  ").Append(ink.Yellow($"{Kind(old)} becomes {Kind(now)}"));
        else if ((file.NewKind ?? file.OldKind) is FileKind.Executable or FileKind.Link) text.Append("  ").Append(ink.Faint(Kind((file.NewKind ?? file.OldKind)!.Value)));
        text.Append('\n');
    }

    // Gives the number of lines that did not fit.
    private int Body(StringBuilder text, FilePatch file, ref int left)
    {
        if (file.Binary is { } binary)
        {
            var before = binary.OldContent is { } o ? Quantities.Bytes(o.Length) + " before, " : "";
            text.Append(ink.Faint($"  binary: {before}{(file.NewPath is null ? "gone" : Quantities.Bytes(binary.NewContent.Length) + " after")}")).Append('\n');
            return 0;
        }
        var cut = 0;
        // A file that ends every line with CR LF shows no carriage returns; a mixed one shows each.
        var carriage = file.Hunks.Count > 0 && file.Hunks.All(h => h.Lines.All(l => Bare(l.Text.Span) is [.., (byte)'\r']));
        foreach (var hunk in file.Hunks)
        {
            if (left <= 0)
            {
                cut += hunk.Lines.Count;
                continue;
            }
            text.Append(ink.Cyan($"@@ -{hunk.OldStart},{hunk.OldCount} +{hunk.NewStart},{hunk.NewCount} @@")).Append('\n');
            for (var i = 0; i < hunk.Lines.Count;)
            {
                var run = LineRun.At(hunk.Lines, i);
                foreach (var (line, marked) in run.Lines(l => Text(l, carriage)))
                {
                    if (left-- > 0) Line(text, line, marked);
                    else cut++;
                }
                i += run.Length;
            }
        }
        return cut;
    }

    private void Line(StringBuilder text, HunkLine line, MarkedText content)
    {
        var (tone, strong) = line.Mark switch { '+' => (Tone.Green, Tone.StrongGreen), '-' => (Tone.Red, Tone.StrongRed), _ => (Tone.Plain, Tone.Plain) };
        text.Append(ink.Write(tone, line.Mark + content.Before)).Append(ink.Write(strong, content.Changed)).Append(ink.Write(tone, content.After)).Append('\n');
        if (line.Text.Span is not [.., (byte)'\n']) text.Append(ink.Faint("\\ no newline at end of file")).Append('\n');
    }

    private string Text(HunkLine line, bool carriage)
    {
        var bare = Bare(line.Text.Span);
        return Shorten(SafeText.Line(carriage ? bare[..^1] : bare, keepTabs: true));
    }

    private string Shorten(string line)
    {
        if (line.Length <= limits.LineMax) return line;
        Cut++;
        var length = char.IsHighSurrogate(line[limits.LineMax - 1]) ? limits.LineMax - 1 : limits.LineMax;
        return $"{line.AsSpan(0, length)}… (+{line.Length - limits.LineMax})";
    }

    private string Counts(FilePatch file) =>
        file.Binary is not null ? ink.Faint("binary") : $"{ink.Green($"+{file.Added}")} {ink.Red($"-{file.Deleted}")}";

    private static ReadOnlySpan<byte> Bare(ReadOnlySpan<byte> line) => line is [.., (byte)'\n'] ? line[..^1] : line;

    private static string Name(FilePatch file) => file.OldPath is { } old && file.NewPath is { } now && old != now
        ? $"{SafeText.Line(old.ToString())} -> {SafeText.Line(now.ToString())}"
        : SafeText.Line((file.NewPath ?? file.OldPath)!.Value.ToString());

    private static (string, Tone) Word(FilePatch file) => file switch
    {
        { OldPath: null } => ("create", Tone.Green),
        { NewPath: null } => ("delete", Tone.Red),
        { IsRename: true } => ("rename", Tone.Yellow),
        { IsCopy: true } => ("copy", Tone.Green),
        _ => ("update", Tone.Yellow),
    };

    private static string Kind(FileKind kind) => kind switch { FileKind.Regular => "file", FileKind.Executable => "executable", FileKind.Link => "link" };
}
